import { readShortText } from './short-text.ts';

/** Most answers come in one piece, of which nothing has to be gathered. */
const NOTHING = new Uint8Array();
const FIRST_BYTES = 64;
/** One for all: given whole texts, it keeps nothing between them. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of a range of bytes in UTF-8; what is none is replaced. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  return readShortText(bytes, start, end) ?? decoder.decode(bytes.subarray(start, end));
}

/** Bytes gathered up to a limit; beyond it they are counted as lost and not kept. */
export class ByteBuffer {
  readonly #limit: number;
  #bytes = NOTHING;
  #length = 0;
  #overflowed = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** More came than the limit allows: the text is not the whole. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  get length(): number {
    return this.#length;
  }

  push(byte: number): void {
    if (this.#length === this.#limit) {
      this.#overflowed = true;
      return;
    }
    this.#makeRoom(this.#length + 1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  pushRange(bytes: Uint8Array, start: number, end: number): void {
    const kept = Math.min(end, start + this.#limit - this.#length);
    if (kept < end) this.#overflowed = true;
    if (kept <= start) return;
    this.#makeRoom(this.#length + kept - start);
    const { length } = this;
    // A view of the range costs more than to copy a name.
    if (kept - start > FIRST_BYTES) this.#bytes.set(bytes.subarray(start, kept), length);
    else for (let at = start; at < kept; at += 1) this.#bytes[length + at - start] = bytes[at] as number;
    this.#length += kept - start;
  }

  clear(): void {
    this.#length = 0;
    this.#overflowed = false;
  }

  text(): string {
    return readText(this.#bytes, 0, this.#length);
  }

  #makeRoom(length: number): void {
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(FIRST_BYTES, length, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
