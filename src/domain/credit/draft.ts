import { MAX_NANO_USD, type NanoUsd, smaller } from '../money.ts';
import { type AccountBooks, balanceOf, cellKey } from './account-books.ts';
import { findSpendable } from './burn-order.ts';
import type { EndDetails } from './credit-commands.ts';
import type {
  AccountBalance,
  CellChange,
  JournalEntry,
  JournalOperation,
  Posting,
  PostingKind,
} from './credit-types.ts';
import { applyPosting } from './post.ts';

/**
 * A transition in the making: what it has moved so far. Rules check everything first and post last, since a store
 * without roll-back runs the same rules.
 */
export interface Draft {
  readonly books: AccountBooks;
  /** The clamped instant of the transition. */
  readonly nowMs: number;
  readonly postings: Posting[];
  readonly cells: CellChange[];
}

/** A journal entry on its way into a store, which keeps its details as text. */
export type WrittenEntry = Omit<JournalEntry, 'details'> & { details?: EndDetails };

/** What a rule decided: the answer, and the journal entry when anything changed. */
export interface Decision<Reply> {
  reply: Reply;
  entry?: WrittenEntry;
}

/**
 * Starts a transition: clamps time, expires what is due and lets live credit repay debt.
 * Expiry happens inside the transition that needs the truth, not only on a timer.
 */
export function beginDraft(books: AccountBooks, nowMs: number): Draft {
  const draft: Draft = { books, nowMs: Math.max(books.lastMs, nowMs), postings: [], cells: [] };
  for (const grant of books.grants.values()) {
    if (grant.expiresAtMs <= draft.nowMs) post(draft, 'expire', grant.remainingNanoUsd, grant.grantId);
  }
  repayDebt(draft);
  return draft;
}

/** Moves an amount now and notes it for the journal. Zero moves nothing. */
export function post(draft: Draft, kind: PostingKind, amountNanoUsd: NanoUsd, grantId?: string): void {
  if (amountNanoUsd === 0n) return;
  const posting: Posting = grantId === undefined ? { kind, amountNanoUsd } : { kind, grantId, amountNanoUsd };
  applyPosting(draft.books, posting);
  draft.postings.push(posting);
}

/**
 * Changes a quota cell and notes it: what a transition does to a cell is one change, and a change of nothing is none. Use
 * stops at the most that every store can count, where the quota is long full: refunds free credit but no quota, so that
 * a call can be charged beyond it all the same.
 */
export function changeCell(draft: Draft, asked: CellChange): void {
  const countable = MAX_NANO_USD - (draft.books.cells.get(cellKey(asked))?.used ?? 0n);
  const change = { ...asked, used: smaller(asked.used, countable) };
  if (change.held === 0n && change.used === 0n) return;
  applyCellChange(draft.books, change);
  const noted = draft.cells.find(({ quotaId, window }) => quotaId === change.quotaId && window === change.window);
  if (noted === undefined) draft.cells.push(change);
  else {
    noted.held += change.held;
    noted.used += change.used;
  }
}

export function applyCellChange(books: AccountBooks, change: CellChange): void {
  const cell = books.cells.get(cellKey(change)) ?? { used: 0n, held: 0n };
  cell.used += change.used;
  cell.held += change.held;
  if (cell.held < 0n) throw new RangeError(`quota cell ${cellKey(change)} would hold below zero`);
  books.cells.set(cellKey(change), cell);
}

/**
 * Debt is repaid first by any credit that can be spent, whatever its model scope. Hence: while an account owes,
 * it has nothing to spend.
 */
export function repayDebt(draft: Draft): void {
  if (draft.books.debtNanoUsd === 0n) return;
  for (const grant of findSpendable(draft.books, draft.nowMs)) {
    const amount = smaller(grant.remainingNanoUsd, draft.books.debtNanoUsd);
    post(draft, 'repay', amount, grant.grantId);
  }
}

export interface EntryFacts {
  operation: JournalOperation;
  subjectId: string;
  amountNanoUsd?: NanoUsd;
  terms?: NonNullable<JournalEntry['terms']>;
  details?: EndDetails | undefined;
}

/**
 * Ends a transition that took effect, with one journal entry.
 * The reply is built last, so that a balance in it is the one after the transition.
 */
export function commitDraft<Reply>(
  draft: Draft,
  facts: EntryFacts,
  reply: (balance: AccountBalance) => Reply,
): Decision<Reply> {
  repayDebt(draft);
  const entry = makeEntry(draft, facts);
  return { reply: reply(balanceOf(draft.books, draft.nowMs)), entry };
}

/** Ends a transition that was refused or repeated: only what was due by time is journalled, as a tick. */
export function answerDraft<Reply>(draft: Draft, reply: (balance: AccountBalance) => Reply): Decision<Reply> {
  if (draft.postings.length === 0) return { reply: reply(balanceOf(draft.books, draft.nowMs)) };
  const entry = makeEntry(draft, { operation: 'tick', subjectId: draft.books.accountId });
  return { reply: reply(balanceOf(draft.books, draft.nowMs)), entry };
}

function makeEntry(draft: Draft, facts: EntryFacts): WrittenEntry {
  draft.books.sequence += 1;
  draft.books.lastMs = draft.nowMs;
  return {
    accountId: draft.books.accountId,
    sequence: draft.books.sequence,
    atMs: draft.nowMs,
    operation: facts.operation,
    subjectId: facts.subjectId,
    postings: draft.postings,
    cells: draft.cells,
    amountNanoUsd: facts.amountNanoUsd ?? 0n,
    ...(facts.terms === undefined ? {} : { terms: facts.terms }),
    ...(facts.details === undefined ? {} : { details: facts.details }),
  };
}
