import type { Ledger } from './ledger.ts';

/** The sequence after which an account's entries are no older than the instant: they are in order of time. */
export async function findJournalPlace(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
  fromMs: number,
): Promise<number> {
  let low = 0;
  let high = (await ledger.readBalance(accountId))?.sequence ?? 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await ledger.readJournal(accountId, { afterSequence: middle, limit: 1 });
    if (entry === undefined || entry.atMs >= fromMs) high = middle;
    else low = entry.sequence;
  }
  return low;
}
