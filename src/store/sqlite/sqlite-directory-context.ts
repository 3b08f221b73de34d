import type { ChangeListeners } from '../../directory/change-listeners.ts';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import { createDirectoryTables, type DirectoryTables } from './directory-tables.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

/** What the parts of the directory share. */
export interface SqliteDirectoryContext {
  tables: DirectoryTables;
  /** Runs a read; a store that cannot serve becomes {@link DirectoryUnavailable}. */
  read<T>(work: () => T): Promise<T>;
  /** The same in a write transaction. Afterwards `accountId`'s change is announced if `work` says that it made one. */
  write<T>(accountId: string, work: () => T, changed: (result: T) => boolean): Promise<T>;
}

export function createSqliteDirectoryContext(database: Database, listeners: ChangeListeners): SqliteDirectoryContext {
  const read = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      if (!isSqliteUnavailable(error)) throw error;
      throw new DirectoryUnavailable('the embedded store does not take the command', { cause: error });
    }
  };
  return {
    tables: createDirectoryTables(database.connection),
    read,
    write: async (accountId, work, changed) => {
      const result = await read(() => database.transaction(work));
      if (changed(result)) listeners.announce(accountId);
      return result;
    },
  };
}
