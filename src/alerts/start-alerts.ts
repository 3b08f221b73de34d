import type { Reconciliation } from '../ledger/reconcile-account.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AlertStore, Notice } from './alert-store.ts';
import { type AlertDelivery, createAlertDelivery } from './deliver-alerts.ts';
import { createLedgerDriftNotice } from './ledger-drift-notice.ts';
import { createWebhookSender } from './post-webhook.ts';
import { type BalanceWatch, createBalanceWatch } from './watch-balances.ts';

export interface StartAlertsOptions {
  store: AlertStore;
  /** Undefined: an alert is a log line and a metric only. */
  webhook: { url: string; secret: string } | undefined;
  nowMs: () => number;
  logger: Logger;
  metrics: Pick<Metrics, 'alertSent' | 'storeFailed'>;
}

export interface Alerts {
  watch: BalanceWatch;
  /** Tells that an account's books are not the fold of its journal. */
  raiseDrift(found: Reconciliation): Promise<void>;
  /** Tells anything else. Who raises it has logged it. */
  raise(notice: Notice): Promise<void>;
  close(): Promise<void>;
}

/** Starts what watches balances and what delivers notices. */
export function startAlerts({ store, webhook, nowMs, logger, metrics }: StartAlertsOptions): Alerts {
  const hasWebhook = webhook !== undefined;
  let delivery: AlertDelivery | undefined;
  let sender: ReturnType<typeof createWebhookSender> | undefined;
  if (webhook !== undefined) {
    sender = createWebhookSender({ ...webhook, nowMs });
    delivery = createAlertDelivery({ store, sender, nowMs, logger, metrics });
    delivery.start();
  }
  const onNotice = (): void => void delivery?.deliverDue();
  const watch = createBalanceWatch({ store, nowMs, logger, metrics, hasWebhook, onNotice });
  const raise: Alerts['raise'] = async (notice) => {
    metrics.alertSent('log', 'delivered');
    if (!hasWebhook) return;
    await store.addNotice(notice, nowMs());
    onNotice();
  };
  return {
    watch,
    raise,
    raiseDrift: (found) => raise(createLedgerDriftNotice(found, nowMs())),
    async close() {
      await watch.settled();
      await delivery?.stop();
      await sender?.close();
    },
  };
}
