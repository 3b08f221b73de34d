import type { GrantState } from '../../domain/credit/credit-types.ts';
import { formatUsd } from '../../domain/money.ts';
import type { GrantAnswer } from '../schemas/grant-schemas.ts';
import { writeTime } from './write-time.ts';

export function presentGrant(accountId: string, grant: GrantState, nowMs: number): GrantAnswer {
  return {
    id: grant.grantId,
    account_id: accountId,
    kind: grant.kind,
    status: findStatus(grant, nowMs),
    priority: grant.priority,
    effective_at: writeTime(grant.effectiveAtMs),
    expires_at: writeTime(grant.expiresAtMs),
    models: grant.models === undefined ? null : [...grant.models],
    amount_usd: formatUsd(grant.grantedNanoUsd),
    remaining_usd: formatUsd(grant.remainingNanoUsd),
    held_usd: formatUsd(grant.heldNanoUsd),
    spent_usd: formatUsd(grant.spentNanoUsd),
    expired_usd: formatUsd(grant.expiredNanoUsd),
    voided_usd: formatUsd(grant.voidedNanoUsd),
  };
}

/** Expired credit of a closed account counts as expired before its time. */
function findStatus(grant: GrantState, nowMs: number): GrantAnswer['status'] {
  if (grant.voided) return 'voided';
  if (nowMs >= grant.expiresAtMs || grant.expiredNanoUsd > 0n) return 'expired';
  if (nowMs < grant.effectiveAtMs) return 'pending';
  return grant.remainingNanoUsd === 0n && grant.heldNanoUsd === 0n ? 'spent' : 'active';
}
