import type { JournalEntry } from '../domain/credit/credit-types.ts';

/**
 * What the sums need of a journal entry. `postings`: at least those that grant, expire or void, whatever the operation,
 * since what is due by time is done in the entry of whatever comes next.
 */
export type ReportedEntry = Pick<
  JournalEntry,
  'sequence' | 'atMs' | 'operation' | 'amountNanoUsd' | 'postings' | 'details'
>;

/**
 * A stretch of a journal. Entries that only set credit aside or let it go count nothing, and are left out: of two
 * entries that a call writes that is one.
 */
export interface ReportedPage {
  /** The first entry there is in it, and the last, whether left out or not. */
  firstSequence: number;
  lastSequence: number;
  entries: ReportedEntry[];
}
