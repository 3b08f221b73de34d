import type { AccountBalance, GrantState } from '../domain/credit/credit-types.ts';
import { formatUsd } from '../domain/money.ts';
import type { Reconciliation } from '../ledger/reconcile-account.ts';
import type { AlertCondition } from './alert-rule.ts';
import type { NoticeData } from './create-notice.ts';
import type { AlertState } from './decide-alert.ts';
import { type BurnReading, netBalance, type QuotaReading } from './read-levels.ts';

/** What a notice says of a balance. `runway_seconds` null: not known, or longer than is looked ahead. */
export function describeBalance(
  condition: Extract<AlertCondition, { kind: 'balance_low' }>,
  balance: AccountBalance,
  state: AlertState,
  runwayMs: number | undefined,
): NoticeData {
  return {
    ...('amountsNanoUsd' in condition ? { level_usd: formatUsd(BigInt(state.level)) } : {}),
    ...('shareMillionths' in condition ? { share_of_last_purchase: condition.shareMillionths / 1e6 } : {}),
    ...('hoursLeft' in condition ? { hours_left: condition.hoursLeft } : {}),
    balance_usd: formatUsd(netBalance(balance)),
    available_usd: formatUsd(balance.availableNanoUsd),
    held_usd: formatUsd(balance.heldNanoUsd),
    debt_usd: formatUsd(balance.debtNanoUsd),
    pending_usd: formatUsd(balance.pendingNanoUsd),
    runway_seconds: runwayMs === undefined ? null : Math.max(0, Math.floor(runwayMs / 1_000)),
  };
}

/** The quota is named by the level that was reached; amounts are counts, or dollars where it is one of dollars. */
export function describeQuota(quotas: readonly (QuotaReading & { measure: string })[], state: AlertState): NoticeData {
  const [quotaId = '', share = ''] = state.level.split(':');
  const quota = quotas.find((one) => one.quotaId === quotaId);
  const write = (amount: bigint) => (quota?.measure === 'usd' ? formatUsd(amount) : Number(amount));
  return {
    quota_id: quotaId,
    share: Number(share) / 1e6,
    ...(quota === undefined
      ? {}
      : { [`used_${quota.measure}`]: write(quota.used), [`limit_${quota.measure}`]: write(quota.limit) }),
  };
}

export function describeBurn({ hourNanoUsd, usualNanoUsd }: BurnReading): NoticeData {
  return {
    hour_usd: formatUsd(hourNanoUsd),
    usual_hour_usd: usualNanoUsd === undefined ? null : formatUsd(usualNanoUsd),
  };
}

/** All that expires within the days, though some of it was told before. */
export function describeExpiry(expiring: readonly GrantState[]): NoticeData {
  const leftOf = (grant: GrantState): bigint => grant.remainingNanoUsd + grant.heldNanoUsd;
  const soonest = expiring.at(-1);
  return {
    expiring_usd: formatUsd(expiring.reduce((sum, grant) => sum + leftOf(grant), 0n)),
    next_expiry_at: soonest === undefined ? null : new Date(soonest.expiresAtMs).toISOString(),
    grants: expiring
      .slice(-GRANTS_NAMED)
      .reverse()
      .map((grant) => ({
        id: grant.grantId,
        remaining_usd: formatUsd(leftOf(grant)),
        expires_at: new Date(grant.expiresAtMs).toISOString(),
      })),
  };
}

const GRANTS_NAMED = 20;

/** Books that are not the fold of their journal. */
export function describeDrift(found: Reconciliation, nowMs: number): NoticeData {
  return {
    sequence: found.sequence,
    drift_usd: formatUsd(found.driftNanoUsd),
    differences: found.differences.length,
    first_difference: found.differences[0] ?? null,
    found_at: new Date(nowMs).toISOString(),
  };
}
