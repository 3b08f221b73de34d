import { type AlertRule, alertKeyOf } from '../alerts/alert-rule.ts';
import type { AlertAdmin } from '../alerts/start-alerts.ts';
import { presentAlert } from './answers/present-alert.ts';

/** A rule and whether it fires now. */
export async function presentAlertNow(
  { alerts }: { alerts: Pick<AlertAdmin, 'store'> },
  rule: AlertRule,
  accountId: string | undefined,
) {
  const { states } = await alerts.store.readAlerts(alertKeyOf(rule, accountId));
  return presentAlert(rule, states);
}
