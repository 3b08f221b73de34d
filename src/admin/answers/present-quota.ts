import { type QuotaUse, writeMeasured } from '../../ledger/read-quota-use.ts';
import { writeTime } from './write-time.ts';

/** A quota and how it stands. Amounts are named after what is measured: `used_usd`, `room_tokens`. */
export function presentQuota({ quota, window, limit, used, held, room }: QuotaUse) {
  const { measure } = quota;
  const write = (name: string, amount: bigint) => ({ [`${name}_${measure}`]: writeMeasured(measure, amount) });
  return {
    id: quota.id,
    account_id: quota.accountId,
    scope: { ...quota.scope },
    window: quota.window,
    anchor_day: quota.anchorDay ?? null,
    mode: quota.mode,
    models: quota.models === undefined ? null : [...quota.models],
    ...write('limit', quota.limit),
    ...write('current_limit', limit),
    ...write('used', used),
    ...write('held', held),
    ...write('room', room),
    window_starts_at: window.endsAtMs === undefined ? null : writeTime(window.startsAtMs),
    resets_at: window.endsAtMs === undefined ? null : writeTime(window.endsAtMs),
    raises: quota.raises.map((raise) => ({
      id: raise.id,
      ...write('limit', raise.limit),
      from: writeTime(raise.startsAtMs),
      until: writeTime(raise.endsAtMs),
    })),
    created_at: writeTime(quota.createdAtMs),
  };
}
