import { findJournalPlace } from '../ledger/find-journal-place.ts';
import { readFold } from '../ledger/journal-fold.ts';
import type { JournalSource } from '../ledger/journal-source.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  type AccountsQuestion,
  type AccountsRow,
  type AccountsRows,
  createAccountsRows,
  placeCall,
} from './accounts-rows.ts';
import { countEntry } from './count-entry.ts';

interface JournalParts {
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>;
  journal: Pick<JournalSource, 'readSnapshot'>;
}

/** `rows`: there would be too many. `entries`: too much happened then. `trimmed`: the journal begins later by now. */
export type MinutesRefusal = 'rows' | 'entries' | 'trimmed';

/** Entries read for one answer: some seconds of reading. */
const ENTRIES_AT_MOST = 100_000;
const PAGE = 500;

/**
 * Sums up many accounts by the minute. No sums are kept as fine as that: the journal is read, as far back as the
 * store has it, entry by entry as the sums by the hour count them.
 */
export async function sumMinutes(
  parts: JournalParts,
  question: AccountsQuestion,
  entriesAtMost = ENTRIES_AT_MOST,
): Promise<AccountsRow[] | MinutesRefusal> {
  const rows = createAccountsRows(question);
  let left = entriesAtMost;
  for (const account of question.accounts) {
    if (await isTrimmed(parts, account, question.fromMs)) return 'trimmed';
    left -= await addAccount(parts, account, question, rows, left);
    if (left < 0) return 'entries';
    if (rows.hasTooMany()) return 'rows';
  }
  return rows.list();
}

/** Entries of that time have left the store. */
async function isTrimmed({ journal }: JournalParts, account: string, fromMs: number): Promise<boolean> {
  const snapshot = await journal.readSnapshot(account);
  const lastMs = snapshot === undefined ? undefined : readFold(snapshot).books?.lastMs;
  return lastMs !== undefined && lastMs >= fromMs;
}

/** @returns how many entries were read: more than `atMost` where that did not do. */
async function addAccount(
  { ledger }: JournalParts,
  account: string,
  { fromMs, toMs }: AccountsQuestion,
  rows: AccountsRows,
  atMost: number,
): Promise<number> {
  let read = 0;
  let after = await findJournalPlace(ledger, account, fromMs);
  while (read <= atMost) {
    const entries = await ledger.readJournal(account, { afterSequence: after, limit: PAGE });
    for (const entry of entries) {
      if (entry.atMs >= toMs) return read;
      read += 1;
      const { usage, group } = countEntry(entry);
      if (usage !== undefined) rows.add(entry.atMs, placeCall(account, group), usage);
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return read;
    after = last.sequence;
  }
  return read;
}
