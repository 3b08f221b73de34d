import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { Charge } from './find-charge.ts';
import type { Ledger } from './ledger.ts';

const PAGE = 500;
/** The journal is looked through from the charge on, no further than this. */
const ENTRIES_AT_MOST = 200_000;

/**
 * What corrections have made of a call's charge: to be added to it, below zero where they lowered it. The books keep
 * refunds and corrections of a call in one sum, only the journal tells them apart.
 */
export async function sumCorrections(
  ledger: Pick<Ledger, 'readJournal'>,
  accountId: string,
  { holdId, sequence }: Pick<Charge, 'holdId' | 'sequence'>,
): Promise<NanoUsd> {
  let sum = 0n;
  for (let after = sequence; after < sequence + ENTRIES_AT_MOST; ) {
    const entries = await ledger.readJournal(accountId, { afterSequence: after, limit: PAGE });
    for (const entry of entries) if (entry.terms?.holdId === holdId) sum += correctionOf(entry);
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) break;
    after = last.sequence;
  }
  return sum;
}

function correctionOf({ operation, subjectId, amountNanoUsd }: JournalEntry): NanoUsd {
  if (!subjectId.startsWith('correction_')) return 0n;
  return operation === 'charge' ? amountNanoUsd : -amountNanoUsd;
}
