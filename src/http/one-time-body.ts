/** A body up to this size is kept with its request to the end: to let go of it costs more than it holds. */
const KEPT_BYTES_AT_MOST = 16 * 1_024;

/** Whether the body of a request to the upstream is let go of once it is sent. */
export function isLetGo(body: Buffer): boolean {
  return body.byteLength > KEPT_BYTES_AT_MOST;
}

/**
 * A body that can be read once and is not kept after that. undici holds on to what it was given until the answer has
 * ended, which for a buffer are its bytes: with a thousand streams open, a thousand prompts.
 */
export class OneTimeBody implements Iterable<Buffer> {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  *[Symbol.iterator](): Generator<Buffer> {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    if (bytes !== undefined) yield bytes;
  }
}
