import type { Directory } from '../directory/directory.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reconciliation } from '../ledger/reconcile-account.ts';
import type { FiredAlert } from '../observability/account-figures.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { type AlertBook, createAlertBook } from './alert-book.ts';
import { type AlertChannel, createBuiltInChannel } from './alert-channel.ts';
import type { AlertDelivery } from './alert-delivery.ts';
import { describeDrift } from './alert-facts.ts';
import type { AlertStore, Notice } from './alert-store.ts';
import { createNoticeSender } from './channels/create-sender.ts';
import { createAlertDeliveries } from './deliver-alerts.ts';
import type { LookParts } from './look-at-account.ts';
import { createAccountLook } from './look-at-accounts.ts';
import { nameFiredAlerts } from './name-fired-alerts.ts';
import { observeLedger } from './observe-ledger.ts';
import { observeMetrics } from './observe-metrics.ts';
import { createQuietAccounts } from './quiet-accounts.ts';
import { type AlertEvent, createAlertRaiser } from './raise-alerts.ts';
import { sendNotice } from './send-notice.ts';
import { createDirectTeller } from './tell-directly.ts';
import { createAlertWatch } from './watch-alerts.ts';
import { createStoreDownWatch } from './watch-store-down.ts';
import { createWatchedAccounts } from './watched-accounts.ts';

export interface AlertSettings {
  alertWebhookUrl: string | undefined;
  alertWebhookSecret: string | undefined;
  smtpUrl: string | undefined;
  smtpFrom: string | undefined;
  alertPrivateTargets: 'refuse' | 'allow';
}

export interface StartAlertsOptions {
  settings: AlertSettings;
  store: AlertStore;
  directory: Directory;
  /** The ledger as calls use it, not observed. */
  ledger: Ledger;
  reports: LookParts['reports'] & { findEmptyAtMs(accountId: string): number | undefined };
  timers: {
    nowMs(): number;
    after(delayMs: number, run: () => void): () => void;
    every(intervalMs: number, run: () => void): () => void;
  };
  logger: Logger;
  metrics: Metrics;
  /** Whether it is this process that tells of the store: one of several behind one listener. */
  isLeading: boolean;
}

/** What administrators do with alerts. */
export interface AlertAdmin {
  store: Pick<AlertStore, 'rules' | 'channels' | 'readAlerts' | 'forgetStates' | 'findDelivery' | 'listDeliveries'>;
  book: Pick<AlertBook, 'listInstallationRules' | 'listInstallationChannels' | 'findChannel' | 'forget'>;
  /** Whether mail can be sent. */
  hasSmtp: boolean;
  /** Whether the channels of accounts may reach into networks that are not public. */
  allowsPrivateTargets: boolean;
  /** Sends a notice to a channel now, and writes that into the log. */
  sendNow(notice: Notice, channel: AlertChannel): Promise<AlertDelivery>;
}

export interface Alerts {
  admin: AlertAdmin;
  /** The ledger that shows the alerts what it answers. */
  ledger: Ledger;
  /** The metrics of which alerts are raised, for what meters calls. */
  metrics: Metrics;
  /** Tells an event by the rules of its kind. Returns at once and never throws. */
  raise(event: AlertEvent): void;
  /** Tells the built-in channel what is no alert. Who tells it has logged it. */
  tell(notice: Notice): Promise<void>;
  /** What is fired and not over, for its gauge. */
  listFired(limit: number): Promise<FiredAlert[]>;
  /** Tells that an account's books are not the fold of its journal. */
  raiseDrift(found: Reconciliation): Promise<void>;
  close(): Promise<void>;
}

/** Starts what watches for alerts and what delivers notices. */
export function startAlerts(options: StartAlertsOptions & { onHold(accountId: string): void }): Alerts {
  const { store, directory, ledger, reports, timers, logger, metrics, settings } = options;
  const { nowMs, every, after } = timers;
  const builtIn = findBuiltInChannel(settings);
  const quiet = createQuietAccounts(nowMs);
  directory.onChange(quiet.forget);
  const book = createAlertBook({ store, builtIn, nowMs, onForget: () => quiet.forget() });
  const sender = createNoticeSender({ nowMs, smtp: findSmtp(settings) });
  const sending = { sender, nowMs, logger, metrics };
  const deliveries = createAlertDeliveries({ ...sending, store, book });
  const watch = createAlertWatch({ store, book, nowMs, logger, metrics, onNotice: () => void deliveries.deliverDue() });
  const accounts = createWatchedAccounts({ directory, nowMs });
  const { find: findAccount } = accounts;
  const raise = createAlertRaiser({ book, watch, findAccount, logger });
  const look = createAccountLook({
    ...{ store, book, watch, quiet, directory, ledger, reports, findAccount, nowMs, every, logger },
  });
  const teller = createDirectTeller({ ...sending, after });
  const storeDown = options.isLeading
    ? createStoreDownWatch({ ping: ledger.ping, book, teller, nowMs, every, logger, metrics })
    : undefined;
  deliveries.start();
  return {
    admin: {
      ...{ store, book, hasSmtp: settings.smtpUrl !== undefined },
      allowsPrivateTargets: settings.alertPrivateTargets === 'allow',
      async sendNow(notice, channel) {
        const attempt = { notice, channelId: channel.id, channel, attempt: 0, isLast: true };
        const delivery = await sendNotice(sending, attempt);
        await store.addDelivery(delivery);
        return delivery;
      },
    },
    ledger: observeLedger(ledger, {
      ...{ watch, book, accounts, quiet, logger },
      findRunwayMs: (accountId) => fromNow(reports.findEmptyAtMs(accountId), nowMs()),
      onHold(accountId) {
        look.note(accountId);
        options.onHold(accountId);
      },
    }),
    metrics: observeMetrics(metrics, raise),
    raise,
    async tell(notice) {
      metrics.alertSent('log', 'delivered');
      if (builtIn === undefined) return;
      await store.addNotice(notice, nowMs());
      void deliveries.deliverDue();
    },
    listFired: async (limit) => nameFiredAlerts(await store.listFired(limit), book),
    async raiseDrift(found) {
      const data = describeDrift(found, nowMs());
      raise({ kind: 'ledger_drift', accountId: found.accountId, reason: 'differs', data });
    },
    async close() {
      storeDown?.stop();
      await look.stop();
      await watch.settled();
      await deliveries.stop();
      await teller.stop();
      await sender.close();
    },
  };
}

function findBuiltInChannel({ alertWebhookUrl: url, alertWebhookSecret: secret }: AlertSettings) {
  return url === undefined || secret === undefined ? undefined : createBuiltInChannel({ url, secret });
}

function findSmtp({ smtpUrl: url, smtpFrom: from }: AlertSettings) {
  return url === undefined || from === undefined ? undefined : { url, from };
}

function fromNow(atMs: number | undefined, nowMs: number): number | undefined {
  return atMs === undefined ? undefined : atMs - nowMs;
}
