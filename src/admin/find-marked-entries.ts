import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Entries that somebody may have to look at. */
export const ENTRY_MARKS = ['estimated', 'absurd', 'unknown', 'doubtful'] as const;
export type EntryMark = (typeof ENTRY_MARKS)[number];

/** Entries read for one answer at most. */
const READ_AT_MOST = 20_000;
const PAGE = 1_000;

export interface MarkedEntries {
  entries: JournalEntry[];
  /** Where to go on; undefined at the journal's end. */
  nextAfter: number | undefined;
}

/** Looks through the journal from a sequence on, as far as one answer may take. */
export async function findMarkedEntries(
  ledger: Pick<Ledger, 'readJournal'>,
  accountId: string,
  mark: EntryMark,
  { after, limit }: { after: number; limit: number },
): Promise<MarkedEntries> {
  const entries: JournalEntry[] = [];
  let last = after;
  for (let read = 0; read < READ_AT_MOST; read += PAGE) {
    const page = await ledger.readJournal(accountId, { afterSequence: last, limit: PAGE });
    for (const entry of page) {
      last = entry.sequence;
      if (!isMarked(entry, mark)) continue;
      entries.push(entry);
      if (entries.length === limit) return { entries, nextAfter: last };
    }
    if (page.length < PAGE) return { entries, nextAfter: undefined };
  }
  return { entries, nextAfter: last };
}

function isMarked({ details = {} }: JournalEntry, mark: EntryMark): boolean {
  switch (mark) {
    case 'estimated':
      return details.basis === 'estimated';
    case 'absurd':
      return Array.isArray(details.doubts) && details.doubts.includes('usage_absurd');
    case 'unknown':
      return details.unknown_usage !== undefined;
    case 'doubtful':
      return details.doubtful === true;
  }
}
