import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Keeps a batch, or an uploaded file, on disk from its client's first byte until it has been sent on. */
export interface BatchFile {
  append(chunk: Uint8Array): Promise<void>;
  readonly bytes: number;
  /** From the first byte to the last. */
  read(): Readable;
  /** Gives the disk back. */
  close(): Promise<void>;
}

export interface BatchFolder {
  /** @param name of its own for each. */
  create(name: string): Promise<BatchFile>;
}

/** Of the reads that feed the upstream. */
const READ_BYTES = 256 * 1_024;

/**
 * A folder for batches that are being read; the process's own. A file is unlinked as soon as it is open, so that
 * nothing of it is left however the process ends; what an end between the two has left is removed here.
 * @param path made when it is not there.
 */
export function openBatchFolder(path: string): BatchFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const left of readdirSync(path)) rmSync(join(path, left), { recursive: true, force: true });
  return {
    async create(name) {
      const filePath = join(path, name);
      const handle = await open(filePath, 'wx+', 0o600);
      await unlink(filePath);
      return createBatchFile(handle);
    },
  };
}

function createBatchFile(handle: FileHandle): BatchFile {
  let bytes = 0;
  return {
    async append(chunk) {
      await handle.writeFile(chunk);
      bytes += chunk.byteLength;
    },
    get bytes() {
      return bytes;
    },
    read: () => handle.createReadStream({ start: 0, autoClose: false, highWaterMark: READ_BYTES }),
    close: () => handle.close(),
  };
}
