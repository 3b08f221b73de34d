import type { AccountBooks } from './account-books.ts';
import type { GrantState } from './credit-types.ts';

/**
 * The order in which credit is spent: priority, then earliest expiry, then promotional before paid, then earliest
 * effect, then creation. Credit that would be lost first is spent first.
 */
export function compareBurnOrder(left: GrantState, right: GrantState): number {
  return (
    left.priority - right.priority ||
    left.expiresAtMs - right.expiresAtMs ||
    Number(left.kind === 'paid') - Number(right.kind === 'paid') ||
    left.effectiveAtMs - right.effectiveAtMs ||
    left.ordinal - right.ordinal
  );
}

/** In effect at `nowMs`: effect is inclusive, expiry exclusive. */
export function isActive(grant: GrantState, nowMs: number): boolean {
  return !grant.voided && grant.effectiveAtMs <= nowMs && nowMs < grant.expiresAtMs;
}

/** A grant without a model scope pays for every model; one with a scope for the ids and families it lists. */
export function paysFor(grant: GrantState, modelLabels: readonly string[]): boolean {
  return grant.models === undefined || grant.models.some((model) => modelLabels.includes(model));
}

/** Grants with credit to spend at `nowMs`, in burn order; with `modelLabels`, only those that pay for the model. */
export function findSpendable(books: AccountBooks, nowMs: number, modelLabels?: readonly string[]): GrantState[] {
  const spendable: GrantState[] = [];
  for (const grant of books.grants.values()) {
    if (grant.remainingNanoUsd === 0n || !isActive(grant, nowMs)) continue;
    if (modelLabels === undefined || paysFor(grant, modelLabels)) spendable.push(grant);
  }
  return spendable.sort(compareBurnOrder);
}
