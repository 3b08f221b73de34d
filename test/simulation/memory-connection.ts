import { Duplex } from 'node:stream';
import type { SeededRandom } from '../../src/simulator/seeded-random.ts';
import type { Mortal } from './mortal.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ClientPlan {
  /** Breaks off so long after its first byte; undefined: stays. */
  leavesAfterMs: number | undefined;
  /** Milliseconds it takes for each piece of the answer; 0: takes all at once. */
  pieceMs: number;
}

/** The server's end of a client's connection, and what the client has read of it. */
export interface MemoryConnection {
  readonly socket: Duplex;
  /** All that came back, as it stood on the wire. */
  received(): string;
  readonly isOver: boolean;
}

/** Sends the bytes of a request in pieces cut anywhere, and takes the answer as planned. */
export function openMemoryConnection(
  { time, random, life }: { time: VirtualTime; random: SeededRandom; life: Mortal },
  request: Buffer,
  plan: ClientPlan,
): MemoryConnection {
  const received: Buffer[] = [];
  let isOver = false;
  const take = (chunks: readonly Buffer[], done: () => void): void => {
    if (!life.act()) return;
    received.push(...chunks);
    if (plan.pieceMs === 0) done();
    else time.after(plan.pieceMs, done);
  };
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => take([chunk], done),
    writev: (chunks, done) =>
      take(
        chunks.map(({ chunk }) => chunk as Buffer),
        done,
      ),
    final(done) {
      done();
      socket.push(null);
    },
  });
  socket.on('close', () => {
    isOver = true;
  });
  socket.on('error', () => undefined);
  sendInPieces(time, random, request, (piece) => {
    if (life.isAlive && !socket.destroyed) socket.push(piece);
  });
  if (plan.leavesAfterMs !== undefined) {
    time.after(plan.leavesAfterMs, () => {
      isOver = true;
      if (life.isAlive) socket.destroy();
    });
  }
  return {
    socket,
    received: () => Buffer.concat(received).toString('latin1'),
    get isOver() {
      return isOver || !life.isAlive;
    },
  };
}

function sendInPieces(time: VirtualTime, random: SeededRandom, bytes: Buffer, send: (piece: Buffer) => void): void {
  let [start, atMs] = [0, 0];
  while (start < bytes.length) {
    const size = random.integer(3) === 0 ? 1 + random.integer(200) : bytes.length;
    const piece = bytes.subarray(start, start + size);
    time.after(atMs, () => send(piece));
    start += size;
    atMs += random.integer(30);
  }
}
