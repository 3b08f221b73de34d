import type { Frame } from './frames.ts';
import type { AnswerPoint, Chunking, Delivery } from './scenario-types.ts';
import { createSeededRandom } from './seeded-random.ts';

/** What is done with the connection, one after the other, once the headers are due. */
export type DeliveryStep =
  | { kind: 'send'; bytes: Buffer; eventsSent: number; share: number }
  | { kind: 'hold'; index: number }
  | { kind: 'cut'; midChunk: boolean }
  | { kind: 'error_event' };

interface Stop {
  offset: number;
  step: DeliveryStep;
}

/** Lays out an answer's bytes between its pauses and its end. A cut or an error event is the last step. */
export function planDelivery(frames: readonly Frame[], delivery: Delivery): DeliveryStep[] {
  const body = Buffer.concat(frames.map((frame) => frame.bytes));
  const ends: number[] = [];
  for (const frame of frames) ends.push((ends.at(-1) ?? 0) + frame.bytes.length);
  const steps: DeliveryStep[] = [];
  let position = 0;
  const sendUpTo = (offset: number): void => {
    for (const end of cutPoints(position, offset, ends, delivery.chunking ?? 'events')) {
      const eventsSent = countUpTo(ends, end);
      const share = frames[eventsSent - 1]?.share ?? 0;
      steps.push({ kind: 'send', bytes: body.subarray(position, end), eventsSent, share });
      position = end;
    }
  };
  for (const stop of findStops(frames, ends, delivery)) {
    sendUpTo(stop.offset);
    steps.push(stop.step);
    if (stop.step.kind !== 'hold') return steps;
  }
  sendUpTo(body.length);
  return steps;
}

function findStops(frames: readonly Frame[], ends: readonly number[], delivery: Delivery): Stop[] {
  const { holdBefore = [], ending } = delivery;
  const indexes = holdBefore === 'every_event' ? frames.map((_frame, index) => index) : holdBefore;
  const stops: Stop[] = indexes
    .filter((index) => index < frames.length)
    .map((index) => ({ offset: ends[index - 1] ?? 0, step: { kind: 'hold', index } }));
  if (ending !== undefined) {
    const offset = locate(ending.at, frames, ends);
    const index = countUpTo(ends, offset);
    const step: DeliveryStep =
      ending.kind === 'silence'
        ? { kind: 'hold', index }
        : ending.kind === 'cut'
          ? { kind: 'cut', midChunk: ending.midChunk ?? false }
          : { kind: 'error_event' };
    stops.push({ offset, step });
  }
  return stops.sort((one, other) => one.offset - other.offset);
}

/** The byte offset of a point. A type that does not occur, and a count beyond the answer, mean its end. */
function locate(point: AnswerPoint, frames: readonly Frame[], ends: readonly number[]): number {
  const total = ends.at(-1) ?? 0;
  if (typeof point === 'string') return 0;
  if ('afterBytes' in point) return Math.min(point.afterBytes, total);
  if ('afterEvents' in point) return point.afterEvents <= 0 ? 0 : (ends[point.afterEvents - 1] ?? total);
  const index = frames.findIndex((frame) => frame.type === point.afterEventType);
  return ends[index] ?? total;
}

/** Frames wholly within the first `offset` bytes. `ends` rises, so halving finds it. */
function countUpTo(ends: readonly number[], offset: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the writes between two places end. */
function cutPoints(from: number, to: number, ends: readonly number[], chunking: Chunking): number[] {
  if (from >= to) return [];
  if (chunking === 'whole') return [to];
  if (chunking === 'events') {
    const inside = ends.slice(countUpTo(ends, from), countUpTo(ends, to));
    return inside.at(-1) === to ? inside : [...inside, to];
  }
  const random = createSeededRandom(chunking.kind === 'random' ? chunking.seed + from : 0);
  const points: number[] = [];
  for (let point = from; point < to; ) {
    const size = chunking.kind === 'bytes' ? chunking.size : 1 + random.integer(chunking.maximum);
    point = Math.min(to, point + Math.max(1, size));
    points.push(point);
  }
  return points;
}
