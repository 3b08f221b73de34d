import { LedgerUnavailable } from '../../ledger/ledger.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

/** Transitions that share one commit at most: bounds how long a batch can block the event loop. */
const BATCH_LIMIT = 64;
/** Transitions waiting at most. Above it the store is as good as down: fail closed rather than grow. */
const QUEUE_LIMIT = 10_000;

interface Job {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Runs transitions in order, each atomic by itself, many in one commit: what arrives while a commit is on its way to
 * the disk shares the next one, so that the cost of a disk flush is divided by the load.
 * A promise resolves only after its commit.
 */
export interface CommitQueue {
  run<T>(work: () => T): Promise<T>;
}

export function createCommitQueue(database: Database): CommitQueue {
  const waiting: Job[] = [];
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    const batch = waiting.splice(0, BATCH_LIMIT);
    if (waiting.length > 0) schedule();
    commitBatch(database, batch);
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  return {
    run<T>(work: () => T): Promise<T> {
      if (waiting.length >= QUEUE_LIMIT) {
        return Promise.reject(new LedgerUnavailable('the embedded store has too many transitions waiting'));
      }
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: (value) => resolve(value as T), reject });
        schedule();
      });
    },
  };
}

function commitBatch(database: Database, batch: readonly Job[]): void {
  const outcomes: { error?: unknown; value?: unknown }[] = [];
  try {
    database.transaction(() => {
      for (const job of batch) outcomes.push(runJob(database, job));
    });
  } catch (error) {
    const fault = toLedgerFault(error);
    for (const job of batch) job.reject(fault);
    return;
  }
  batch.forEach((job, index) => {
    const outcome = outcomes[index] ?? {};
    if ('error' in outcome) job.reject(toLedgerFault(outcome.error));
    else job.resolve(outcome.value);
  });
}

/** One transition in a savepoint: a fault in it undoes it alone and leaves its neighbours in the batch. */
function runJob(database: Database, job: Job): { error?: unknown; value?: unknown } {
  database.connection.exec('SAVEPOINT transition');
  try {
    const value = job.work();
    database.connection.exec('RELEASE transition');
    return { value };
  } catch (error) {
    // The whole transaction is gone when SQLite itself ended it (disk full, I/O error): fail the batch.
    if (!database.connection.isTransaction || isSqliteUnavailable(error)) throw error;
    database.connection.exec('ROLLBACK TO transition');
    database.connection.exec('RELEASE transition');
    return { error };
  }
}

/** A store that cannot serve is unavailable; anything else is passed on as it is. */
export function toLedgerFault(error: unknown): unknown {
  if (!isSqliteUnavailable(error)) return error;
  return new LedgerUnavailable('the embedded store cannot take the transition', { cause: error });
}
