/** Longest text that is put together character by character, which for short ones is faster than the decoder. */
const SHORT_TEXT_BYTES = 40;

/** Every answer has several of these, and most are asked for a short name. */
const FIRST_BYTES = 64;
/** One for all: given whole texts, it keeps nothing between them. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes gathered one by one up to a limit; beyond it they are counted as lost and not kept. */
export class ByteBuffer {
  readonly #limit: number;
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #overflowed = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** More came than the limit allows: the text is not the whole. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  push(byte: number): void {
    if (this.#length === this.#limit) {
      this.#overflowed = true;
      return;
    }
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  clear(): void {
    this.#length = 0;
    this.#overflowed = false;
  }

  /** Whether it holds exactly these bytes. */
  equals(bytes: Uint8Array): boolean {
    if (this.#overflowed || bytes.length !== this.#length) return false;
    for (let at = 0; at < bytes.length; at += 1) if (this.#bytes[at] !== bytes[at]) return false;
    return true;
  }

  text(): string {
    return this.#shortAscii() ?? decoder.decode(this.#bytes.subarray(0, this.#length));
  }

  #shortAscii(): string | undefined {
    if (this.#length > SHORT_TEXT_BYTES) return undefined;
    let text = '';
    for (let at = 0; at < this.#length; at += 1) {
      const byte = this.#bytes[at] as number;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
