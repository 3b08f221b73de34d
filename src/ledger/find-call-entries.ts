import type { JournalEntry } from '../domain/credit/credit-types.ts';
import { readIdTimeMs } from '../domain/hold-id.ts';
import { type CallName, CLOCK_SLACK_MS, findCharge } from './find-charge.ts';
import { findJournalPlace } from './find-journal-place.ts';
import type { Ledger } from './ledger.ts';

const PAGE = 500;
/** Entries looked through for what followed the call's end: refunds and corrections come days after, if at all. */
const AFTER_END_AT_MOST = 20_000;
/** A call that has not ended is looked for among so many entries from its beginning on. */
const OPEN_AT_MOST = 20_000;

/**
 * Everything that the journal says of one call, in sequence: its hold, what enlarged it, its end, and what was given
 * back or charged besides. Empty where no such call is known.
 */
export async function findCallEntries(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
  name: CallName,
): Promise<JournalEntry[]> {
  const end = await findCharge(ledger, accountId, name, 'any');
  const holdId = end?.holdId ?? ('holdId' in name ? name.holdId : undefined);
  const startedAtMs = holdId === undefined ? undefined : readIdTimeMs('hold', holdId);
  if (holdId === undefined || startedAtMs === undefined) return [];
  let after = await findJournalPlace(ledger, accountId, startedAtMs - CLOCK_SLACK_MS);
  const last = end === undefined ? after + OPEN_AT_MOST : end.sequence + AFTER_END_AT_MOST;
  const found: JournalEntry[] = [];
  while (after < last) {
    const entries = await ledger.readJournal(accountId, { afterSequence: after, limit: PAGE });
    found.push(...entries.filter((entry) => entry.subjectId === holdId || entry.terms?.holdId === holdId));
    if (entries.length < PAGE) break;
    after = entries.at(-1)?.sequence ?? last;
  }
  return found;
}
