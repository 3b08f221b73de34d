import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AppendFile, createAppendFile } from './append-file.ts';
import type { LedgerWrite } from './ledger-write.ts';
import { type LiveLines, readLiveLines } from './live-lines.ts';
import { encodeSpoolLine } from './spool-line.ts';
import { systemTimers, type Timers } from './timers.ts';

/**
 * The ends of calls on disk, written ahead of their delivery. A line is with the operating system when its function
 * returns, so a process that is killed loses none; `sync` makes it outlast the machine. The functions throw, or reject
 * with, the disk's error.
 */
export interface SettleSpool {
  /**
   * The end of a hold, until acknowledged.
   * @param name of the write, where it is known.
   */
  put(write: LedgerWrite, name?: string): void;
  /** What is to be sent if this process ends before the call does. The next mark or put of its hold replaces it. */
  mark(write: LedgerWrite): void;
  /** Notes that these writes need not be sent again. A note that is lost costs one more send, which changes nothing. */
  acknowledge(names: readonly string[]): void;
  /** Resolves when every line so far is on the disk. Calls made together share one wait. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedSpool {
  spool: SettleSpool;
  /** What was still waiting when the file was last written, in order. */
  waiting: LedgerWrite[];
  /** The last marks of calls that never ended: their process did. */
  orphans: LedgerWrite[];
  /** Lines that could not be read. They are kept in `<path>.corrupt` for the operator. */
  corruptLines: number;
}

/** Acknowledgements wait for the next line, to be written with it, up to so many. */
const NOTES_AT_MOST = 64;
/** On a disk that takes nothing; the older ones are let go, and their writes are sent once more. */
const NOTES_KEPT = 256;
/** Dead lines after which the file is written anew, when they are also several times as many as those that count. */
const COMPACT_LINES = 4_096;
/** Of thousands of streams what counts is megabytes, and writing it anew costs more than to read the dead at a start. */
const DEAD_PER_LIVE = 4;
/** A file is cut at most so often: that costs the system more than a line does. */
const CLEAR_EVERY_MS = 20;
/** Up to this size the file is emptied on the spot; to cut a large one takes the system tens of milliseconds. */
const CLEAR_BYTES = 256 * 1_024;

/**
 * Opens the spool, an append-only file of checksummed lines. A torn last line, left by a crash in the middle of a
 * write, is expected and cut off. The file must belong to this process alone.
 * @param path its folder is made when it is not there.
 */
export async function openSettleSpool(path: string, timers: Timers = systemTimers): Promise<OpenedSpool> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { live, corrupt } = readLiveLines(await readText(path));
  if (corrupt.length > 0) await appendFile(`${path}.corrupt`, `${corrupt.join('\n')}\n`, { mode: 0o600, flush: true });
  const opened = await openSpoolOn(live, timers, (lines) => createAppendFile(path, lines));
  return { ...opened, corruptLines: corrupt.length };
}

/**
 * The spool on any file of lines.
 * @param createFile makes the file anew, with these lines and no others.
 */
export async function openSpoolOn(
  live: LiveLines,
  timers: Timers,
  createFile: (lines: readonly string[]) => Promise<AppendFile>,
): Promise<Omit<OpenedSpool, 'corruptLines'>> {
  const spool = createFileSpool(await createFile(live.texts()), live, timers);
  return { spool, waiting: live.writes(), orphans: live.marks() };
}

function createFileSpool(file: AppendFile, live: LiveLines, timers: Timers): SettleSpool {
  let lines = live.size;
  let notes: string[] = [];

  /** Notes that a full disk did not take are written with the next line. */
  const append = (text: string, added: number): void => {
    lines += added + notes.length;
    file.append(notes.length === 0 ? text : notes.map(encodeNote).join('') + text);
    notes = [];
    compact();
  };
  const writeNotes = (): void => {
    try {
      append('', 0);
    } finally {
      if (notes.length > NOTES_KEPT) notes = notes.slice(-NOTES_AT_MOST);
    }
  };
  const compact = (): void => {
    const dead = lines - live.size;
    if (file.isBeingReplaced || dead < COMPACT_LINES || dead < DEAD_PER_LIVE * live.size) return;
    // After a failure the old file goes on, and the next attempt comes when as much has been added.
    lines = live.size;
    file.replace(live.texts()).catch(() => undefined);
  };
  const clear = (): void => {
    if (file.bytes <= CLEAR_BYTES) file.clear();
    else file.replace([]).catch(() => undefined);
    notes = [];
    lines = 0;
  };
  const clearing = createSpacedClearing(timers, () => {
    // What counts again takes the notes with its next line.
    if (live.size > 0) return true;
    if (file.isBeingReplaced) return false;
    clear();
    return true;
  });
  return {
    put: (write, name) => append(live.put(write, name), 1),
    mark: (write) => append(live.mark(write), 1),
    acknowledge(names) {
      for (const name of names) {
        live.forget(name);
        notes.push(name);
      }
      // A file of which nothing counts needs no notes: it is emptied.
      if (live.size === 0) clearing.start();
      else if (notes.length >= NOTES_AT_MOST) writeNotes();
    },
    sync: () => file.sync(),
    async close() {
      clearing.stop();
      try {
        if (live.size === 0 && !file.isBeingReplaced) clear();
        else if (notes.length > 0) append('', 0);
      } finally {
        await file.close();
      }
    },
  };
}

function encodeNote(acknowledged: string): string {
  return encodeSpoolLine({ acknowledged });
}

/**
 * Empties at once, and then again no sooner than some time later: between two calls the file is emptied, and under load
 * it is not emptied after each.
 * @param clear answers whether it is done; if not, it is asked again.
 */
function createSpacedClearing(timers: Timers, clear: () => boolean): { start(): void; stop(): void } {
  let lastMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const run = (): void => {
    lastMs = timers.nowMs();
    if (!clear()) wait(CLEAR_EVERY_MS);
  };
  const wait = (delayMs: number): void => {
    cancel ??= timers.after(delayMs, () => {
      cancel = undefined;
      try {
        run();
      } catch {
        // A disk that fails is told of by whoever writes next; the file is emptied after the next acknowledgement.
      }
    });
  };
  return {
    start() {
      const sinceMs = timers.nowMs() - lastMs;
      // A clock that was set back makes nothing wait longer.
      if (sinceMs >= CLEAR_EVERY_MS || sinceMs < 0) run();
      else wait(CLEAR_EVERY_MS - sinceMs);
    },
    stop: () => cancel?.(),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
