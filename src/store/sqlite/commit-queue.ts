import { LedgerUnavailable } from '../../ledger/ledger.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

/** Transitions that share one commit at most: bounds how long a batch can block the event loop. */
const BATCH_LIMIT = 64;
/** Transitions waiting at most. Above it the store is as good as down: fail closed rather than grow. */
const QUEUE_LIMIT = 10_000;

interface Job {
  work: () => unknown;
  /** It goes by what the batch shares; others find all of that in the tables. */
  shares: boolean;
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
  /** The same for a transition that reads and writes what the batch shares. It may be run twice: once in vain. */
  runShared<T>(work: () => T): Promise<T>;
}

/** What transitions of one batch share, so that it is read and written once. */
export interface Shared {
  /** Writes it to the tables. */
  flush(): void;
  /** Forgets it, written or not. */
  forget(): void;
}

export function createCommitQueue(database: Database, shared: Shared): CommitQueue {
  const waiting: Job[] = [];
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    const batch = waiting.splice(0, BATCH_LIMIT);
    if (waiting.length > 0) schedule();
    commitBatch(database, shared, batch);
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  const add = <T>(work: () => T, shares: boolean): Promise<T> => {
    if (waiting.length >= QUEUE_LIMIT) {
      return Promise.reject(new LedgerUnavailable('the embedded store has too many transitions waiting'));
    }
    return new Promise<T>((resolve, reject) => {
      waiting.push({ work, shares, resolve: (value) => resolve(value as T), reject });
      schedule();
    });
  };
  return { run: (work) => add(work, false), runShared: (work) => add(work, true) };
}

interface Outcome {
  error?: unknown;
  value?: unknown;
}

function commitBatch(database: Database, shared: Shared, batch: readonly Job[]): void {
  let outcomes: Outcome[];
  try {
    outcomes = runTogether(database, shared, batch) ?? runOneByOne(database, shared, batch);
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

/** @returns undefined when one of them failed, and with it all: nothing of them is left. */
function runTogether(database: Database, shared: Shared, batch: readonly Job[]): Outcome[] | undefined {
  try {
    return database.transaction(() => {
      const outcomes = batch.map(({ work, shares }) => {
        if (!shares) settle(shared);
        return { value: work() };
      });
      settle(shared);
      return outcomes;
    });
  } catch (error) {
    if (isSqliteUnavailable(error)) throw error;
    return undefined;
  } finally {
    shared.forget();
  }
}

function settle(shared: Shared): void {
  shared.flush();
  shared.forget();
}

function runOneByOne(database: Database, shared: Shared, batch: readonly Job[]): Outcome[] {
  return database.transaction(() => batch.map((job) => runAlone(database, shared, job)));
}

/** One transition in a savepoint: a fault in it undoes it alone and leaves its neighbours in the batch. */
function runAlone(database: Database, shared: Shared, job: Job): Outcome {
  database.connection.exec('SAVEPOINT transition');
  try {
    const value = job.work();
    shared.flush();
    database.connection.exec('RELEASE transition');
    return { value };
  } catch (error) {
    // The whole transaction is gone when SQLite itself ended it (disk full, I/O error): fail the batch.
    if (!database.connection.isTransaction || isSqliteUnavailable(error)) throw error;
    database.connection.exec('ROLLBACK TO transition');
    database.connection.exec('RELEASE transition');
    return { error };
  } finally {
    shared.forget();
  }
}

/** A store that cannot serve is unavailable; anything else is passed on as it is. */
export function toLedgerFault(error: unknown): unknown {
  if (!isSqliteUnavailable(error)) return error;
  return new LedgerUnavailable('the embedded store cannot take the transition', { cause: error });
}
