import type { Settings } from './settings.ts';
import { settingsTable } from './settings-table.ts';

/** The values of every setting that is a secret, and of the headers for traces: what no line of log may show. */
export function findSecrets(settings: Settings): string[] {
  const names = Object.keys(settingsTable) as (keyof typeof settingsTable)[];
  const values: unknown[] = names.filter((name) => settingsTable[name].secret).map((name) => settings[name]);
  return [...values, ...Object.values(settings.telemetry.otlpHeaders ?? {})].filter(
    (value) => typeof value === 'string',
  );
}
