import { checkSettings } from './check-settings.ts';
import { limitsTable } from './limits-table.ts';
import { findNearestName } from './nearest-name.ts';
import { parseConfigurationFile } from './parse-configuration-file.ts';
import { fail, type Reading, type Setting } from './setting.ts';
import type { Limits, Settings, TelemetrySettings } from './settings.ts';
import { allSettings, configurationFileVariable, settingsTable } from './settings-table.ts';
import { telemetryTable } from './telemetry-table.ts';

export interface SettingsInput {
  environment: Readonly<Record<string, string | undefined>>;
  /** Reads a text file whole; throws where it cannot be read. */
  readFile: (path: string) => string;
  /** IP addresses and names of this machine besides loopback, to see that the upstream is not ourselves. */
  ownAddresses?: readonly string[];
}

export type LoadedSettings = { ok: true; settings: Settings } | { ok: false; problems: string[] };

const LIMIT_NAMES = Object.values(limitsTable).map(({ name }) => name);

/** One place that texts come from: the environment, or the file. */
interface Source {
  /** Put after a setting's name in problems. */
  where: string;
  texts: ReadonlyMap<string, string>;
}

/**
 * Makes the settings of the environment and the optional YAML file. An empty text is as good as none.
 * Answers all problems at once, one sentence each, none of which shows a secret; never throws.
 */
export function loadSettings(input: SettingsInput): LoadedSettings {
  const problems: string[] = [];
  const unsound = new Set<string>();
  const sources = readSources(input, problems);
  const read = <T>(setting: Setting<T>): T => {
    const reading = readSetting(setting, sources, input.readFile);
    if (reading.ok) return reading.value;
    problems.push(reading.problem);
    unsound.add(setting.name);
    return setting.default;
  };

  const limits = Object.freeze(mapTable<Limits>(limitsTable, read));
  const plain = mapTable<Omit<Settings, 'limits' | 'telemetry'>>(settingsTable, read);
  const telemetry = Object.freeze(mapTable<TelemetrySettings>(telemetryTable, read));
  const settings: Settings = Object.freeze({ ...plain, telemetry, limits });
  problems.push(...checkSettings(settings, input.ownAddresses ?? [], (name) => !unsound.has(name)));
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}

function mapTable<T>(table: { readonly [Key in keyof T]: Setting<T[Key]> }, read: <V>(setting: Setting<V>) => V): T {
  const entries = Object.entries(table) as [string, Setting<unknown>][];
  return Object.fromEntries(entries.map(([key, setting]) => [key, read(setting)])) as T;
}

function readSources({ environment, readFile }: SettingsInput, problems: string[]): Source[] {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    const text = value?.trim() ?? '';
    if (text !== '') texts.set(name, text);
    if (name.startsWith('LIMIT_') && !LIMIT_NAMES.includes(name)) problems.push(unknownLimit(name));
  }
  const sources = [{ where: '', texts }];
  const path = texts.get(configurationFileVariable.name);
  if (path === undefined) return sources;

  const text = readText(path, configurationFileVariable.name, readFile);
  if (!text.ok) {
    problems.push(text.problem);
    return sources;
  }
  const file = parseConfigurationFile(text.value, allSettings);
  problems.push(...file.problems.map((problem) => `${path}: ${problem}`));
  return [...sources, { where: ` (in ${path})`, texts: file.texts }];
}

/** A misspelt limit would silently not be one. */
function unknownLimit(name: string): string {
  const nearest = findNearestName(name, LIMIT_NAMES);
  return `${name}: no such limit${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

/** The first source that knows the setting decides, be it by value or by file. Problems are whole sentences. */
function readSetting<T>(
  setting: Setting<T>,
  sources: readonly Source[],
  readFile: (path: string) => string,
): Reading<T> {
  const fileName = `${setting.name}_FILE`;
  for (const { where, texts } of sources) {
    const text = texts.get(setting.name);
    const path = setting.secret ? texts.get(fileName) : undefined;
    if (text !== undefined && path !== undefined) {
      return fail(`${setting.name}${where}: is set, and so is ${fileName}; only one of them may be`);
    }
    if (text !== undefined) return parseText(setting, text, setting.name + where);
    if (path === undefined) continue;
    const file = readText(path, fileName + where, readFile);
    return file.ok ? parseText(setting, file.value.trim(), fileName + where) : file;
  }
  return { ok: true, value: setting.default };
}

function parseText<T>(setting: Setting<T>, text: string, shownName: string): Reading<T> {
  const reading = setting.read(text);
  // Any URL may hold a password before an "@".
  const quotable = !setting.secret && !text.includes('@');
  return reading.ok ? reading : fail(`${shownName}: ${quotable ? quote(text) : 'the value'} ${reading.problem}`);
}

function readText(path: string, shownName: string, readFile: (path: string) => string): Reading<string> {
  try {
    return { ok: true, value: readFile(path) };
  } catch (error) {
    return fail(`${shownName}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
}

/** Long values come from a mistake, such as a whole file in a variable; their beginning tells which. */
function quote(text: string): string {
  return JSON.stringify(text.length <= 100 ? text : `${text.slice(0, 100)}...`);
}
