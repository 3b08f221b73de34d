import type { ServerResponse } from 'node:http';
import { letGo, writeTogether } from './write-together.ts';

/** The client's side of one call: whether it is still there, and how fast it takes the answer. */
export interface ClientConnection {
  isGone(): boolean;
  /** Calls when the client leaves before the answer's end, from now on. One listener: the last one. */
  onGone(listener: () => void): void;
  /**
   * Writes a chunk, at the latest at the end of this turn of the event loop.
   * @returns false when the client is slower than we are: wait for `onDrain`.
   */
  write(chunk: Buffer): boolean;
  onDrain(listener: () => void): void;
  /** Breaks the connection off, so that the client sees an answer that did not come to its end. */
  destroy(): void;
}

/**
 * Watches the response's `close`, the one event that fires in every way a client can leave: fastify's own hooks do
 * not when it leaves in the middle of a stream. To be called at once after admission; a client that left before is
 * noticed too.
 */
export function watchClient(response: ServerResponse): ClientConnection {
  return new WatchedClient(response);
}

class WatchedClient implements ClientConnection {
  readonly #response: ServerResponse;
  #listener: (() => void) | undefined;
  #isGone: boolean;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#isGone = response.destroyed || response.closed || response.socket?.destroyed === true;
    response.on('close', () => this.#noteClose());
    // A write that races the client's leaving fails; the close that follows says all there is to say.
    response.on('error', ignoreError);
  }

  isGone(): boolean {
    return this.#isGone;
  }

  onGone(listener: () => void): void {
    this.#listener = listener;
  }

  write(chunk: Buffer): boolean {
    if (this.#response.destroyed) return true;
    writeTogether(this.#response);
    return this.#response.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.#response.once('drain', listener);
  }

  destroy(): void {
    letGo(this.#response);
    this.#response.destroy();
  }

  #noteClose(): void {
    if (this.#response.writableFinished || this.#isGone) return;
    this.#isGone = true;
    this.#listener?.();
  }
}

function ignoreError(): void {}
