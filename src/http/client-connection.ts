import type { ServerResponse } from 'node:http';

/** The client's side of one call: whether it is still there, and how fast it takes the answer. */
export interface ClientConnection {
  isGone(): boolean;
  /** Calls when the client leaves before the answer's end, from now on. */
  onGone(listener: () => void): void;
  /** Writes a chunk. @returns false when the client is slower than we are: wait for `onDrain`. */
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
  const listeners: (() => void)[] = [];
  let gone = false;
  const note = (): void => {
    if (response.writableFinished || gone) return;
    gone = true;
    for (const listener of listeners) listener();
  };
  response.once('close', note);
  // A write that races the client's leaving fails; the close that follows says all there is to say.
  response.on('error', () => undefined);
  if (response.destroyed || response.closed || response.socket?.destroyed) gone = true;
  return {
    isGone: () => gone,
    onGone: (listener) => void listeners.push(listener),
    write: (chunk) => response.destroyed || response.write(chunk),
    onDrain: (listener) => void response.once('drain', listener),
    destroy: () => void response.destroy(),
  };
}
