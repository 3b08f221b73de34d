import { ByteBuffer, readText } from './byte-buffer.ts';
import { parseJson } from './parse-json.ts';
import { readShortText } from './short-text.ts';

/** A name or a value that is wanted. Most lie whole in one piece of their document, and are read where they are. */
export class CapturedText {
  readonly #limit: number;
  /** What came in earlier pieces. */
  readonly #kept: ByteBuffer;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
    this.#kept = new ByteBuffer(limitBytes);
  }

  /** Nothing of it came in an earlier piece. */
  get isWhole(): boolean {
    return this.#kept.length === 0;
  }

  /** The piece ends within it. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    this.#kept.pushRange(bytes, start, end);
  }

  clear(): void {
    this.#kept.clear();
  }

  /** @returns undefined where it is longer than the limit. */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (this.isWhole && end - start <= this.#limit) return readText(bytes, start, end);
    this.#kept.pushRange(bytes, start, end);
    return this.#kept.overflowed ? undefined : this.#kept.text();
  }

  /**
   * Reads a value, of a string given by its content: printable ASCII without escapes, as most are, need not be parsed.
   * @returns why it is none otherwise.
   */
  readValue(
    bytes: Uint8Array,
    start: number,
    end: number,
    isString: boolean,
  ): { value: unknown } | 'oversized_field' | 'malformed_json' {
    const plain = isString && this.isWhole ? readShortText(bytes, start, end) : undefined;
    if (plain !== undefined && !plain.includes('\\')) return { value: plain };
    const text = this.read(bytes, start, end);
    if (text === undefined) return 'oversized_field';
    const value = parseJson(isString ? `"${text}"` : text);
    return value === undefined ? 'malformed_json' : { value };
  }
}
