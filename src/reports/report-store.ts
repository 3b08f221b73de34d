import type { ReportedPage } from './reported-entry.ts';

/**
 * Sums over the journal, kept so that a report need not read it. A page holds cells by name: `usage` and `sessions` one
 * page per day, by the days since 1970 (UTC) in which the cell begins; `keys` one per month, by the day in which that
 * begins; `statements` one page for good.
 */
export type ReportPage = { kind: 'usage' | 'sessions' | 'keys'; day: number } | { kind: 'statements' };

/** Cell name to its counts as text. */
export type Cells = Map<string, string>;

/** What a write changes, as of one step of the fold. */
export interface ReportChange {
  /** The entry up to which the cells were folded; the write is refused when that is no longer so. */
  fromSequence: number;
  toSequence: number;
  pages: readonly { page: ReportPage; cells: Cells }[];
}

/**
 * Where the sums are kept: with the account's money. Nothing in it is a source; without it the journal is folded anew.
 * Faults are those of the Ledger.
 */
export interface ReportStore {
  /** The entry up to which the journal is folded; 0: none. */
  readProgress(accountId: string): Promise<number>;
  /** The part of the journal after an entry, at most `limit` entries; undefined: there are none. */
  readEntries(accountId: string, page: { afterSequence: number; limit: number }): Promise<ReportedPage | undefined>;
  /** The cells of these names that there are, and how many the page has in all. */
  readCells(accountId: string, page: ReportPage, names: readonly string[]): Promise<{ cells: Cells; count: number }>;
  /** Every cell of the days, the last one included. */
  readDays(accountId: string, kind: 'usage' | 'sessions', days: { from: number; to: number }): Promise<Cells>;
  readStatements(accountId: string): Promise<Cells>;
  /**
   * Puts the cells in place and moves the progress, in one step.
   * @returns false, and nothing is changed, when another process has moved it.
   */
  write(accountId: string, change: ReportChange): Promise<boolean>;
  /** Forgets all of the account, to fold it anew, unless its progress is another than `fromSequence` by now. */
  forget(accountId: string, fromSequence: number): Promise<void>;
}

/** Days of usage are kept for so long where room is dear; statements for good. */
export const USAGE_LIFE_DAYS = 400;
