import type { AppendFile } from '../../src/metering/append-file.ts';
import { readLiveLines } from '../../src/metering/live-lines.ts';
import { type OpenedSpool, openSpoolOn } from '../../src/metering/settle-spool.ts';
import type { Timers } from '../../src/metering/timers.ts';
import type { Mortal } from './mortal.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The disk of one place where a process runs, one after the other: what was appended outlasts the process. */
export interface MemoryDisk {
  text: string;
  /** While true nothing can be written. */
  isFull: boolean;
  /** Everything that was ever appended, for whoever judges. */
  readonly history: string[];
  /** @param timers by the clock of the process that opens it. */
  open(time: VirtualTime, life: Mortal, timers: Timers): Promise<OpenedSpool>;
  /** Lines that still count. */
  liveLines(): number;
}

const SYNC_MS = 4;

export function createMemoryDisk(): MemoryDisk {
  const disk: MemoryDisk = {
    text: '',
    isFull: false,
    history: [],
    liveLines: () => readLiveLines(disk.text).live.size,
    async open(time, life, timers) {
      const { live, corrupt } = readLiveLines(disk.text);
      const opened = await openSpoolOn(live, timers, async (lines) => {
        if (life.act()) disk.text = lines.join('');
        return createMemoryFile(disk, time, life);
      });
      return { ...opened, corruptLines: corrupt.length };
    },
  };
  return disk;
}

function createMemoryFile(disk: MemoryDisk, time: VirtualTime, life: Mortal): AppendFile {
  let tail: string | undefined;
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      time.after(SYNC_MS, () => {
        if (life.isAlive) resolve();
      });
    });
  return {
    get bytes() {
      return disk.text.length;
    },
    get isBeingReplaced() {
      return tail !== undefined;
    },
    append(lines) {
      if (!life.act()) return;
      if (disk.isFull) throw new Error('ENOSPC: no space left on device');
      disk.text += lines;
      disk.history.push(lines);
      if (tail !== undefined) tail += lines;
    },
    async sync() {
      await wait();
      if (disk.isFull) throw new Error('EIO: the disk does not answer');
    },
    clear() {
      if (life.act()) disk.text = '';
    },
    async replace(lines) {
      tail = '';
      await wait();
      if (life.act()) disk.text = lines.join('') + tail;
      tail = undefined;
    },
    close: wait,
  };
}
