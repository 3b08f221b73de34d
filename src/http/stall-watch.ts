import type { Server } from 'node:http';
import type { Timers } from '../metering/timers.ts';

/**
 * Lets every client go that takes nothing of what is written to it between two looks: its answers fill our memory, and an
 * upstream connection that waits for it is others' to use. One piece that is written counts as taken when it is taken
 * whole; the largest are answers of a mebibyte.
 */
export function watchStalls(server: Server, timers: Timers, limitMs: number): void {
  server.on('connection', (socket) => {
    let before = -1;
    const stop = timers.every(limitMs, () => {
      // Counts what is queued, too: it stands still when the client does, for then nothing more is queued.
      const now = socket.bytesWritten;
      if (socket.writableLength > 0 && now === before) socket.destroy();
      before = now;
    });
    socket.once('close', stop);
  });
}
