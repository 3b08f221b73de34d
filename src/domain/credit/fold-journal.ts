import { type AccountBooks, createBooks } from './account-books.ts';
import type { AccountMode, AccountStatus, GrantKind, HoldState, JournalEntry, Tombstone } from './credit-types.ts';
import { applyCellChange } from './draft.ts';
import { applyReloadEntry } from './fold-reload.ts';
import { createGrant } from './grant-rules.ts';
import { addAllocation, addCellShare } from './hold-rules.ts';
import { applyPosting, findGrant } from './post.ts';
import { addRefund } from './refund-rules.ts';

/**
 * Rebuilds an account from its journal. The state of an account is this fold; a store that disagrees with it is wrong.
 * Leases are not in the journal: a rebuilt hold carries the deadline it was made with.
 * @throws RangeError on a gap in the sequence or an impossible posting.
 */
export function foldJournal(accountId: string, entries: Iterable<JournalEntry>): AccountBooks {
  const books = createBooks(accountId);
  for (const entry of entries) applyEntry(books, entry);
  return books;
}

export function applyEntry(books: AccountBooks, entry: JournalEntry): void {
  if (entry.sequence !== books.sequence + 1) {
    throw new RangeError(`journal of ${books.accountId} jumps from ${books.sequence} to ${entry.sequence}`);
  }
  books.sequence = entry.sequence;
  books.lastMs = entry.atMs;
  applyTerms(books, entry);
  for (const posting of entry.postings) applyPosting(books, posting);
  for (const change of entry.cells) applyCellChange(books, change);
  applyToHold(books, entry);
}

function applyTerms(books: AccountBooks, entry: JournalEntry): void {
  const terms = entry.terms ?? {};
  if (entry.operation === 'grant') {
    const ordinal = Number(terms.ordinal);
    books.grantCount = ordinal;
    const created = createGrant(
      {
        grantId: entry.subjectId,
        kind: terms.kind as GrantKind,
        priority: Number(terms.priority),
        effectiveAtMs: Number(terms.effectiveAtMs),
        expiresAtMs: Number(terms.expiresAtMs),
        ...(Array.isArray(terms.models) ? { models: terms.models as string[] } : {}),
      },
      ordinal,
    );
    books.grants.set(entry.subjectId, created);
  }
  applyReloadEntry(books, entry);
  if (entry.operation === 'void') findGrant(books, entry.subjectId).voided = true;
  if (entry.operation === 'refund' || entry.operation === 'charge') {
    const amountNanoUsd = entry.operation === 'refund' ? entry.amountNanoUsd : -entry.amountNanoUsd;
    addRefund(books, entry.subjectId, { holdId: String(terms.holdId), amountNanoUsd });
  }
  if (entry.operation === 'open' || entry.operation === 'policy' || entry.operation === 'close') {
    books.status = terms.status as AccountStatus;
    books.mode = terms.mode as AccountMode;
    books.creditLimitNanoUsd = BigInt(String(terms.creditLimitNanoUsd));
  }
}

const TOMBSTONES: Partial<Record<JournalEntry['operation'], Tombstone['state']>> = {
  settle: 'settled',
  late: 'late',
  release: 'released',
  reclaim: 'reclaimed',
};

function applyToHold(books: AccountBooks, entry: JournalEntry): void {
  if (entry.operation === 'hold' || entry.operation === 'extend') enlargeHold(books, entry);
  const tombstone = readTombstone(entry);
  if (tombstone === undefined) return;
  books.holds.delete(entry.subjectId);
  books.tombstones.set(entry.subjectId, tombstone);
}

/** How an entry ended the hold that is its subject; undefined for an entry that ends none. */
export function readTombstone({ operation, amountNanoUsd, atMs }: JournalEntry): Tombstone | undefined {
  const state = TOMBSTONES[operation];
  if (state === undefined) return undefined;
  return { state, amountNanoUsd: state === 'settled' || state === 'late' ? amountNanoUsd : 0n, atMs };
}

function enlargeHold(books: AccountBooks, entry: JournalEntry): void {
  const target: HoldState = books.holds.get(entry.subjectId) ?? {
    holdId: entry.subjectId,
    amountNanoUsd: 0n,
    deadlineMs: Number(entry.terms?.deadlineMs),
    createdAtMs: entry.atMs,
    allocations: [],
    debtHeldNanoUsd: 0n,
    cells: [],
  };
  for (const posting of entry.postings) {
    if (posting.kind === 'hold' && posting.grantId !== undefined) {
      addAllocation(target, posting.grantId, posting.amountNanoUsd);
    }
    if (posting.kind === 'debt_hold') target.debtHeldNanoUsd += posting.amountNanoUsd;
  }
  for (const { quotaId, window, held } of entry.cells) addCellShare(target, quotaId, window, held);
  target.amountNanoUsd += entry.amountNanoUsd;
  books.holds.set(target.holdId, target);
}
