import type { BatchRecord } from './batch-record.ts';

export type { BatchCell, BatchHold, BatchRecord } from './batch-record.ts';

/** A page of what an account has stored upstream, newest first. Both cursors are the upstream's ids. */
export interface StoredPage {
  /** At least one. */
  limit: number;
  /** What follows this one. */
  afterId?: string;
  /** What stands right before this one. Not together with `afterId`. */
  beforeId?: string;
}

export interface StoredList<T> {
  entries: T[];
  /** There is more in the direction of the page. */
  hasMore: boolean;
}

/**
 * Whose the batches and files are that lie with the upstream, which knows one customer only: the operator. Durable,
 * shared by all processes of a store.
 *
 * Every write is idempotent. A store that does not answer is a `DirectoryUnavailable` fault.
 */
export interface StoredRegistry {
  /** Keeps a batch that is about to be created. It is due at an instant, as all that are not settled. */
  addBatch(record: BatchRecord, dueAtMs: number): Promise<void>;
  /**
   * Notes the upstream's id of a batch, or of another by the same record, and with it the state `open`.
   * @returns `taken`: that upstream batch is another record's. `gone`: the record is not there.
   */
  openBatch(record: BatchRecord & { upstreamId: string }, dueAtMs: number): Promise<'opened' | 'taken' | 'gone'>;
  findBatch(upstreamId: string): Promise<BatchRecord | undefined>;
  /** Those opened and not adopted. @returns undefined where the cursor is none of the account's. */
  listBatches(accountId: string, page: StoredPage): Promise<StoredList<string> | undefined>;
  /** Takes batches that are due, which nobody else gets before `untilMs`. */
  claimDueBatches(claim: { nowMs: number; untilMs: number; limit: number }): Promise<BatchRecord[]>;
  /** Makes an unsettled batch due at another instant. */
  postponeBatch(id: string, dueAtMs: number): Promise<void>;
  /** Notes that a batch is charged. It stays, for its owner. */
  settleBatch(record: BatchRecord): Promise<void>;
  removeBatch(record: BatchRecord): Promise<void>;

  addFile(accountId: string, fileId: string): Promise<void>;
  removeFile(accountId: string, fileId: string): Promise<void>;
  /** The first of these files that is not the account's. */
  findForeignFile(accountId: string, fileIds: readonly string[]): Promise<string | undefined>;
  listFiles(accountId: string, page: StoredPage): Promise<StoredList<string> | undefined>;
}
