import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { frameChunk, LAST_CHUNK, takeFraming } from './chunk-frames.ts';
import { endTogether, letGo, writeTogether } from './write-together.ts';

/** The client's side of one call: whether it is still there, and how fast it takes the answer. */
export interface ClientConnection {
  isGone(): boolean;
  /** Calls when the client leaves before the answer's end, from now on. One listener: the last one. */
  onGone(listener: () => void): void;
  /** Begins an answer that is passed on piece by piece: its head goes out with what comes in the same turn. */
  start(status: number, headers: OutgoingHttpHeaders): void;
  /**
   * Writes a chunk of an answer that was begun, at the latest at the end of this turn of the event loop.
   * @returns false when the client is slower than we are: wait for `onDrain`.
   */
  write(chunk: Uint8Array): boolean;
  onDrain(listener: () => void): void;
  /** Ends an answer that was begun, in good order. */
  end(last?: Uint8Array): void;
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
  #isFramed = false;

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

  start(status: number, headers: OutgoingHttpHeaders): void {
    this.#response.writeHead(status, headers);
    writeTogether(this.#response);
    this.#response.flushHeaders();
    this.#isFramed = takeFraming(this.#response);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#response.destroyed) return true;
    writeTogether(this.#response);
    return this.#isFramed ? frameChunk(this.#response, chunk) : this.#response.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.#response.once('drain', listener);
  }

  end(last?: Uint8Array): void {
    if (last !== undefined) this.write(last);
    endTogether(this.#response, this.#isFramed ? LAST_CHUNK : undefined);
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
