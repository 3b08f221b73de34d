import { CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, MINUS, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-bytes.ts';
import { JsonStringScanner } from './json-string-scanner.ts';

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

/** What may come next. */
type State = 'value' | 'value_or_end' | 'name' | 'name_or_end' | 'comma_or_end' | 'end';

/**
 * Walks a JSON text once, byte by byte, without recursion: time is linear in its length, memory is `limits.depth`
 * bytes. Stricter than many parsers: UTF-8 is checked, a byte order mark is refused, nothing but blanks may follow.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits, visitor: JsonVisitor): JsonScan {
  return new JsonWalk(bytes, limits, visitor).run();
}

class JsonWalk {
  readonly #bytes: Uint8Array;
  readonly #limits: JsonLimits;
  readonly #visitor: JsonVisitor;
  readonly #strings: JsonStringScanner;
  /** 1 where the container at a depth is an array. */
  readonly #isArray: Uint8Array;
  #depth = 0;
  #count = 0;
  #at = 0;
  #state: State = 'value';
  #failure: JsonScan | undefined;

  constructor(bytes: Uint8Array, limits: JsonLimits, visitor: JsonVisitor) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#visitor = visitor;
    this.#strings = new JsonStringScanner(bytes);
    this.#isArray = new Uint8Array(limits.depth + 1);
  }

  run(): JsonScan {
    const bytes = this.#bytes;
    do while (isBlank(bytes[this.#at])) this.#at += 1;
    while (this.#at < bytes.length && this.#step(bytes[this.#at] as number));
    if (this.#failure === undefined && this.#state !== 'end') this.#invalid('unexpected end of data', bytes.length);
    return this.#failure ?? { ok: true };
  }

  /** Reads one part of the text; false where reading ends. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case 'value_or_end':
        return byte === CLOSE_ARRAY ? this.#close() : this.#value(byte);
      case 'value':
        return this.#value(byte);
      case 'name_or_end':
        return byte === CLOSE_OBJECT ? this.#close() : this.#name(byte);
      case 'name':
        return this.#name(byte);
      case 'comma_or_end':
        return this.#commaOrEnd(byte);
      case 'end':
        return this.#invalid('unexpected content after document', this.#at);
    }
  }

  #value(byte: number): boolean {
    this.#count += 1;
    if (this.#count > this.#limits.keys) return this.#invalid('too many values', this.#at);
    if (byte === QUOTE) return this.#string();
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
    this.#isArray[this.#depth] = isArray ? 1 : 0;
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
    const inArray = this.#isArray[this.#depth] === 1;
    if (byte === (inArray ? CLOSE_ARRAY : CLOSE_OBJECT)) return this.#close();
    if (byte !== COMMA) return this.#invalid('unexpected character', this.#at);
    this.#at += 1;
    this.#state = inArray ? 'value' : 'name';
    return true;
  }

  #name(byte: number): boolean {
    if (byte !== QUOTE) return this.#invalid('unexpected character', this.#at);
    const start = this.#at + 1;
    const { end, escaped, problem, problemAt } = this.#strings.scan(start);
    if (end < 0) return this.#invalid(problem, problemAt);
    this.#at = end + 1;
    while (isBlank(this.#bytes[this.#at])) this.#at += 1;
    if (this.#bytes[this.#at] !== COLON) return this.#invalid('expected a colon', this.#at);
    this.#at += 1;
    this.#state = 'value';
    return this.#heed(this.#visitor.name(start, end, escaped));
  }

  #string(): boolean {
    const start = this.#at + 1;
    const { end, escaped, problem, problemAt } = this.#strings.scan(start);
    if (end < 0) return this.#invalid(problem, problemAt);
    this.#at = end + 1;
    this.#afterValue();
    return this.#heed(this.#visitor.scalar('string', start, end, escaped));
  }

  #number(): boolean {
    const start = this.#at;
    const end = numberEnd(this.#bytes, start);
    if (end < 0) return this.#invalid('invalid number', start);
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

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Index after the number that starts here; -1 where it is none (RFC 8259, section 6). */
function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  at = bytes[at] === 0x30 ? at + 1 : digitsEnd(bytes, at);
  // Past a missing digit `at` is -1, where there is no byte: the tests below fail and it is returned.
  if (bytes[at] === 0x2e) at = digitsEnd(bytes, at + 1);
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at;
  at += 1;
  if (bytes[at] === 0x2b || bytes[at] === MINUS) at += 1;
  return digitsEnd(bytes, at);
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at += 1;
  return at > start ? at : -1;
}
