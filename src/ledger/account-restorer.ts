import { TOMBSTONE_LIFE_MS } from '../domain/credit/credit-limits.ts';
import type { JournalEntry, Tombstone } from '../domain/credit/credit-types.ts';
import { readTombstone } from '../domain/credit/fold-journal.ts';
import { readHoldTimeMs } from '../domain/hold-id.ts';
import type { JournalFold } from './journal-fold.ts';

/** An account as an export has it. */
export interface ExportedAccount {
  /** What stands in the place of the entries before the first; undefined: the first entry is the account's first. */
  snapshot: { sequence: number; books: string } | undefined;
  /** Those after the snapshot, contiguous. Can be gone through more than once. */
  entries: Iterable<JournalEntry>;
  /** Snapshot and entries. */
  fold: JournalFold;
}

/** Puts accounts into a store whole. For a restore; in everyday work the {@link Ledger} alone writes them. */
export interface AccountRestorer {
  /**
   * Puts the account in the place of what the store has of it, in one step: books, the entries given, and how lately
   * ended holds ended. All of it counts as exported.
   * @param presentSequence of the account in the store that is to give way; 0: there is none.
   * @returns `changed` when the store has another sequence; nothing is changed then.
   */
  restore(account: ExportedAccount, presentSequence: number): Promise<'restored' | 'changed'>;
}

const HOUR_MS = 3_600_000;

/** How an entry ended a hold, if a settle of that hold could still be accepted at `lastMs`, or within an hour of it. */
export function readRememberedEnd(
  entry: JournalEntry,
  lastMs: number,
): { holdId: string; idMs: number; tombstone: Tombstone } | undefined {
  const tombstone = readTombstone(entry);
  const idMs = tombstone === undefined ? undefined : readHoldTimeMs(entry.subjectId);
  if (tombstone === undefined || idMs === undefined || lastMs - idMs > TOMBSTONE_LIFE_MS + HOUR_MS) return undefined;
  return { holdId: entry.subjectId, idMs, tombstone };
}
