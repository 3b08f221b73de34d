import type { AlertEvent } from '../alerts/raise-alerts.ts';
import type { Alerts } from '../alerts/start-alerts.ts';
import { createReloadNotice, type ReloadEvent } from './reload-event.ts';

/** Ways in which a reload can fail, each told for itself. */
const REASONS = ['declined', 'disabled', 'unresolved'] as const;

/** Tells an event as it is, and by the alerts of its account where it is one. */
export function tellReload(alerts: Pick<Alerts, 'raise' | 'tell'>, event: ReloadEvent): Promise<void> {
  for (const alert of createReloadAlerts(event)) alerts.raise(alert);
  return alerts.tell(createReloadNotice(event));
}

/** What of an event is an alert: that a reload failed, and, when one is paid, that it does no more. */
function createReloadAlerts(event: ReloadEvent): AlertEvent[] {
  const common = { kind: 'reload_failed', accountId: event.accountId, data: readData(event) } as const;
  if (event.type === 'reload.paid') return REASONS.map((reason) => ({ ...common, reason, isOver: true }));
  return REASONS.filter((reason) => event.type === `reload.${reason}`).map((reason) => ({ ...common, reason }));
}

/** The facts of the event's notice; `reason` is the payment side's own there, and one of ours here. */
function readData(event: ReloadEvent): { [name: string]: unknown } {
  const { data } = JSON.parse(createReloadNotice(event).payload) as { data: { [name: string]: unknown } };
  const { account: _, reason, ...rest } = data;
  return reason === undefined || reason === null ? rest : { ...rest, decline_reason: reason };
}
