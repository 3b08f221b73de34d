import { LineCounter, parseDocument } from 'yaml';
import { type Cursor, type CursorFile, createCursor, type FileProblem, type Place, sortProblems } from './cursor.ts';
import type { Field, Kind, WantedOrganisation, WantedRecord } from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from './kinds.ts';
import type { Value } from './value.ts';

/** The format that this version reads and writes. */
export const FILE_VERSION = 1;
const MAX_FILE_CHARACTERS = 4 * 1_048_576;
/** A thousand complaints help nobody. */
const MAX_PROBLEMS = 100;

export type ParsedOrganisation =
  | { ok: true; organisation: WantedOrganisation }
  /** In the order of the file. */
  | { ok: false; problems: FileProblem[] };

/** Reads an organisation's YAML. Every mistake is told at once, each at its place; one of them and nothing is read. */
export function parseOrganisation(text: string): ParsedOrganisation {
  const file: CursorFile = { lines: new LineCounter(), problems: [] };
  const organisation = text.length > MAX_FILE_CHARACTERS ? refuseLength(file) : readDocument(file, text);
  if (file.problems.length === 0 && organisation !== undefined) return { ok: true, organisation };
  return { ok: false, problems: sortProblems(file.problems).slice(0, MAX_PROBLEMS) };
}

function refuseLength(file: CursorFile): undefined {
  file.problems.push({ line: 1, column: 1, path: '', message: `is longer than ${MAX_FILE_CHARACTERS} characters` });
}

function readDocument(file: CursorFile, text: string): WantedOrganisation | undefined {
  const document = parseYaml(file, text);
  if (document === undefined) return undefined;
  const root = createCursor(file, document.contents as Parameters<typeof createCursor>[1], '');
  const own = INSTALLATION_KINDS.map(({ section }) => section);
  const fields = root.isNone ? noteEmpty(root) : root.fields(['version', ...own, accountKind.section]);
  if (fields === undefined) return undefined;
  const version = fields.get('version');
  if (version === undefined) root.note('version is required');
  else if (version.text() !== `${FILE_VERSION}`) version.note(`must be ${FILE_VERSION}: this Tollgate reads no other`);
  const list = fields.get(accountKind.section);
  if (list === undefined) root.note(`${accountKind.section} is required`);
  const sections = SECTION_KINDS.map(({ section }) => section);
  const accounts = (list?.list() ?? []).flatMap((cursor) => {
    const read = readRecord(accountKind, cursor, sections);
    return read === undefined ? [] : [{ ...read.record, sections: readSections(SECTION_KINDS, read.fields) }];
  });
  return { accounts, sections: readSections(INSTALLATION_KINDS, fields) };
}

function parseYaml(file: CursorFile, text: string): ReturnType<typeof parseDocument> | undefined {
  try {
    const options = { uniqueKeys: true, prettyErrors: false, lineCounter: file.lines, logLevel: 'error' } as const;
    const document = parseDocument(text, options);
    for (const { pos, message } of document.errors) {
      const { line, col } = file.lines.linePos(pos[0]);
      file.problems.push({ line, column: col, path: '', message: `is no valid YAML: ${message}` });
    }
    return document.errors.length === 0 ? document : undefined;
  } catch (error) {
    // The parser goes as deep as the text does.
    if (!(error instanceof RangeError)) throw error;
    file.problems.push({ line: 1, column: 1, path: '', message: 'is nested too deeply' });
    return undefined;
  }
}

function noteEmpty(root: Cursor): undefined {
  root.note('is empty');
}

function readSections(kinds: readonly Kind[], fields: ReadonlyMap<string, Cursor>): Map<string, WantedRecord[]> {
  return new Map(
    kinds.flatMap((kind): [string, WantedRecord[]][] => {
      const cursor = fields.get(kind.section);
      // Left empty, as `teams:` with its entries commented out: that is no list, and must not delete all of them.
      if (cursor === undefined || cursor.isNone) return [];
      const items = kind.isSingle === true ? [cursor] : (cursor.list() ?? []);
      const records = items.flatMap((item) => readRecord(kind, item, [])?.record ?? []);
      return [[kind.section, records]];
    }),
  );
}

/** A record, and the fields beside its own. Undefined where it is no map at all. */
function readRecord(
  kind: Kind,
  cursor: Cursor,
  others: readonly string[],
): { record: WantedRecord; fields: Map<string, Cursor> } | undefined {
  const id = kind.isSingle === true ? [] : ['id'];
  const fields = cursor.fields([...id, ...kind.fields.map(({ name }) => name), ...others]);
  if (fields === undefined) return undefined;
  const places = new Map<string, Place>();
  const values: { [field: string]: Value } = {};
  let isSound = true;
  for (const field of kind.fields) {
    const at = fields.get(field.name);
    if (at !== undefined) places.set(field.name, at);
    const value = readValue(kind, field, at, cursor);
    if (value === undefined) isSound &&= at === undefined && field.isRequired !== true;
    else values[field.name] = value;
  }
  const whole = isSound && kind.complete !== undefined ? kind.complete(values) : values;
  if (isSound) kind.check?.(whole, (name, message) => noteAt(cursor, fields.get(name), name, message));
  const given = fields.get('id');
  const record = {
    kind,
    path: cursor.path,
    place: cursor,
    id: given?.isNone === true ? undefined : given?.text(),
    values: whole,
    places,
  };
  return { record, fields };
}

function noteAt(owner: Cursor, at: Cursor | undefined, name: string, message: string): void {
  if (at === undefined) owner.note(`${name} ${message}`);
  else at.note(message);
}

/** Undefined where it is left out and stays so, or is no good, which has been noted. */
function readValue(kind: Kind, field: Field, at: Cursor | undefined, owner: Cursor): Value | undefined {
  if (at !== undefined && !at.isNone) return field.read(at);
  if (field.isRequired === true) owner.note(`${field.name} is required`);
  return field.isRequired === true || kind.isPartial === true ? undefined : (field.default ?? null);
}
