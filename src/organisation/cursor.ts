import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import { findNearestName } from '../config/nearest-name.ts';

/** A place in a file: both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Something wrong, for the person who wrote the file. */
export interface FileProblem extends Place {
  /** Where in the document: `accounts[0].teams[1].name`; empty for the whole. */
  path: string;
  message: string;
}

/** In the order of the file. */
export function sortProblems(problems: readonly FileProblem[]): FileProblem[] {
  return problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
}

/** A value of the file where it stands. What is no such value is noted as a problem and answered as undefined. */
export interface Cursor extends Place {
  readonly path: string;
  /** Empty, or `null`. */
  readonly isNone: boolean;
  readonly isMap: boolean;
  note(message: string): void;
  /** A plain value as it was written: `50.00` stays what it is and becomes no number. */
  text(): string | undefined;
  list(): Cursor[] | undefined;
  /** Each of the fields that is there. One of another name is a problem. */
  fields(names: readonly string[]): Map<string, Cursor> | undefined;
}

/** What all cursors of one file share. */
export interface CursorFile {
  lines: LineCounter;
  problems: FileProblem[];
}

/** A cursor at a node; `owner` is the node around it, where a missing one would stand. */
export function createCursor(file: CursorFile, node: Node | null, path: string, owner: Node | null = null): Cursor {
  const start = (node?.range ?? owner?.range)?.[0] ?? 0;
  const { line, col: column } = file.lines.linePos(start);
  const place = { line: Math.max(1, line), column: Math.max(1, column) };
  const note = (message: string): void => void file.problems.push({ ...place, path, message });
  /** Written twice, an alias could stand for a file of any size. */
  const isRead = (): boolean => {
    if (isAlias(node)) note('is an alias: write it out');
    return !isAlias(node);
  };
  return {
    ...place,
    path,
    isNone: node === null || (isScalar(node) && node.value === null),
    isMap: isMap(node),
    note,
    text() {
      if (!isRead()) return undefined;
      if (isScalar(node) && node.value !== null)
        return typeof node.value === 'string' ? node.value : (node.source ?? `${node.value}`);
      note('must be a plain value');
      return undefined;
    },
    list() {
      if (!isRead()) return undefined;
      if (isSeq(node))
        return node.items.map((item, index) => createCursor(file, item as Node, `${path}[${index}]`, node));
      note('must be a list');
      return undefined;
    },
    fields(names) {
      if (!isRead()) return undefined;
      if (isMap(node)) return readFields(file, node.items as Pair<Node, Node | null>[], path, names);
      note('must be a map of names to values');
      return undefined;
    },
  };
}

function readFields(
  file: CursorFile,
  pairs: readonly Pair<Node, Node | null>[],
  path: string,
  names: readonly string[],
): Map<string, Cursor> {
  const fields = new Map<string, Cursor>();
  for (const { key, value } of pairs) {
    const name = isScalar(key) ? `${key.value}` : '';
    const inner = path === '' ? name : `${path}.${name}`;
    if (names.includes(name)) fields.set(name, createCursor(file, value, inner, key));
    else {
      const nearest = findNearestName(name.slice(0, 100), names);
      const hint = nearest === undefined ? `; there are ${names.join(', ')}` : `; did you mean ${nearest}?`;
      createCursor(file, key, inner.slice(0, 300)).note(`no such field${hint}`);
    }
  }
  return fields;
}
