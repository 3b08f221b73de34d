import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AlertRule } from './alert-rule.ts';
import type { NoticeData } from './create-notice.ts';

/** Writes an alert into the log, where it is told whatever channels there are. */
export function logAlert(
  parts: { logger: Pick<Logger, 'info' | 'warn'>; metrics: Pick<Metrics, 'alertSent'> },
  alert: {
    type: string;
    rule: AlertRule;
    account: { id: string; name: string } | undefined;
    data: NoticeData;
  },
): void {
  const { type, rule, account, data } = alert;
  // Lists and objects are for the channels; the log has other lines of them.
  const facts = Object.entries(data).filter(([, value]) => typeof value !== 'object');
  const line = {
    event: type,
    alert_id: rule.id,
    ...(account === undefined ? {} : { account_id: account.id, account: account.name }),
    ...Object.fromEntries(facts),
  };
  const isOver = type.endsWith('.recovered');
  const words = type.replaceAll('.', ' ');
  if (isOver) parts.logger.info(line, words);
  else parts.logger.warn(line, words);
  parts.metrics.alertSent('log', 'delivered');
}
