import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportRecord, JournalSink } from './journal-sink.ts';

export interface FileSinkOptions {
  /** Made when it is missing. */
  folder: string;
  nowMs: () => number;
  /** A file is ended when it has so many bytes or is so old. */
  fileBytesAtMost?: number;
  fileLifeMs?: number;
}

const FILE_BYTES = 64 * 1024 * 1024;
const FILE_LIFE_MS = 86_400_000;
const NAMES_TRIED = 1_000;

/**
 * Writes the journal as lines of JSON into files of one folder, `journal-<time>-<number>.jsonl`; a name sorts after
 * those before it. A batch is on disk before it counts as written. A file is never opened again: after a failure or a
 * restart a new one begins, and a last line without its newline is torn and comes again in a later file.
 */
export function createFileSink(options: FileSinkOptions): JournalSink {
  const { folder, nowMs, fileBytesAtMost = FILE_BYTES, fileLifeMs = FILE_LIFE_MS } = options;
  let current: { file: FileHandle; bytes: number; openedAtMs: number } | undefined;

  const end = async (): Promise<void> => {
    const ended = current;
    current = undefined;
    await ended?.file.close();
  };

  return {
    async write(records) {
      if (records.length === 0) return;
      const isFull = current !== undefined && current.bytes >= fileBytesAtMost;
      const isOld = current !== undefined && nowMs() - current.openedAtMs >= fileLifeMs;
      if (isFull || isOld) await end();
      current ??= { file: await openNext(folder, nowMs()), bytes: 0, openedAtMs: nowMs() };
      const text = Buffer.from(records.map(writeLine).join(''));
      try {
        await current.file.appendFile(text);
        await current.file.datasync();
        current.bytes += text.length;
      } catch (error) {
        await end();
        throw error;
      }
    },
    close: end,
  };
}

/** Amounts are decimal strings in nano-dollars. */
function writeLine(record: ExportRecord): string {
  const { type, ...rest } = record;
  const line = { type, ...rest, ...(type === 'snapshot' ? { books: JSON.parse(record.books) as unknown } : {}) };
  return `${JSON.stringify(line, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`;
}

async function openNext(folder: string, atMs: number): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const time = new Date(atMs).toISOString().replaceAll(/[-:.]/g, '');
  for (let number = 1; number <= NAMES_TRIED; number += 1) {
    const path = join(folder, `journal-${time}-${number.toString().padStart(4, '0')}.jsonl`);
    try {
      const file = await open(path, 'ax', 0o600);
      await syncFolder(folder);
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${folder} has ${NAMES_TRIED} export files of the same instant`);
}

/** A new name is on disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
