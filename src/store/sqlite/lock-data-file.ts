import { DatabaseSync } from 'node:sqlite';
import { SQLITE_BUSY, sqliteErrorCode } from './sqlite-fault.ts';

/** Another process has the data folder open. */
export class DataFolderInUse extends Error {
  readonly code = 'DATA_FOLDER_IN_USE';
  override readonly name = 'DataFolderInUse';
}

/** Locks in force. A lock that nothing refers to would be collected as garbage, and with it given up. */
const heldLocks = new Set<DatabaseSync>();

/**
 * Makes this process the only one that opens `dataPath`, by an exclusive transaction on an empty database beside it.
 * The operating system drops the lock when the process ends, however it ends, so no stale lock can remain.
 */
export function lockDataFile(dataPath: string): { release(): void } {
  const lock = new DatabaseSync(`${dataPath}.lock`);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (sqliteErrorCode(error) !== SQLITE_BUSY) throw error;
    throw new DataFolderInUse(
      `${dataPath} is open in another Tollgate process. Stop that one, or give this one another DATA_DIR; ` +
        'several processes need Redis (REDIS_URL).',
      { cause: error },
    );
  }
  heldLocks.add(lock);
  return {
    release: () => {
      lock.close();
      heldLocks.delete(lock);
    },
  };
}
