import { USAGE_CLASSES } from '../domain/usage.ts';
import { type Counts, createCountsKind } from './counts.ts';

/**
 * What a cell of usage counts: calls, units by class, what they cost by class of price, what of the cost no class is
 * known of, what corrections charged besides, what was given back, and what reading from caches
 * saved. Stored by position: see {@link createCountsKind}.
 */
export const usageCounts = createCountsKind([
  'requests',
  ...USAGE_CLASSES,
  ...USAGE_CLASSES.map((name) => `cost_${name}` as const),
  'cost_other',
  'corrected',
  'refunded',
  'cache_savings',
]);
export type UsageCounts = ReturnType<typeof usageCounts.create>;

/**
 * What a line of a statement counts. `carried` is the balance as of entries that had left the store before they could
 * be counted; it may be below zero.
 */
export const statementCounts = createCountsKind([
  'requests',
  'charged',
  'refunded',
  'granted',
  'expired',
  'voided',
  'carried',
]);
export type StatementCounts = ReturnType<typeof statementCounts.create>;

/** What calls were charged, before anything was given back. */
export function costOf(counts: UsageCounts): bigint {
  const byClass = USAGE_CLASSES.reduce((sum, name) => sum + counts[`cost_${name}`], 0n);
  return byClass + counts.cost_other + counts.corrected;
}

/** By how much the lines change the balance: credit left and held, less debt. */
export function balanceChangeOf(counts: Counts<keyof StatementCounts>): bigint {
  const { granted, charged, refunded, expired, voided, carried } = counts;
  return carried + granted - charged + refunded - expired - voided;
}
