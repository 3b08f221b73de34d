import { close, closeSync, fdatasync, ftruncateSync, openSync, renameSync, rmSync, write, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** A file of lines to which lines are added. What fails throws, or rejects with, the disk's error. */
export interface AppendFile {
  /** Since it was last empty or written anew, about. */
  readonly bytes: number;
  readonly isBeingReplaced: boolean;
  /** Adds whole lines. They are with the operating system on return, and outlast this process. */
  append(lines: string): void;
  /** Resolves when everything appended so far is on the disk. Calls made together share one wait. */
  sync(): Promise<void>;
  /** Empties it. */
  clear(): void;
  /** Puts these lines, and what is appended meanwhile, in the place of all that is there. A crash leaves old or new. */
  replace(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

const syncData = promisify(fdatasync);
const writeBytes = promisify(write);
const closeFile = promisify(close);
/** Put together and written at a time when a file is written anew: of thousands of streams all are megabytes. */
const LINES_AT_ONCE = 256;

/** Opens a file with these lines and no others: written beside it first, then put in its place. */
export async function createAppendFile(path: string, lines: readonly string[]): Promise<AppendFile> {
  let file = -1;
  let bytes = 0;
  let torn = false;
  let tail: string | undefined;
  let replacing: Promise<void> | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const append = (added: string): void => {
    // After a write that failed half way (a full disk) the next line must not continue the torn one.
    const text = torn ? `\n${added}` : added;
    torn = true;
    writeWhole(file, text);
    torn = false;
    if (tail !== undefined) tail += added;
    bytes += text.length;
  };

  const writeAnew = async (all: readonly string[]): Promise<void> => {
    const old = file;
    tail = '';
    try {
      await writeBeside(path, all, (written, length) => {
        writeWhole(written, tail ?? '');
        renameSync(`${path}.new`, path);
        // At once, so that nothing is appended to the old one any more.
        file = written;
        bytes = length;
        torn = false;
      });
      await syncData(file);
      await syncFolder(dirname(path));
    } finally {
      tail = undefined;
      if (file !== old && old >= 0) {
        await running?.catch(() => undefined);
        await closeFile(old);
      }
    }
  };

  /** One that has begun does not cover what is appended later. */
  const sync = (): Promise<void> => {
    next ??= (async () => {
      await running?.catch(() => undefined);
      await replacing?.catch(() => undefined);
      next = undefined;
      running = syncData(file);
      await running;
    })();
    return next;
  };

  await writeAnew(lines);
  return {
    get bytes() {
      return bytes;
    },
    get isBeingReplaced() {
      return replacing !== undefined;
    },
    append,
    sync,
    clear() {
      ftruncateSync(file, 0);
      bytes = 0;
      torn = false;
    },
    replace(all) {
      const done = writeAnew(all).finally(() => {
        replacing = undefined;
      });
      replacing = done;
      return done;
    },
    async close() {
      await sync().finally(() => closeSync(file));
    },
  };
}

/**
 * @param finish called, without a wait before or after it, once the lines are on the disk under another name. `bytes`:
 * of them all.
 */
async function writeBeside(
  path: string,
  lines: readonly string[],
  finish: (file: number, bytes: number) => void,
): Promise<void> {
  rmSync(`${path}.new`, { force: true });
  const file = openSync(`${path}.new`, 'a', 0o600);
  try {
    const bytes = await writeAll(file, lines);
    await syncData(file);
    finish(file, bytes);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function writeWhole(file: number, text: string): void {
  if (text === '') return;
  // Most texts go at once, which needs no copy of them.
  const written = writeSync(file, text);
  if (written === Buffer.byteLength(text)) return;
  let rest = Buffer.from(text).subarray(written);
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}

/** Off the event loop. @returns how many bytes they are. */
async function writeAll(file: number, lines: readonly string[]): Promise<number> {
  let bytes = 0;
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE) {
    let rest: Uint8Array = Buffer.from(lines.slice(at, at + LINES_AT_ONCE).join(''));
    bytes += rest.length;
    while (rest.length > 0) rest = rest.subarray((await writeBytes(file, rest)).bytesWritten);
  }
  return bytes;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
