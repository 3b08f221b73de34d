import { isMap, isScalar, type Node, type Pair, parseDocument } from 'yaml';
import { findNearestName } from './nearest-name.ts';
import type { Setting } from './setting.ts';

/** A settings file has some forty short lines; more than this is another file named by mistake. */
const MAX_FILE_CHARACTERS = 1_048_576;
const LIMITS_KEY = 'limits';
const LIMIT_PREFIX = 'LIMIT_';

/** The texts of a settings file, under the names that the environment would give them. */
export interface ConfigurationFile {
  texts: Map<string, string>;
  problems: string[];
}

/**
 * Reads the YAML of `TOLLGATE_CONFIG`: the settings' names in lower case, those of limits under `limits` and
 * without their prefix. Unknown keys, doubled keys and values that are no plain scalar are problems.
 */
export function parseConfigurationFile(text: string, settings: readonly Setting<unknown>[]): ConfigurationFile {
  if (text.length > MAX_FILE_CHARACTERS)
    return { texts: new Map(), problems: [`is longer than ${MAX_FILE_CHARACTERS} characters`] };
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0)
    return { texts: new Map(), problems: document.errors.map((error) => describe(text, error)) };
  if (document.contents === null) return { texts: new Map(), problems: [] };
  if (!isMap(document.contents)) return { texts: new Map(), problems: ['is not a map of names to values'] };

  const file: ConfigurationFile = { texts: new Map(), problems: [] };
  const { limits, others } = namesOf(settings);
  for (const { key, value } of document.contents.items as Pair<Node, Node | null>[]) {
    if (nameOf(key) !== LIMITS_KEY) readEntry(file, key, value, '', others);
    else if (isMap(value)) {
      for (const entry of value.items as Pair<Node, Node | null>[])
        readEntry(file, entry.key, entry.value, LIMITS_KEY, limits);
    } else if (!isEmpty(value)) file.problems.push(`${LIMITS_KEY}: is not a map of names to values`);
  }
  return file;
}

function readEntry(
  file: ConfigurationFile,
  key: Node,
  value: Node | null,
  section: string,
  names: ReadonlyMap<string, string>,
): void {
  const keyName = nameOf(key);
  const shown = section === '' ? keyName : `${section}.${keyName}`;
  const name = names.get(keyName);
  if (name === undefined) {
    const nearest = findNearestName(keyName, [...names.keys()]);
    file.problems.push(`${shown}: no such setting${nearest === undefined ? '' : `; did you mean ${nearest}?`}`);
  } else if (isEmpty(value)) {
    // Left empty, as a commented template leaves it: the default holds.
  } else if (isScalar(value)) file.texts.set(name, scalarText(value.value, value.source));
  else file.problems.push(`${shown}: is not a plain value`);
}

/** Names in the file by their names in the environment; secrets also as `<name>_file`. */
function namesOf(settings: readonly Setting<unknown>[]): { limits: Map<string, string>; others: Map<string, string> } {
  const limits = new Map<string, string>();
  const others = new Map<string, string>();
  for (const { name, secret } of settings) {
    if (name.startsWith(LIMIT_PREFIX)) limits.set(name.slice(LIMIT_PREFIX.length).toLowerCase(), name);
    else others.set(name.toLowerCase(), name);
    if (secret) others.set(`${name}_FILE`.toLowerCase(), `${name}_FILE`);
  }
  return { limits, others };
}

/** The text as it was written: `port: 0x10` stays "0x10" and is refused as it would be in the environment. */
function scalarText(value: unknown, source: string | undefined): string {
  return (typeof value === 'string' ? value : (source ?? `${value}`)).trim();
}

function isEmpty(value: Node | null): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

function nameOf(key: Node): string {
  return isScalar(key) ? `${key.value}` : `${key}`;
}

/** The parser's sentence quotes the file, which may hold secrets: only its code and the line are told. */
function describe(text: string, error: { code: string; pos: [number, number] }): string {
  const line = text.slice(0, error.pos[0]).split('\n').length;
  return `line ${line}: is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`;
}
