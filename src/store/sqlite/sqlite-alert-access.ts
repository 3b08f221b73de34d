import { AlertStoreUnavailable } from '../../alerts/alert-store.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

/** How the parts of the alert store reach the database. */
export interface SqliteAlertAccess {
  read<T>(work: () => T): Promise<T>;
  write<T>(work: () => T): Promise<T>;
}

export function createSqliteAlertAccess(database: Database): SqliteAlertAccess {
  const read = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      if (!isSqliteUnavailable(error)) throw error;
      throw new AlertStoreUnavailable('the embedded store cannot keep alerts', { cause: error });
    }
  };
  return { read, write: (work) => read(() => database.transaction(work)) };
}
