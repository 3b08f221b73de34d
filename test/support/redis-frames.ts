/** Splits one direction of a Redis connection (RESP 2 or 3) into whole frames. */
export interface FrameReader {
  /** Takes the bytes that arrived; answers the frames that are now whole, each as its own bytes. */
  push(bytes: Uint8Array): Buffer[];
}

const LINE_END = Buffer.from('\r\n');
const BULK = new Set(['$', '=', '!']);
const LISTS = new Map([
  ['*', 1],
  ['~', 1],
  ['>', 1],
  ['%', 2],
  ['|', 2],
]);

export function createFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(bytes) {
      rest = Buffer.concat([rest, bytes]);
      const frames: Buffer[] = [];
      for (let end = findEnd(rest, 0); end !== undefined; end = findEnd(rest, 0)) {
        frames.push(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
      return frames;
    },
  };
}

/** The words of a command: a list of bulk strings, which is all that clients send. */
export function readCommand(frame: Buffer): string[] {
  const words: string[] = [];
  let at = frame.indexOf(LINE_END) + 2;
  while (at < frame.length) {
    const start = frame.indexOf(LINE_END, at) + 2;
    const end = start + Number(frame.toString('latin1', at + 1, start - 2));
    words.push(frame.toString('utf8', start, end));
    at = end + 2;
  }
  return words;
}

/** A message that answers no command (RESP 3), such as one of a channel. */
export function isPush(frame: Buffer): boolean {
  return frame[0] === '>'.charCodeAt(0);
}

/** Where the frame beginning at `start` ends; undefined while a part of it is missing. */
function findEnd(bytes: Buffer, start: number): number | undefined {
  const lineEnd = bytes.indexOf(LINE_END, start);
  if (start >= bytes.length || lineEnd < 0) return undefined;
  const kind = String.fromCharCode(bytes[start] ?? 0);
  const count = Number(bytes.toString('latin1', start + 1, lineEnd));
  const next = lineEnd + 2;
  if (BULK.has(kind)) {
    const end = count < 0 ? next : next + count + 2;
    return end <= bytes.length ? end : undefined;
  }
  let end: number | undefined = next;
  for (let item = 0; item < count * (LISTS.get(kind) ?? 0) && end !== undefined; item += 1) end = findEnd(bytes, end);
  // An attribute precedes the value that it is about.
  return kind === '|' && end !== undefined ? findEnd(bytes, end) : end;
}
