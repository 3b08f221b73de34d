/** What {@link parseStrictJson} answers. */
export type StrictJson = { ok: true; value: unknown } | { ok: false; message: string };

/** No body of the admin API nests deeper than 3. */
const MAX_DEPTH = 16;
/** Names that reach the prototype when a parsed object is copied carelessly. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses JSON that two readers cannot read differently: no name twice in an object, no `__proto__`, bounded depth.
 * The scan is linear and comes first, since `JSON.parse` of a megabyte of `[` blocks the process.
 */
export function parseStrictJson(text: string): StrictJson {
  const fault = findStructureFault(text);
  if (fault !== undefined) return { ok: false, message: fault };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, message: 'the body is not valid JSON' };
  }
}

/** The structures open around the present character: the names seen of an object, or an array. */
type Open = Set<string> | 'array';

function findStructureFault(text: string): string | undefined {
  const open: Open[] = [];
  let nameNext = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = findStringEnd(text, index);
      if (end === undefined) return 'a string is not closed';
      const fault = nameNext ? noteName(open.at(-1), text.slice(index, end + 1)) : undefined;
      if (fault !== undefined) return fault;
      nameNext = false;
      index = end;
    } else if (character === '{' || character === '[') {
      if (open.length === MAX_DEPTH) return `the body nests deeper than ${MAX_DEPTH}`;
      open.push(character === '{' ? new Set() : 'array');
      nameNext = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
      nameNext = false;
    } else if (character === ',') {
      nameNext = open.at(-1) instanceof Set;
    }
  }
  return undefined;
}

/** The index of the closing quote of the string that starts at `start`. */
function findStringEnd(text: string, start: number): number | undefined {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return undefined;
}

function noteName(names: Open | undefined, literal: string): string | undefined {
  const name = readName(literal);
  if (name === undefined) return 'the body is not valid JSON';
  if (FORBIDDEN_NAMES.has(name)) return `the name ${name} is not allowed`;
  if (!(names instanceof Set)) return undefined;
  if (names.has(name)) return `the name ${JSON.stringify(name.slice(0, 100))} is there twice`;
  names.add(name);
  return undefined;
}

function readName(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
