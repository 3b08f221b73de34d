import { MAX_CELLS } from './credit/credit-limits.ts';
import { MAX_NANO_USD } from './money.ts';
import { QUOTA_SCOPES, type Quota, type QuotaRaise } from './quota.ts';

/** Quotas of one account. */
export const MAX_QUOTAS = 200;
/** Raises of one quota that have not ended. */
export const MAX_RAISES = 10;
/** The largest limit of any measure: what every store counts to exactly. */
export const MAX_QUOTA_LIMIT = MAX_NANO_USD;

/** Why an account has no room for a further quota. `cells`: one call could come to be counted by more than 32. */
export type QuotaCrowding = 'quotas' | 'cells';

/**
 * Whether an account has room for one more quota. Judged by the most that each kind of scope has, whichever key belongs
 * to which team today: a key that moves must not come to be counted by more cells than a hold may name.
 * @param quotas all that the account has.
 */
export function findQuotaCrowding(quotas: readonly Quota[], added: Quota): QuotaCrowding | undefined {
  if (quotas.length >= MAX_QUOTAS) return 'quotas';
  const byScope = Map.groupBy([...quotas, added], ({ scope }) => scope.type);
  const mostCells = QUOTA_SCOPES.reduce((sum, type) => sum + countLargestGroup(byScope.get(type) ?? []), 0);
  return mostCells > MAX_CELLS ? 'cells' : undefined;
}

function countLargestGroup(quotas: readonly Quota[]): number {
  const sizes = [...Map.groupBy(quotas, ({ scope }) => scope.id).values()].map(({ length }) => length);
  return Math.max(0, ...sizes);
}

/** What is wrong with the frame of a quota, by field; empty when it can count. */
export function findQuotaFaults(
  quota: Pick<Quota, 'window' | 'measure' | 'limit' | 'anchorDay'>,
): { field: 'window' | 'anchorDay' | 'limit'; message: string }[] {
  const faults: ReturnType<typeof findQuotaFaults> = [];
  if (quota.measure === 'concurrency' && quota.window !== 'total') {
    faults.push({
      field: 'window',
      message: 'must be total for open calls: they are counted now, not by the calendar',
    });
  }
  if (quota.anchorDay !== undefined && quota.window !== 'month') {
    faults.push({ field: 'anchorDay', message: 'is for the window month only' });
  }
  if (quota.limit < 0n || quota.limit > MAX_QUOTA_LIMIT) {
    faults.push({ field: 'limit', message: `must be 0 to ${MAX_QUOTA_LIMIT}` });
  }
  return faults;
}

/**
 * The quota with one more raise, those that have ended left out. Done again with the same raise it changes nothing.
 * A quota with {@link MAX_RAISES} that have not ended stays without it.
 */
export function addRaise(quota: Quota, raise: QuotaRaise, nowMs: number): Quota {
  if (quota.raises.some(({ id }) => id === raise.id)) return quota;
  const running = quota.raises.filter(({ endsAtMs }) => endsAtMs > nowMs);
  return running.length >= MAX_RAISES ? quota : { ...quota, raises: [...running, raise] };
}
