import { CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, MINUS, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-bytes.ts';
import { findNumberEnd, isDigit, LONGEST_NUMBER } from './json-number.ts';
import { JsonStringScanner } from './json-string-scanner.ts';
import type { Work } from './work.ts';

export interface JsonLimits {
  /** Nesting of objects and arrays. */
  depth: number;
  /** Members of all objects and elements of all arrays together. */
  keys: number;
}

export type JsonScalar = 'string' | 'number' | 'true' | 'false' | 'null';

/**
 * Hears of each part of a JSON text in order. Strings and names are ranges of the bytes, without their quotes;
 * `escaped` ones still hold their escapes. A returned text is a reason to stop.
 */
export interface JsonVisitor {
  open(isArray: boolean): string | undefined;
  close(): string | undefined;
  name(start: number, end: number, escaped: boolean): string | undefined;
  scalar(kind: JsonScalar, start: number, end: number, escaped: boolean): string | undefined;
}

/** `invalid`: not JSON as RFC 8259 has it, or beyond a limit. `refused`: the visitor's own words. */
export type JsonScan = { ok: true } | { ok: false; cause: 'invalid' | 'refused'; problem: string; at: number };

/** What may come next; `string`: the rest of one. */
type State = 'value' | 'value_or_end' | 'name' | 'colon' | 'name_or_end' | 'comma_or_end' | 'string' | 'end';

/** Bytes walked before a pause: of the dearest kind 2 ms, 20 before the engine has compiled the loop. */
const SLICE_BYTES = 256 * 1_024;
/** What a part of the text counts for besides its bytes: of tiny ones it is all the time they take. */
const PART_BYTES = 32;

/**
 * Walks a JSON text once, byte by byte, without recursion: time is linear in its length, memory in its depth. Stricter than many parsers: UTF-8 is checked, a byte order mark is refused, nothing but blanks may follow.
 * @param sliceBytes walked before each pause.
 */
export function* scanJson(
  bytes: Uint8Array,
  limits: JsonLimits,
  visitor: JsonVisitor,
  sliceBytes = SLICE_BYTES,
): Work<JsonScan> {
  const walk = new JsonWalk(bytes, limits, visitor);
  for (;;) {
    const scan = walk.advance(sliceBytes);
    if (scan !== undefined) return scan;
    yield;
  }
}

class JsonWalk {
  readonly #bytes: Uint8Array;
  readonly #limits: JsonLimits;
  readonly #visitor: JsonVisitor;
  readonly #strings: JsonStringScanner;
  /** Whether the container at a depth is an array. As long as the text is deep, and most are not. */
  readonly #isArray: boolean[] = [];
  #depth = 0;
  #count = 0;
  #at = 0;
  #state: State = 'value';
  /** Of the string that is being read. */
  #start = 0;
  #isName = false;
  #isEscaped = false;
  #failure: JsonScan | undefined;

  constructor(bytes: Uint8Array, limits: JsonLimits, visitor: JsonVisitor) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#visitor = visitor;
    this.#strings = new JsonStringScanner(bytes);
  }

  /** Reads on for about so many bytes. @returns undefined where there is more. */
  advance(sliceBytes: number): JsonScan | undefined {
    const bytes = this.#bytes;
    let until = this.#at + sliceBytes;
    for (;;) {
      if (this.#state === 'string') {
        if (!this.#goOnString(until)) break;
        if (this.#state === 'string') return undefined;
      } else {
        this.#skipBlanks(until);
        if (this.#at >= bytes.length) break;
        if (this.#at >= until) return undefined;
        if (!this.#step(bytes[this.#at] as number, until)) break;
      }
      until -= PART_BYTES;
    }
    if (this.#failure === undefined && this.#state !== 'end') this.#invalid('unexpected end of data', bytes.length);
    return this.#failure ?? { ok: true };
  }

  #skipBlanks(until: number): void {
    const bytes = this.#bytes;
    const end = Math.min(until, bytes.length);
    let at = this.#at;
    while (at < end && isBlank(bytes[at])) at += 1;
    this.#at = at;
  }

  /** Reads one part of the text; false where reading ends. */
  #step(byte: number, until: number): boolean {
    switch (this.#state) {
      case 'value_or_end':
        return byte === CLOSE_ARRAY ? this.#close() : this.#value(byte, until);
      case 'value':
        return this.#value(byte, until);
      case 'name_or_end':
        return byte === CLOSE_OBJECT ? this.#close() : this.#name(byte, until);
      case 'name':
        return this.#name(byte, until);
      case 'colon':
        return this.#colon(byte);
      case 'comma_or_end':
        return this.#commaOrEnd(byte);
      default:
        return this.#invalid('unexpected content after document', this.#at);
    }
  }

  #value(byte: number, until: number): boolean {
    this.#count += 1;
    if (this.#count > this.#limits.keys) return this.#invalid('too many values', this.#at);
    if (byte === QUOTE) return this.#beginString(false, until);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return this.#open(byte === OPEN_ARRAY);
    if (byte === MINUS || isDigit(byte)) return this.#number();
    if (byte === 0x74) return this.#literal('true', TRUE);
    if (byte === 0x66) return this.#literal('false', FALSE);
    if (byte === 0x6e) return this.#literal('null', NULL);
    return this.#invalid('unexpected character', this.#at);
  }

  #open(isArray: boolean): boolean {
    this.#depth += 1;
    if (this.#depth > this.#limits.depth) return this.#invalid('nested too deeply', this.#at);
    this.#isArray[this.#depth] = isArray;
    this.#at += 1;
    this.#state = isArray ? 'value_or_end' : 'name_or_end';
    return this.#heed(this.#visitor.open(isArray));
  }

  #close(): boolean {
    this.#depth -= 1;
    this.#at += 1;
    this.#afterValue();
    return this.#heed(this.#visitor.close());
  }

  #commaOrEnd(byte: number): boolean {
    const inArray = this.#isArray[this.#depth] === true;
    if (byte === (inArray ? CLOSE_ARRAY : CLOSE_OBJECT)) return this.#close();
    if (byte !== COMMA) return this.#invalid('unexpected character', this.#at);
    this.#at += 1;
    this.#state = inArray ? 'value' : 'name';
    return true;
  }

  #name(byte: number, until: number): boolean {
    return byte === QUOTE ? this.#beginString(true, until) : this.#invalid('unexpected character', this.#at);
  }

  #colon(byte: number): boolean {
    if (byte !== COLON) return this.#invalid('expected a colon', this.#at);
    this.#at += 1;
    this.#state = 'value';
    return true;
  }

  #beginString(isName: boolean, until: number): boolean {
    this.#at += 1;
    this.#start = this.#at;
    this.#isName = isName;
    this.#isEscaped = false;
    return this.#goOnString(until);
  }

  #goOnString(until: number): boolean {
    const { end, isOpen, escaped, problem, problemAt } = this.#strings.scan(this.#at, until);
    if (end < 0) return this.#invalid(problem, problemAt);
    this.#isEscaped ||= escaped;
    if (isOpen) {
      this.#at = end;
      this.#state = 'string';
      return true;
    }
    this.#at = end + 1;
    if (!this.#isName) {
      this.#afterValue();
      return this.#heed(this.#visitor.scalar('string', this.#start, end, this.#isEscaped));
    }
    // Blanks before the colon are rare.
    if (this.#bytes[this.#at] !== COLON) this.#state = 'colon';
    else this.#colon(COLON);
    return this.#heed(this.#visitor.name(this.#start, end, this.#isEscaped));
  }

  #number(): boolean {
    const start = this.#at;
    const end = findNumberEnd(this.#bytes, start);
    if (end < 0) return this.#invalid('invalid number', start);
    if (end - start > LONGEST_NUMBER) return this.#invalid('number too long', start);
    this.#at = end;
    this.#afterValue();
    return this.#heed(this.#visitor.scalar('number', start, end, false));
  }

  #literal(kind: 'true' | 'false' | 'null', word: readonly number[]): boolean {
    const start = this.#at;
    if (!word.every((byte, index) => this.#bytes[start + index] === byte))
      return this.#invalid('unexpected character', start);
    this.#at = start + word.length;
    this.#afterValue();
    return this.#heed(this.#visitor.scalar(kind, start, this.#at, false));
  }

  #afterValue(): void {
    this.#state = this.#depth === 0 ? 'end' : 'comma_or_end';
  }

  #heed(problem: string | undefined): boolean {
    if (problem === undefined) return true;
    this.#failure = { ok: false, cause: 'refused', problem, at: this.#at };
    return false;
  }

  #invalid(problem: string, at: number): false {
    this.#failure = { ok: false, cause: 'invalid', problem, at };
    return false;
  }
}

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
