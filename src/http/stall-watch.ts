import type { ServerResponse } from 'node:http';
import type { Timers } from '../metering/timers.ts';

/**
 * Lets a client go that takes nothing of its answer between two looks: the upstream's connection, which waits for it,
 * is others' to use. For answers that are piped; the metered ones are watched where they are written.
 */
export function watchStall(response: ServerResponse, timers: Timers, limitMs: number): void {
  let before = -1;
  const stop = timers.every(limitMs, () => {
    // Counts what is queued, too: it stands still when the client does, for then nothing more is queued.
    const now = response.socket?.bytesWritten ?? 0;
    if (response.writableLength > 0 && now === before) response.destroy();
    before = now;
  });
  response.once('close', stop);
  if (response.closed || response.destroyed) stop();
}
