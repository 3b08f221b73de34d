import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHttpUrl } from './http-url.ts';
import { settingsTable } from './settings-table.ts';

/** What the command line needs to reach the admin API. */
export interface CliSettings {
  /** Without a slash at its end. */
  adminUrl: string;
  token: string;
}

export type LoadedCliSettings = { ok: true; settings: CliSettings } | { ok: false; problems: string[] };

export interface CliSettingsInput {
  environment: Readonly<Record<string, string | undefined>>;
  /** Reads a text file whole; throws where it cannot be read. */
  readFile: (path: string) => string;
  /** `--admin-url`, which wins over the environment. */
  adminUrl: string | undefined;
}

const TOKEN_PATTERN = /^[\x21-\x7e]{1,512}$/;
const ADMIN_TOKEN_FILE_NAME = 'admin-token';

/**
 * Finds the admin API and its token: `TOLLGATE_ADMIN_URL` and `TOLLGATE_ADMIN_TOKEN` (or `_FILE`), else the listener
 * and the data folder of a Tollgate on this machine. The token of the data folder is sent to this machine only.
 */
export function loadCliSettings(input: CliSettingsInput): LoadedCliSettings {
  const { environment } = input;
  const given = input.adminUrl ?? readText(environment, 'TOLLGATE_ADMIN_URL');
  const url = readHttpUrl(given ?? localAdminUrl(environment));
  if (!url.ok) return { ok: false, problems: [`the admin URL ${url.problem}`] };
  const adminUrl = url.value.replace(/\/+$/, '');
  const token = readAdminToken(input, isLoopback(new URL(adminUrl).hostname));
  return token.ok ? { ok: true, settings: { adminUrl, token: token.value } } : { ok: false, problems: [token.problem] };
}

/** The settings of this very process. */
export function loadCliProcessSettings(adminUrl: string | undefined): LoadedCliSettings {
  return loadCliSettings({ environment: process.env, readFile: (path) => readFileSync(path, 'utf8'), adminUrl });
}

/** A variable that a file names, of this process; undefined: it is not set, or empty. */
export function readNamedVariable(name: string): string | undefined {
  return readText(process.env, name);
}

/** Where the rate card of this process lies. */
export function findRateCardPath(): string {
  return readText(process.env, settingsTable.rateCardPath.name) ?? settingsTable.rateCardPath.default;
}

/** Where the operator's own prices of this process lie; undefined: there are none. */
export function findRateCardOverridesPath(): string | undefined {
  return readText(process.env, settingsTable.rateCardOverridesPath.name);
}

/** The model of this process at whose prices unknown ones are admitted; undefined: they are refused. */
export function findUnknownModelPricedAs(): string | undefined {
  return readText(process.env, settingsTable.unknownModelPricedAs.name);
}

type Found = { ok: true; value: string } | { ok: false; problem: string };

function readAdminToken({ environment, readFile }: CliSettingsInput, isLocal: boolean): Found {
  const given = readText(environment, 'TOLLGATE_ADMIN_TOKEN');
  const file = readText(environment, 'TOLLGATE_ADMIN_TOKEN_FILE');
  if (given !== undefined && file !== undefined) {
    return { ok: false, problem: 'TOLLGATE_ADMIN_TOKEN and TOLLGATE_ADMIN_TOKEN_FILE are both set' };
  }
  if (given !== undefined) return checkToken(given, 'TOLLGATE_ADMIN_TOKEN');
  if (file !== undefined) return readTokenFile(readFile, file, 'TOLLGATE_ADMIN_TOKEN_FILE cannot be read');
  const hint = 'no admin token: set TOLLGATE_ADMIN_TOKEN or TOLLGATE_ADMIN_TOKEN_FILE';
  if (!isLocal) return { ok: false, problem: hint };
  const path = join(readText(environment, 'DATA_DIR') ?? settingsTable.dataDir.default, ADMIN_TOKEN_FILE_NAME);
  return readTokenFile(readFile, path, `${hint}; there is none in ${path} either`);
}

function readTokenFile(readFile: (path: string) => string, path: string, problem: string): Found {
  let text: string;
  try {
    text = readFile(path).trim();
  } catch (error) {
    return { ok: false, problem: `${problem} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})` };
  }
  return checkToken(text, path);
}

/** A token with a line break in it would be a header of its own. */
function checkToken(token: string, where: string): Found {
  return TOKEN_PATTERN.test(token) ? { ok: true, value: token } : { ok: false, problem: `${where} holds no token` };
}

function localAdminUrl(environment: CliSettingsInput['environment']): string {
  const bound = readText(environment, 'ADMIN_HOST') ?? settingsTable.adminHost.default;
  const port = readText(environment, 'ADMIN_PORT') ?? settingsTable.adminPort.default;
  const plain = bound.replace(/^\[|\]$/g, '');
  // Bound to every address: this machine's own is one of them.
  const host = plain === '0.0.0.0' || plain === '::' ? '127.0.0.1' : plain;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function readText(environment: CliSettingsInput['environment'], name: string): string | undefined {
  const text = environment[name]?.trim() ?? '';
  return text === '' ? undefined : text;
}
