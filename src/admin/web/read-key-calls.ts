import type { JournalEntry, JournalOperation } from '../../domain/credit/credit-types.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** How calls end, and what is given back or charged of them afterwards. */
const SHOWN: ReadonlySet<JournalOperation> = new Set(['settle', 'late', 'release', 'refund', 'charge']);
const PAGE = 500;
/** Entries read for one answer: a key that is seldom used among busy ones is shown page by page. */
const READ_AT_MOST = 10_000;

/** The latest calls of one key, newest first. */
export async function readKeyCalls(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
  { keyId, below, limit }: { keyId: string; below: number | undefined; limit: number },
): Promise<{ entries: JournalEntry[]; nextBelow: number | undefined }> {
  const newest = (await ledger.readBalance(accountId))?.sequence ?? 0;
  const entries: JournalEntry[] = [];
  let before = Math.min(below ?? newest + 1, newest + 1);
  for (let read = 0; before > 1 && read < READ_AT_MOST; read += PAGE) {
    const after = Math.max(0, before - 1 - PAGE);
    const page = await ledger.readJournal(accountId, { afterSequence: after, limit: before - 1 - after });
    for (const entry of page.toReversed()) {
      if (entry.sequence >= before || entry.details?.key_id !== keyId || !SHOWN.has(entry.operation)) continue;
      entries.push(entry);
      if (entries.length === limit) return { entries, nextBelow: entry.sequence };
    }
    // What comes before has been trimmed.
    if (page[0]?.sequence !== after + 1) return { entries, nextBelow: undefined };
    before = after + 1;
  }
  return { entries, nextBelow: before > 1 ? before : undefined };
}
