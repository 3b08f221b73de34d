import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openSettleSpool } from './settle-spool.ts';

const WORKER_FOLDER = /^worker-(\d{1,3})$/;
export const SPOOL_FILE = 'settle-spool.jsonl';

/** Where a worker keeps what is its own: its spool, its uploads. */
export function workerFolder(dataFolder: string, index: number): string {
  return join(dataFolder, `worker-${index}`);
}

/**
 * Takes over what workers that are not started any more have left in their spools: their ends of calls are put into the
 * spool of this process, which is not open yet. A crash in between leaves an end in both, which is charged once.
 * @param workers those with an index up to it are started and keep theirs.
 * @returns the ends taken over.
 */
export async function adoptSpools(dataFolder: string, workers: number): Promise<number> {
  const paths = readdirSync(dataFolder)
    .filter((name) => Number(WORKER_FOLDER.exec(name)?.[1] ?? 0) > workers)
    .map((name) => join(dataFolder, name, SPOOL_FILE))
    .filter((path) => existsSync(path));
  if (paths.length === 0) return 0;
  const own = await openSettleSpool(join(dataFolder, SPOOL_FILE));
  let adopted = 0;
  try {
    for (const path of paths) {
      const left = await openSettleSpool(path);
      for (const write of left.waiting) own.spool.put(write);
      for (const write of left.orphans) own.spool.mark(write);
      adopted += left.waiting.length + left.orphans.length;
      await own.spool.sync();
      await left.spool.close();
      // Lines that could not be read stay beside it, for the operator.
      rmSync(path);
    }
  } finally {
    await own.spool.close();
  }
  return adopted;
}
