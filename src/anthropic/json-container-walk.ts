import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-bytes.ts';

/** Walks to the end of an object or array that arrives in pieces, whatever is in it. */
export class JsonContainerWalk {
  #depth = 0;
  #inString = false;
  #escape = false;
  /** Code points seen, where they are counted. */
  characters = 0;

  begin(): void {
    this.#depth = 0;
    this.#inString = false;
    this.#escape = false;
    this.characters = 0;
  }

  /** @returns the index after its last byte; -1 where the piece ends within it. */
  walk(bytes: Uint8Array, start: number, end: number, counts: boolean): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (counts && (byte & 0xc0) !== 0x80) this.characters += 1;
      if (this.#inString) {
        if (this.#escape) this.#escape = false;
        else if (byte === BACKSLASH) this.#escape = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#depth -= 1;
        if (this.#depth === 0) return at + 1;
      }
    }
    return -1;
  }
}
