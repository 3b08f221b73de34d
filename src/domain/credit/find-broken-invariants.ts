import { type AccountBooks, cellKey, type GrantTotals } from './account-books.ts';
import { findSpendable } from './burn-order.ts';
import type { GrantState } from './credit-types.ts';

/**
 * Every identity the books must satisfy after any operation, checked on whole books (all grants, all open holds).
 * @param nowMs the instant of the last operation.
 * @returns one sentence for each that is broken; empty when the books are right.
 */
export function findBrokenInvariants(books: AccountBooks, nowMs: number): string[] {
  const broken: string[] = [];
  for (const grant of books.grants.values()) broken.push(...findBrokenGrant(grant, nowMs));
  broken.push(...findBrokenTotals(books));
  broken.push(...findBrokenHolds(books));
  if (books.chargedNanoUsd !== books.totals.spentNanoUsd + books.debtNanoUsd) broken.push('I5 charged = spent + debt');
  if (books.status !== 'closed' && books.debtNanoUsd > 0n && findSpendable(books, nowMs).length > 0) {
    broken.push('I8 an account that owes has nothing to spend');
  }
  if (books.status === 'closed' && books.totals.remainingNanoUsd > 0n)
    broken.push('a closed account has no credit left');
  return broken;
}

function findBrokenGrant(grant: GrantState, nowMs: number): string[] {
  const broken: string[] = [];
  const { remainingNanoUsd, heldNanoUsd, spentNanoUsd, expiredNanoUsd, voidedNanoUsd } = grant;
  const pockets = [remainingNanoUsd, heldNanoUsd, spentNanoUsd, expiredNanoUsd, voidedNanoUsd];
  if (pockets.some((amount) => amount < 0n)) broken.push(`I1 ${grant.grantId} has a pocket below zero`);
  if (pockets.reduce((sum, amount) => sum + amount, 0n) !== grant.grantedNanoUsd) {
    broken.push(`I1 ${grant.grantId}: granted = remaining + held + spent + expired + voided`);
  }
  if (grant.expiresAtMs <= nowMs && remainingNanoUsd > 0n)
    broken.push(`I2 ${grant.grantId} has expired with credit left`);
  if (grant.effectiveAtMs > nowMs && (heldNanoUsd > 0n || spentNanoUsd > 0n)) {
    broken.push(`I2 ${grant.grantId} was spent before its effect`);
  }
  if (grant.voided && remainingNanoUsd > 0n) broken.push(`I9 ${grant.grantId} is voided with credit left`);
  return broken;
}

function findBrokenTotals(books: AccountBooks): string[] {
  const names = Object.keys(books.totals) as (keyof GrantTotals)[];
  const grants = [...books.grants.values()];
  return names
    .filter((name) => grants.reduce((sum, grant) => sum + grant[name], 0n) !== books.totals[name])
    .map((name) => `I4 total ${name} is the sum over grants`);
}

function findBrokenHolds(books: AccountBooks): string[] {
  const broken: string[] = [];
  const heldByGrant = new Map<string, bigint>();
  const heldByCell = new Map<string, bigint>();
  let debtHeld = 0n;
  for (const hold of books.holds.values()) {
    let allocated = hold.debtHeldNanoUsd;
    for (const { grantId, amountNanoUsd } of hold.allocations) {
      allocated += amountNanoUsd;
      heldByGrant.set(grantId, (heldByGrant.get(grantId) ?? 0n) + amountNanoUsd);
    }
    if (allocated !== hold.amountNanoUsd) broken.push(`I6 ${hold.holdId}: amount = allocations + credit-limit part`);
    for (const cell of hold.cells) {
      heldByCell.set(cellKey(cell), (heldByCell.get(cellKey(cell)) ?? 0n) + cell.held);
    }
    debtHeld += hold.debtHeldNanoUsd;
    if (books.tombstones.has(hold.holdId)) broken.push(`${hold.holdId} is open and closed`);
  }
  for (const grant of books.grants.values()) {
    if ((heldByGrant.get(grant.grantId) ?? 0n) !== grant.heldNanoUsd) broken.push(`I7 held of ${grant.grantId}`);
  }
  for (const [key, cell] of books.cells) {
    if ((heldByCell.get(key) ?? 0n) !== cell.held) broken.push(`I10 held of cell ${key}`);
  }
  if (debtHeld !== books.debtHeldNanoUsd) broken.push('I7 credit-limit part of open holds');
  return broken;
}
