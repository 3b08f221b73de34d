import type { JournalEntry } from '../domain/credit/credit-types.ts';

/** One line of an export. A reader drops an entry or snapshot whose account and sequence it has already. */
export type ExportRecord =
  | ({ type: 'entry' } & JournalEntry)
  /** The account as of `sequence`: with the entries after it, it stands for all before. `books` is JSON text. */
  | { type: 'snapshot'; accountId: string; sequence: number; books: string }
  /** The store has no entries between these two. */
  | { type: 'gap'; accountId: string; afterSequence: number; nextSequence: number };

/** Where the journal is exported to. */
export interface JournalSink {
  /** Resolves when the records are safe there. Rejects otherwise; some may have arrived, and all are sent again. */
  write(records: readonly ExportRecord[]): Promise<void>;
  close(): Promise<void>;
}
