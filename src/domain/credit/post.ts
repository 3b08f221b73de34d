import type { NanoUsd } from '../money.ts';
import type { AccountBooks, GrantTotals } from './account-books.ts';
import type { GrantState, Posting, PostingKind } from './credit-types.ts';

type Pocket = keyof GrantTotals & keyof GrantState;

/** What each kind of posting moves. One table, so that a rule, a fold and a reader of the journal agree. */
const MOVES: Record<PostingKind, { from?: Pocket; to?: Pocket; debt?: 1 | -1; charged?: 1 | -1; debtHeld?: 1 | -1 }> = {
  grant: { to: 'remainingNanoUsd' },
  hold: { from: 'remainingNanoUsd', to: 'heldNanoUsd' },
  settle: { from: 'heldNanoUsd', to: 'spentNanoUsd', charged: 1 },
  unhold: { from: 'heldNanoUsd', to: 'remainingNanoUsd' },
  draw: { from: 'remainingNanoUsd', to: 'spentNanoUsd', charged: 1 },
  expire: { from: 'remainingNanoUsd', to: 'expiredNanoUsd' },
  void: { from: 'remainingNanoUsd', to: 'voidedNanoUsd' },
  repay: { from: 'remainingNanoUsd', to: 'spentNanoUsd', debt: -1 },
  refund: { from: 'spentNanoUsd', to: 'remainingNanoUsd', charged: -1 },
  debt: { debt: 1, charged: 1 },
  debt_refund: { debt: -1, charged: -1 },
  debt_hold: { debtHeld: 1 },
  debt_unhold: { debtHeld: -1 },
};

/**
 * Applies one posting to the books: the only place where an amount moves.
 * @throws RangeError when a pocket would go below zero, which means a rule is wrong; nothing has been written then.
 */
export function applyPosting(books: AccountBooks, posting: Posting): void {
  const move = MOVES[posting.kind];
  if (move.from !== undefined) movePocket(books, posting, move.from, -posting.amountNanoUsd);
  if (move.to !== undefined) movePocket(books, posting, move.to, posting.amountNanoUsd);
  if (posting.kind === 'grant') movePocket(books, posting, 'grantedNanoUsd', posting.amountNanoUsd);
  if (move.debt !== undefined) {
    books.debtNanoUsd = nonNegative(books.debtNanoUsd + BigInt(move.debt) * posting.amountNanoUsd, posting);
  }
  if (move.charged !== undefined) {
    books.chargedNanoUsd = nonNegative(books.chargedNanoUsd + BigInt(move.charged) * posting.amountNanoUsd, posting);
  }
  if (move.debtHeld !== undefined) {
    books.debtHeldNanoUsd = nonNegative(books.debtHeldNanoUsd + BigInt(move.debtHeld) * posting.amountNanoUsd, posting);
  }
}

function movePocket(books: AccountBooks, posting: Posting, pocket: Pocket, change: NanoUsd): void {
  const grant = findGrant(books, posting.grantId);
  grant[pocket] = nonNegative(grant[pocket] + change, posting);
  books.totals[pocket] = nonNegative(books.totals[pocket] + change, posting);
}

/** @throws RangeError when there is none: a rule or a journal that names it is wrong. */
export function findGrant(books: AccountBooks, grantId: string | undefined): GrantState {
  const grant = books.grants.get(grantId ?? '');
  if (grant === undefined) throw new RangeError(`account ${books.accountId} has no grant ${grantId}`);
  return grant;
}

function nonNegative(amount: NanoUsd, posting: Posting): NanoUsd {
  if (amount < 0n) throw new RangeError(`posting ${posting.kind} of ${posting.amountNanoUsd} would go below zero`);
  return amount;
}
