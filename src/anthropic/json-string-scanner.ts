import { BACKSLASH, QUOTE } from './json-bytes.ts';

const SPACE = 0x20;
/** Bytes read one by one before the search for the end of a string is handed to the engine's own search. */
const NEAR_BYTES = 64;
/** Bytes of a long string that are checked at once. */
const PIECE_BYTES = 256 * 1_024;

/** One for all: given whole pieces, it keeps nothing between them. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where a string ended, or why it is none. */
export interface StringEnd {
  /** Index of the closing quote, or of where to go on; -1 where the string is not valid JSON in valid UTF-8. */
  end: number;
  /** Not at its end yet. */
  isOpen: boolean;
  escaped: boolean;
  problem: string;
  /** Index the problem is at. */
  problemAt: number;
}

/**
 * Finds the ends of JSON strings in a body, checking what RFC 8259 asks of their content: no control characters,
 * known escapes, valid UTF-8 (RFC 3629). Linear in the body's length over all calls, as long as they come in order:
 * the next quote and the next backslash are remembered, never searched for twice.
 */
export class JsonStringScanner {
  readonly #bytes: Uint8Array;
  /** Made for the first long string. */
  #words: Uint32Array | undefined;
  /** Bytes before the first aligned word. */
  readonly #wordsFrom: number;
  /** One result for all strings: a body may hold a million of them. */
  readonly #result: StringEnd = { end: -1, isOpen: false, escaped: false, problem: '', problemAt: 0 };
  #nextQuote = -1;
  #nextBackslash = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#wordsFrom = Math.min((4 - (bytes.byteOffset % 4)) % 4, bytes.length);
  }

  /**
   * @param from index after the opening quote, or where to go on.
   * @param until index from which on it is left open. The result is overwritten by the next call; `escaped` is of what
   * this call has read.
   */
  scan(from: number, until: number): StringEnd {
    this.#result.escaped = false;
    let at = from;
    for (;;) {
      at = this.#scanNear(at, until);
      if (at < 0) return this.#result;
      if (this.#bytes[at] === QUOTE) return this.#found(at, false);
      if (at >= until) return this.#found(at, true);
      at = this.#scanFar(at);
      if (at < 0) return this.#result;
    }
  }

  /** Reads to a quote or the end of the near part. */
  #scanNear(from: number, until: number): number {
    const bytes = this.#bytes;
    let end = Math.min(from + NEAR_BYTES, bytes.length);
    let at = from;
    while (at < end) {
      const byte = bytes[at] as number;
      if (PLAIN[byte] === 1) at += 1;
      else if (byte === QUOTE) return at;
      else if (byte === BACKSLASH) {
        at = this.#skipEscape(at);
        if (at < 0) return -1;
        if (at >= until && at < bytes.length) return at;
        // Where escapes are frequent, searching ahead for each costs more than reading on.
        end = Math.min(at + NEAR_BYTES, bytes.length);
      } else {
        const length = sequenceLength(bytes, at);
        if (length === 0) return this.#fail(byte < SPACE ? 'control character in a string' : 'invalid UTF-8', at);
        at += length;
      }
    }
    return at < bytes.length ? at : this.#fail('unterminated string', bytes.length);
  }

  /** Jumps to the next quote or backslash, or a piece towards it, and checks what lies between. */
  #scanFar(from: number): number {
    const byte = this.#bytes[from] as number;
    if (byte === QUOTE || byte === BACKSLASH) return from;
    if (this.#nextQuote < from) this.#nextQuote = this.#find(QUOTE, from);
    if (this.#nextBackslash < from) this.#nextBackslash = this.#find(BACKSLASH, from);
    const next = Math.min(this.#nextQuote, this.#nextBackslash);
    if (next === this.#bytes.length) return this.#fail('unterminated string', next);
    const end = next - from <= PIECE_BYTES ? next : this.#wholeCharacters(from + PIECE_BYTES);
    const flags = this.#flags(from, end);
    if ((flags & CONTROL) !== 0) return this.#fail('control character in a string', from);
    if ((flags & NON_ASCII) !== 0 && !this.#isUtf8(from, end)) return this.#fail('invalid UTF-8', from);
    return end;
  }

  /** The index, or the one of the character that it lies in: of UTF-8 at most three bytes before. */
  #wholeCharacters(index: number): number {
    let at = index;
    while (at > index - 3 && isTail(this.#bytes[at])) at -= 1;
    return at;
  }

  /** Index of the next such byte; the body's length where there is none. */
  #find(byte: number, from: number): number {
    const at = this.#bytes.indexOf(byte, from);
    return at < 0 ? this.#bytes.length : at;
  }

  #isUtf8(from: number, end: number): boolean {
    try {
      decoder.decode(this.#bytes.subarray(from, end));
      return true;
    } catch {
      // The decoder's only way of saying that the bytes are not UTF-8.
      return false;
    }
  }

  /** Whether a range holds control characters or bytes beyond ASCII: four bytes at a time, without a branch. */
  #flags(from: number, end: number): number {
    const firstWord = Math.ceil((from - this.#wordsFrom) / 4);
    const lastWord = Math.floor((end - this.#wordsFrom) / 4);
    if (lastWord <= firstWord) return this.#byteFlags(from, end);
    this.#words ??= this.#findWords();
    const words = this.#words;
    let high = 0;
    let low = 0;
    for (let at = firstWord; at < lastWord; at += 1) {
      const word = words[at] as number;
      high |= word;
      // A byte below 0x20 borrows from its own high bit. A neighbour's borrow can only raise a false alarm.
      low |= (word - 0x20202020) & ~word;
    }
    let flags = this.#byteFlags(from, this.#wordsFrom + firstWord * 4);
    flags |= this.#byteFlags(this.#wordsFrom + lastWord * 4, end);
    if ((high & HIGH_BITS) !== 0) flags |= NON_ASCII;
    if ((low & HIGH_BITS) !== 0) flags |= this.#byteFlags(from, end);
    return flags;
  }

  #findWords(): Uint32Array {
    const { buffer, byteOffset, length } = this.#bytes;
    return new Uint32Array(buffer, byteOffset + this.#wordsFrom, Math.floor((length - this.#wordsFrom) / 4));
  }

  #byteFlags(from: number, end: number): number {
    let flags = 0;
    for (let at = from; at < end; at += 1) {
      const byte = this.#bytes[at] as number;
      if (byte < SPACE) flags |= CONTROL;
      else if (byte >= 0x80) flags |= NON_ASCII;
    }
    return flags;
  }

  #skipEscape(at: number): number {
    this.#result.escaped = true;
    const letter = this.#bytes[at + 1];
    if (letter === 0x75) {
      for (let digit = at + 2; digit < at + 6; digit += 1)
        if (!isHex(this.#bytes[digit])) return this.#fail('invalid \\u escape', at);
      return at + 6;
    }
    return letter !== undefined && SIMPLE_ESCAPES[letter] === 1 ? at + 2 : this.#fail('invalid escape', at);
  }

  #found(end: number, isOpen: boolean): StringEnd {
    this.#result.end = end;
    this.#result.isOpen = isOpen;
    return this.#result;
  }

  #fail(problem: string, at: number): -1 {
    this.#result.end = -1;
    this.#result.problem = problem;
    this.#result.problemAt = at;
    return -1;
  }
}

const CONTROL = 1;
const NON_ASCII = 2;
const HIGH_BITS = 0x80808080 | 0;
/** 1 for ASCII that stands for itself within a string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH),
);
/** 1 for `"`, `\`, `/`, b, f, n, r, t. */
const SIMPLE_ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number('"\\/bfnrt'.includes(String.fromCharCode(byte))),
);

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** Length of the UTF-8 sequence of a character beyond ASCII; 0 where it is none (RFC 3629, section 4). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  const second = bytes[at + 1] ?? 0;
  if (lead >= 0xc2 && lead <= 0xdf) return isTail(second) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const lowest = lead === 0xe0 ? 0xa0 : 0x80;
    const highest = lead === 0xed ? 0x9f : 0xbf;
    return second >= lowest && second <= highest && isTail(bytes[at + 2]) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const lowest = lead === 0xf0 ? 0x90 : 0x80;
    const highest = lead === 0xf4 ? 0x8f : 0xbf;
    return second >= lowest && second <= highest && isTail(bytes[at + 2]) && isTail(bytes[at + 3]) ? 4 : 0;
  }
  return 0;
}

function isTail(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte <= 0xbf;
}
