import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { type LoadedSettings, loadSettings } from './load-settings.ts';

/** The settings of this very process: its environment, its files, the addresses of its machine. */
export function loadProcessSettings(): LoadedSettings {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return loadSettings({
    environment: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    ownAddresses: [hostname().toLowerCase(), ...addresses.map(({ address }) => address.toLowerCase())],
  });
}
