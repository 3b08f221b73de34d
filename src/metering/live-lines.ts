import { createLinkedMap } from '../collections/linked-map.ts';
import { type LedgerWrite, nameLedgerWrite } from './ledger-write.ts';
import { decodeSpoolLine, encodeSpoolLine } from './spool-line.ts';

/** What of the spool still counts: writes not acknowledged, and marks of calls that have not ended. */
export interface LiveLines {
  readonly size: number;
  /**
   * @param name of the write, where it is known.
   * @returns the line's text.
   */
  put(write: LedgerWrite, name?: string): string;
  /** @returns the line's text. */
  mark(write: LedgerWrite): string;
  /** As the note of its acknowledgement does, which is still to be written. */
  forget(name: string): void;
  /** All of them, encoded, in order. */
  texts(): string[];
  writes(): LedgerWrite[];
  marks(): LedgerWrite[];
}

/**
 * A mark's line, from the second of its hold on in bytes that the next one is written over: a stream's marks live just
 * long enough to be moved into the old generation, one after the other, where each would stay until all of it is
 * collected.
 */
type Mark = string | MarkSlot;

interface MarkSlot {
  bytes: Buffer;
  length: number;
}

/** What its numbers may grow by before the slot of a mark has to be made anew. */
const SLOT_SPARE_BYTES = 64;

export function createLiveLines(): LiveLines {
  // Their texts alone: what is written down is asked for once, at the start of a process.
  const puts = createLinkedMap<string>();
  const marks = createLinkedMap<Mark>();
  const forget = (name: string): void => {
    puts.delete(name);
    // The put that took its place may never have come to the disk.
    if (marks.size > 0) marks.delete(name.slice(name.indexOf(':') + 1));
  };
  return {
    get size() {
      return puts.size + marks.size;
    },
    put(write, name = nameLedgerWrite(write)) {
      const text = encodeSpoolLine({ put: write });
      // The end of a call is what its marks were kept for.
      if (marks.size > 0) marks.delete(nameHold(write));
      puts.set(name, text);
      return text;
    },
    mark(write) {
      const text = encodeSpoolLine({ mark: write });
      const name = nameHold(write);
      const present = marks.get(name);
      if (present === undefined) marks.set(name, text);
      else if (typeof present === 'string' || !fillSlot(present, text)) marks.set(name, createSlot(text));
      return text;
    },
    forget,
    texts: () => puts.values().concat(marks.values().map(readMark)),
    writes: () => puts.values().map(readWrite),
    marks: () => marks.values().map((mark) => readWrite(readMark(mark))),
  };
}

function createSlot(text: string): MarkSlot {
  // Not out of the pool that Buffer shares among short-lived ones.
  const slot = { bytes: Buffer.allocUnsafeSlow(Buffer.byteLength(text) + SLOT_SPARE_BYTES), length: 0 };
  fillSlot(slot, text);
  return slot;
}

/** @returns whether it had the room; else it is as it was. */
function fillSlot(slot: MarkSlot, text: string): boolean {
  if (Buffer.byteLength(text) > slot.bytes.length) return false;
  slot.length = slot.bytes.write(text);
  return true;
}

function readMark(mark: Mark): string {
  return typeof mark === 'string' ? mark : mark.bytes.toString('utf8', 0, mark.length);
}

/** What a line of ours says. */
function readWrite(text: string): LedgerWrite {
  const line = decodeSpoolLine(text.slice(0, -1));
  if (line !== undefined && 'put' in line) return line.put;
  if (line !== undefined && 'mark' in line) return line.mark;
  throw new Error('a line of the spool does not read as it was written');
}

function nameHold({ command }: LedgerWrite): string {
  return `${command.accountId}:${command.holdId}`;
}

/** Reads a spool's text. Lines that cannot be read are `corrupt`, a torn last one among them. */
export function readLiveLines(text: string): { live: LiveLines; corrupt: string[] } {
  const live = createLiveLines();
  const corrupt: string[] = [];
  // Without its newline the last line was never finished: torn, unless only the newline is missing.
  for (const each of text.split('\n')) {
    if (each === '') continue;
    const line = decodeSpoolLine(each);
    if (line === undefined) corrupt.push(each);
    else if ('put' in line) live.put(line.put);
    else if ('mark' in line) live.mark(line.mark);
    else live.forget(line.acknowledged);
  }
  return { live, corrupt };
}
