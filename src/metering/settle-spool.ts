import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type LedgerWrite, nameLedgerWrite } from './ledger-write.ts';
import { decodeSpoolLine, encodeSpoolLine, type SpoolLine } from './spool-line.ts';

/** Ledger writes that wait on disk for a store that did not answer. */
export interface SettleSpool {
  /** Resolves when the writes are on disk. Calls made together share one fsync. Rejects with the disk's error. */
  put(writes: readonly LedgerWrite[]): Promise<void>;
  /** Notes that these writes need not be sent again. A lost note costs one more send, which the ledger ignores. */
  acknowledge(names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedSpool {
  spool: SettleSpool;
  /** What was still waiting when the file was last written, in order. */
  waiting: LedgerWrite[];
  /** Lines that could not be read. They are kept in `<path>.corrupt` for the operator. */
  corruptLines: number;
}

/** Dead lines after which the file is written anew. */
const COMPACT_LINES = 4_096;

/**
 * Opens the spool, an append-only file of checksummed lines. A torn last line, left by a crash in the middle of a
 * write, is expected and cut off. The file must belong to this process alone.
 * @param path its folder is made when it is not there.
 */
export async function openSettleSpool(path: string): Promise<OpenedSpool> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { waiting, corrupt } = readLines(await readText(path));
  if (corrupt.length > 0) await appendWhole(`${path}.corrupt`, `${corrupt.join('\n')}\n`);
  const writes = [...waiting.values()];
  const file = await writeAnew(path, writes);
  await syncFolder(dirname(path));
  return { spool: createFileSpool(path, waiting, file), waiting: writes, corruptLines: corrupt.length };
}

function createFileSpool(path: string, waiting: Map<string, LedgerWrite>, firstFile: FileHandle): SettleSpool {
  let file = firstFile;
  let lines = waiting.size;
  let batch: { lines: SpoolLine[]; written: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  let torn = false;

  const write = async (batchLines: readonly SpoolLine[]): Promise<void> => {
    // After a write that failed half way (a full disk) the next line must not continue the torn one.
    const start = torn ? '\n' : '';
    torn = true;
    await file.appendFile(start + batchLines.map(encodeSpoolLine).join(''));
    await file.datasync();
    torn = false;
    lines += batchLines.length;
    for (const line of batchLines) apply(waiting, line);
    if (lines - waiting.size < COMPACT_LINES && !(waiting.size === 0 && lines > 0)) return;
    const old = file;
    file = await writeAnew(path, [...waiting.values()]);
    lines = waiting.size;
    await old.close();
    await syncFolder(dirname(path));
  };

  /** Lines that come while a write is under way go together in the next one. */
  const append = (added: readonly SpoolLine[]): Promise<void> => {
    if (batch !== undefined) {
      batch.lines.push(...added);
      return batch.written;
    }
    const next = { lines: [...added], written: Promise.resolve() };
    batch = next;
    next.written = last.then(() => {
      batch = undefined;
      return write(next.lines);
    });
    // A failed write is the business of those who wait for it; the next one is tried all the same.
    last = next.written.catch(() => undefined);
    return next.written;
  };

  return {
    put: (writes) => append(writes.map((put) => ({ put }))),
    acknowledge: (names) => append(names.map((acknowledged) => ({ acknowledged }))),
    async close() {
      await last;
      await file.close();
    },
  };
}

function apply(waiting: Map<string, LedgerWrite>, line: SpoolLine): void {
  if ('put' in line) waiting.set(nameLedgerWrite(line.put), line.put);
  else waiting.delete(line.acknowledged);
}

function readLines(text: string): { waiting: Map<string, LedgerWrite>; corrupt: string[] } {
  const waiting = new Map<string, LedgerWrite>();
  const corrupt: string[] = [];
  const lines = text.split('\n');
  const tail = lines.pop() ?? '';
  for (const text of lines) {
    if (text === '') continue;
    const line = decodeSpoolLine(text);
    if (line === undefined) corrupt.push(text);
    else apply(waiting, line);
  }
  // Without its newline the last line was never acknowledged to anybody: torn, unless only the newline is missing.
  const torn = decodeSpoolLine(tail);
  if (torn !== undefined) apply(waiting, torn);
  else if (tail !== '') corrupt.push(tail);
  return { waiting, corrupt };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Writes the file anew under another name and puts it in the place of the old one: a crash leaves one or the other.
 * The handle goes with the file. The rename is on disk once the folder is.
 */
async function writeAnew(path: string, writes: readonly LedgerWrite[]): Promise<FileHandle> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'a', 0o600);
  try {
    await file.appendFile(writes.map((put) => encodeSpoolLine({ put })).join(''));
    await file.datasync();
    await rename(temporary, path);
    return file;
  } catch (error) {
    // A handle left to the garbage collector would end the process.
    await file.close();
    throw error;
  }
}

async function appendWhole(path: string, text: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
