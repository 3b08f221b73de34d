import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-bytes.ts';
import type { Work } from './work.ts';

/** Takes the parts of one object. A returned text is a reason to stop. */
export interface MemberListener {
  /** A member's name, as JSON text with its quotes, and its value. The bytes are only good until it returns. */
  member(name: Uint8Array, value: Uint8Array): Work<string | undefined>;
  /** An element of the one list that is split too. */
  element(value: Uint8Array): Work<string | undefined>;
  /** Whether this name (as JSON text) is that of the list to split. */
  isList(name: Uint8Array): boolean;
}

/** What comes next; `captured`: the rest of a name, value or element. */
type State = 'object' | 'name_or_end' | 'name' | 'colon' | 'value' | 'element_or_end' | 'element' | 'captured';
type After = 'after_member' | 'after_element' | 'end';
type Part = 'name' | 'value' | 'element';

/**
 * Splits a JSON object that arrives in chunks into its members, and one list in it into its elements. It keeps one
 * part at a time, of at most `partBytes`. Only the commas, colons and brackets of the object itself and of the list
 * are checked here; the parts are for the listener to check.
 */
export class JsonMemberSplitter {
  readonly #listener: MemberListener;
  readonly #partBytes: number;
  #state: State | After = 'object';
  #part: Part = 'value';
  #name: Uint8Array = new Uint8Array();
  /** Chunks of the part that is being captured. */
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(partBytes: number, listener: MemberListener) {
    this.#partBytes = partBytes;
    this.#listener = listener;
  }

  /** The next bytes, split anywhere. @returns what is wrong. */
  *push(chunk: Uint8Array): Work<string | undefined> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'captured') {
        const end = this.#findPartEnd(chunk, at);
        this.#keep(chunk.subarray(at, end.at));
        if (this.#bytes > this.#partBytes) return `a part of the body is larger than ${this.#partBytes} bytes`;
        at = end.at;
        const problem = end.found ? yield* this.#finishPart() : undefined;
        if (problem !== undefined) return problem;
        continue;
      }
      const byte = chunk[at] as number;
      if (isBlank(byte)) {
        at += 1;
        continue;
      }
      const step = this.#step(byte);
      if (typeof step === 'string') return step;
      at += step;
    }
    return undefined;
  }

  /** After the last byte. */
  end(): string | undefined {
    return this.#state === 'end' ? undefined : 'unexpected end of data';
  }

  /** Reads one byte between the parts. @returns how many bytes it took, none where a part begins with it. */
  #step(byte: number): number | string {
    switch (this.#state) {
      case 'object':
        return byte === OPEN_OBJECT ? this.#go('name_or_end') : UNEXPECTED;
      case 'name_or_end':
        return byte === CLOSE_OBJECT ? this.#go('end') : this.#capture('name', byte === QUOTE);
      case 'name':
        return this.#capture('name', byte === QUOTE);
      case 'colon':
        return byte === COLON ? this.#go('value') : UNEXPECTED;
      case 'value':
        if (byte === OPEN_ARRAY && this.#listener.isList(this.#name)) return this.#go('element_or_end');
        return this.#capture('value', isValueStart(byte));
      case 'element_or_end':
        return byte === CLOSE_ARRAY ? this.#go('after_member') : this.#capture('element', isValueStart(byte));
      case 'element':
        return this.#capture('element', isValueStart(byte));
      case 'after_element':
        return byte === CLOSE_ARRAY ? this.#go('after_member') : this.#goOn(byte, 'element');
      case 'after_member':
        return byte === CLOSE_OBJECT ? this.#go('end') : this.#goOn(byte, 'name');
      default:
        return UNEXPECTED;
    }
  }

  #go(state: State | After): number {
    this.#state = state;
    return 1;
  }

  #goOn(byte: number, state: State): number | string {
    return byte === COMMA ? this.#go(state) : UNEXPECTED;
  }

  #capture(part: Part, begins: boolean): number | string {
    if (!begins) return UNEXPECTED;
    this.#part = part;
    this.#state = 'captured';
    this.#chunks = [];
    this.#bytes = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    return 0;
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
  }

  *#finishPart(): Work<string | undefined> {
    const bytes = joinChunks(this.#chunks, this.#bytes);
    this.#chunks = [];
    if (this.#part === 'name') {
      // It outlives the chunk it came in.
      this.#name = bytes.slice();
      this.#state = 'colon';
      return undefined;
    }
    this.#state = this.#part === 'element' ? 'after_element' : 'after_member';
    if (this.#part === 'element') return yield* this.#listener.element(bytes);
    return yield* this.#listener.member(this.#name, bytes);
  }

  /** Where the part that is being captured ends in this chunk; its length where it goes on. */
  #findPartEnd(chunk: Uint8Array, from: number): { at: number; found: boolean } {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) return { at: at + 1, found: true };
        }
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        // A number or a word ends where its surroundings go on.
        if (this.#depth === 0) return { at, found: true };
        this.#depth -= 1;
        if (this.#depth === 0) return { at: at + 1, found: true };
      } else if (this.#depth === 0 && (byte === COMMA || isBlank(byte))) return { at, found: true };
      at += 1;
    }
    return { at, found: false };
  }
}

const UNEXPECTED = 'unexpected character';

function joinChunks(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Anything that is none of the object's own marks; what it is not is found when the part is read. */
function isValueStart(byte: number): boolean {
  return byte !== COMMA && byte !== COLON && byte !== CLOSE_ARRAY && byte !== CLOSE_OBJECT;
}
