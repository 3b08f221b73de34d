import type { AlertDelivery } from '../../alerts/alert-delivery.ts';
import { writeTime } from './write-time.ts';

export function presentAlertDelivery(delivery: AlertDelivery) {
  return {
    id: delivery.id,
    notice_id: delivery.noticeId,
    type: delivery.noticeType,
    account_id: delivery.accountId ?? null,
    channel_id: delivery.channelId,
    channel_type: delivery.channelType ?? null,
    attempt: delivery.attempt,
    result: delivery.result,
    status: delivery.status ?? null,
    problem: delivery.problem ?? null,
    started_at: writeTime(delivery.startedAtMs),
    duration_ms: Math.max(0, delivery.endedAtMs - delivery.startedAtMs),
    notice: JSON.parse(delivery.payload) as object,
  };
}
