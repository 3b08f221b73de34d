import type { AlertCondition, AlertRule } from '../../src/alerts/alert-rule.ts';
import { type AlertSettings, type Alerts, startAlerts } from '../../src/alerts/start-alerts.ts';
import { createId } from '../../src/directory/create-id.ts';
import type { Account, Directory } from '../../src/directory/directory.ts';
import type { QuotaCell } from '../../src/domain/credit/credit-commands.ts';
import { parseUsd } from '../../src/domain/money.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import { createReportFold } from '../../src/reports/report-fold.ts';
import { ALERTS_SCHEMA } from '../../src/store/sqlite/alerts-schema.ts';
import { DIRECTORY_SCHEMA } from '../../src/store/sqlite/directory-schema.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/open-database.ts';
import { REPORTS_SCHEMA } from '../../src/store/sqlite/reports-schema.ts';
import { createSqliteAlerts } from '../../src/store/sqlite/sqlite-alerts.ts';
import { createSqliteDirectory } from '../../src/store/sqlite/sqlite-directory.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { createSqliteReports } from '../../src/store/sqlite/sqlite-reports.ts';
import { createManualTimers, type ManualTimers } from '../support/manual-timers.ts';
import { until } from '../support/until.ts';
import { createRecorder } from './alert-fixtures.ts';
import { startReceiver } from './webhook-receiver.ts';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

export interface AlertsUnderTest extends AsyncDisposable {
  alerts: Alerts;
  /** As calls use it: observed. */
  ledger: Ledger;
  directory: Directory;
  metrics: Metrics;
  database: Database;
  timers: ManualTimers;
  account: Account;
  log: ReturnType<typeof createRecorder>['log'];
  /** Whether the store answers; a switch. */
  store: { isDown: boolean };
  rule(condition: AlertCondition, more?: Partial<AlertRule>): Promise<AlertRule>;
  grant(dollars: string, more?: { kind?: 'paid' | 'promotional'; days?: number }): Promise<void>;
  call(dollars: string, cells?: readonly QuotaCell[]): Promise<void>;
  /** Moves the clock, and lets everything that this sets going end. */
  pass(ms: number): Promise<void>;
  /** Types of the notices that the built-in channel got, with what `pick` takes of their data. */
  told(pick?: string): string[];
  /** Waits until so many were told. */
  toldAll(count: number, pick?: string): Promise<string[]>;
}

/** All alerts of a process, on embedded stores, at a clock of their own, with a real receiver behind the built-in channel. */
export async function startAlertsUnderTest(settings: Partial<AlertSettings> = {}): Promise<AlertsUnderTest> {
  const timers = createManualTimers();
  const { nowMs } = timers;
  const parts = [LEDGER_SCHEMA, DIRECTORY_SCHEMA, ALERTS_SCHEMA, REPORTS_SCHEMA];
  const database = openDatabase({ path: ':memory:', parts });
  const receiver = await startReceiver();
  const recorder = createRecorder();
  const metrics = createMetrics({ models: [], nowMs, processMetrics: false });
  const directory = createSqliteDirectory(database);
  const plain = createSqliteLedger({ database, clock: nowMs });
  const reports = createSqliteReports(database);
  const journal = createSqliteJournalSource(database);
  const fold = createReportFold({ journal, store: reports, directory, logger: recorder.logger });
  const store = { isDown: false };
  const alerts = startAlerts({
    settings: {
      alertWebhookUrl: receiver.url,
      alertWebhookSecret: SECRET,
      smtpUrl: undefined,
      smtpFrom: undefined,
      alertPrivateTargets: 'refuse',
      ...settings,
    },
    store: createSqliteAlerts(database),
    directory,
    ledger: { ...plain, ping: async () => (store.isDown ? Promise.reject(new Error('down')) : plain.ping()) },
    reports: { fold, store: reports, findEmptyAtMs: () => undefined },
    timers,
    logger: recorder.logger,
    metrics,
    isLeading: true,
    onHold: () => undefined,
  });
  const account = await openAccount(directory, plain, nowMs());
  const accountId = account.id;
  const settle = async (): Promise<void> => {
    // The work is in memory: some turns of the loop end it.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const told = (pick?: string): string[] =>
    receiver.received.map(({ body }) => {
      const { type, data } = JSON.parse(body);
      return pick === undefined ? type : `${type} ${data[pick]}`;
    });
  let made = 0;
  return {
    ...{ alerts, ledger: alerts.ledger, directory, metrics, database, timers, account, log: recorder.log, store, told },
    async rule(condition, more = {}) {
      made += 1;
      const common = { recovery: true, quietMs: 86_400_000, enabled: true, createdAtMs: nowMs() };
      const rule = { id: `alert_${made}`, accountId, condition, ...common, ...more };
      await alerts.admin.store.rules.create(rule, 100);
      alerts.admin.book.forget();
      return rule;
    },
    async grant(dollars, { kind = 'paid', days = 365 } = {}) {
      const terms = { kind, priority: 50, effectiveAtMs: nowMs(), expiresAtMs: nowMs() + days * 86_400_000 };
      const grantId = createId('grant', nowMs());
      await alerts.ledger.grant({ accountId, grantId, amountNanoUsd: parseUsd(dollars) ?? 0n, ...terms });
      await settle();
    },
    async call(dollars, cells = []) {
      const holdId = createId('hold', nowMs());
      const common = { accountId, holdId, amountNanoUsd: parseUsd(dollars) ?? 0n, tokens: 0n, modelLabels: [], cells };
      const held = await alerts.ledger.hold({ ...common, leaseMs: 60_000 });
      if (held.result === 'held') await alerts.ledger.settle(common);
      await settle();
    },
    async pass(ms) {
      timers.advance(ms);
      await settle();
    },
    toldAll: (count, pick) =>
      until(() => receiver.received.length >= count && told(pick), { what: `${count} notices` }),
    async [Symbol.asyncDispose]() {
      await alerts.close();
      await receiver.stop();
      database.close();
    },
  };
}

async function openAccount(directory: Directory, ledger: Ledger, nowMs: number): Promise<Account> {
  const account: Account = {
    id: createId('acct', nowMs),
    name: 'Acme',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'refuse',
    lowBalanceNanoUsd: [],
    createdAtMs: nowMs,
  };
  await directory.createAccount(account);
  await ledger.openAccount({ accountId: account.id, mode: 'prepaid', creditLimitNanoUsd: 0n });
  return account;
}
