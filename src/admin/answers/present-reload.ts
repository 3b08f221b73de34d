import { type ReloadState, requestedInMonth, writeReloadId } from '../../domain/credit/reload-state.ts';
import { formatUsd } from '../../domain/money.ts';
import type { ThresholdProposal } from '../../reports/propose-threshold.ts';
import type { ReloadAnswer } from '../schemas/reload-schemas.ts';
import { writeOptionalTime, writeTime } from './write-time.ts';

/** Terms that were never set are null. */
export function presentReload(
  accountId: string,
  reload: ReloadState,
  proposal: ThresholdProposal | undefined,
  nowMs: number,
): ReloadAnswer {
  const { pending, mode } = reload;
  const isSet = reload.hourlyCount > 0;
  const usd = (isShown: boolean, amount: bigint): string | null => (isShown ? formatUsd(amount) : null);
  return {
    account_id: accountId,
    enabled: reload.enabled,
    disabled_reason: reload.disabledReason ?? null,
    threshold_usd: usd(isSet, reload.thresholdNanoUsd),
    mode: isSet ? mode : null,
    amount_usd: usd(isSet && mode === 'fixed', reload.amountNanoUsd),
    target_usd: usd(isSet && mode === 'target', reload.amountNanoUsd),
    monthly_cap_usd: usd(isSet, reload.monthlyCapNanoUsd),
    hourly_limit: isSet ? reload.hourlyCount : null,
    month_requested_usd: formatUsd(requestedInMonth(reload, nowMs)),
    pending:
      pending === undefined
        ? null
        : {
            reload_id: writeReloadId(accountId, pending.number),
            amount_usd: formatUsd(pending.amountNanoUsd),
            requested_at: writeTime(pending.requestedAtMs),
          },
    declines: reload.declines,
    next_at: writeOptionalTime(reload.nextAtMs > nowMs ? reload.nextAtMs : undefined),
    proposal:
      proposal === undefined
        ? null
        : {
            threshold_usd: formatUsd(proposal.thresholdNanoUsd),
            based_on_days: proposal.days,
            daily_burn_usd: formatUsd(proposal.perDayNanoUsd),
          },
  };
}
