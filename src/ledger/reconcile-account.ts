import { findBrokenInvariants } from '../domain/credit/find-broken-invariants.ts';
import type { NanoUsd } from '../domain/money.ts';
import { type Difference, findDifferences, findDrift } from './find-differences.ts';
import { chargeOf, createFold, foldEntry, type JournalFold, readFold } from './journal-fold.ts';
import type { JournalSource } from './journal-source.ts';
import type { Ledger } from './ledger.ts';

/** What a reconciliation found. It changes nothing. */
export interface Reconciliation {
  accountId: string;
  /** The last entry of the journal, and of the books, that was looked at. */
  sequence: number;
  /** The snapshot that the fold began with; 0: the journal's first entry. */
  fromSequence: number;
  /** Entries folded. */
  entries: number;
  /** By how much the amounts of the account differ, all added up. */
  driftNanoUsd: NanoUsd;
  /** At most {@link DIFFERENCES_AT_MOST}; empty when all is right. */
  differences: Difference[];
  /** There are more than those. */
  truncated: boolean;
}

export const DIFFERENCES_AT_MOST = 200;
const PAGE = 1_000;
/** Entries may be trimmed while they are read; the next try begins with the snapshot that stands in their place. */
const TRIES = 3;

type Parts = { ledger: Pick<Ledger, 'readBooks' | 'readJournal'>; journal: Pick<JournalSource, 'readSnapshot'> };

/**
 * Proves an account: its journal is contiguous, the fold of the journal is the state that the store keeps, the charges
 * of the entries add up to what the account was charged, and the invariants hold on both sides. Reads in pages, so
 * that other work goes on between them, and compares as of one sequence, so that the account may be in use meanwhile.
 * @param pause awaited between two pages.
 * @returns undefined when the account has no books.
 */
export async function reconcileAccount(
  parts: Parts,
  accountId: string,
  pause?: () => Promise<void>,
): Promise<Reconciliation | undefined> {
  const books = await parts.ledger.readBooks(accountId);
  if (books === undefined) return undefined;
  let folded = await foldUpTo({ ...parts, pause }, accountId, books.sequence);
  for (let tries = 1; tries < TRIES && folded.missing !== undefined; tries += 1) {
    const again = await foldUpTo({ ...parts, pause }, accountId, books.sequence);
    if (again.fromSequence === folded.fromSequence) break;
    folded = again;
  }
  const { fold, fromSequence, entries, chargedNanoUsd } = folded;
  const differences: Difference[] = [];
  if (folded.missing !== undefined) differences.push(folded.missing);
  else {
    differences.push(...findDifferences(fold, books, { isWhole: fromSequence === 0 }));
    if (chargedNanoUsd !== books.chargedNanoUsd) {
      differences.push({ what: 'sum of charges', journal: `${chargedNanoUsd}`, store: `${books.chargedNanoUsd}` });
    }
    for (const broken of findBrokenInvariants(fold.books, fold.books.lastMs)) {
      differences.push({ what: 'invariant of the journal', journal: broken, store: null });
    }
  }
  for (const broken of findBrokenInvariants(books, books.lastMs)) {
    differences.push({ what: 'invariant of the store', journal: null, store: broken });
  }
  return {
    ...{ accountId, sequence: books.sequence, fromSequence, entries },
    driftNanoUsd: findDrift(fold.books, books),
    differences: differences.slice(0, DIFFERENCES_AT_MOST),
    truncated: differences.length > DIFFERENCES_AT_MOST,
  };
}

/** What is found of an account that is in the directory and has no books. */
export function describeLostBooks(accountId: string): Reconciliation {
  const lost = { what: 'books', journal: 'in the export: see "tollgate restore"', store: null };
  return {
    ...{ accountId, sequence: 0, fromSequence: 0, entries: 0, driftNanoUsd: 0n as NanoUsd },
    ...{ differences: [lost], truncated: false },
  };
}

interface Folded {
  fold: JournalFold;
  fromSequence: number;
  entries: number;
  /** What the entries, and the snapshot before them, charge. */
  chargedNanoUsd: NanoUsd;
  /** What ended the fold before its time. */
  missing?: Difference;
}

async function foldUpTo(
  { ledger, journal, pause }: Parts & { pause: (() => Promise<void>) | undefined },
  accountId: string,
  sequence: number,
): Promise<Folded> {
  const snapshot = await journal.readSnapshot(accountId);
  const fold = snapshot === undefined ? createFold(accountId) : readFold(snapshot);
  const fromSequence = fold.books.sequence;
  const folded: Folded = { fold, fromSequence, entries: 0, chargedNanoUsd: fold.books.chargedNanoUsd };
  // A trim since the books were read: the snapshot is ahead of them.
  if (fromSequence > sequence) return { ...folded, missing: missingAfter(sequence, `${fromSequence}`) };
  while (fold.books.sequence < sequence) {
    const limit = Math.min(PAGE, sequence - fold.books.sequence);
    const page = await ledger.readJournal(accountId, { afterSequence: fold.books.sequence, limit });
    if (page.length === 0) return { ...folded, missing: missingAfter(fold.books.sequence, 'none') };
    for (const entry of page) {
      if (entry.sequence !== fold.books.sequence + 1) {
        return { ...folded, missing: missingAfter(fold.books.sequence, `${entry.sequence}`) };
      }
      const impossible = tryFold(fold, entry);
      if (impossible !== undefined) return { ...folded, missing: impossible };
      folded.entries += 1;
      folded.chargedNanoUsd += chargeOf(entry);
    }
    await pause?.();
  }
  return folded;
}

function missingAfter(sequence: number, found: string): Difference {
  return { what: 'journal entry after a sequence', journal: found, store: `${sequence + 1}` };
}

function tryFold(fold: JournalFold, entry: Parameters<typeof foldEntry>[1]): Difference | undefined {
  try {
    foldEntry(fold, entry);
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { what: `journal entry ${entry.sequence}`, journal: error.message, store: null };
  }
}
