import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { createAlertBook } from '../../src/alerts/alert-book.ts';
import { createBuiltInChannel } from '../../src/alerts/alert-channel.ts';
import { createNoticeSender } from '../../src/alerts/channels/create-sender.ts';
import { createAlertDeliveries } from '../../src/alerts/deliver-alerts.ts';
import { nameFiredAlerts } from '../../src/alerts/name-fired-alerts.ts';
import { observeBalance } from '../../src/alerts/observe-account.ts';
import { createAlertWatch } from '../../src/alerts/watch-alerts.ts';
import type { Account } from '../../src/directory/directory.ts';
import type { AccountBalance } from '../../src/domain/credit/credit-types.ts';
import { parseUsd } from '../../src/domain/money.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { ALERTS_SCHEMA } from '../../src/store/sqlite/alerts-schema.ts';
import { DIRECTORY_SCHEMA } from '../../src/store/sqlite/directory-schema.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteAlerts } from '../../src/store/sqlite/sqlite-alerts.ts';
import { createSqliteDirectory } from '../../src/store/sqlite/sqlite-directory.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { series } from '../observability/metrics-fixtures.ts';
import { until } from '../support/until.ts';
import { createRecorder } from './alert-fixtures.ts';
import { startReceiver } from './webhook-receiver.ts';

/**
 * Goal: what a person is told when credit runs down, with the real ledger, the real outbox and a real receiver.
 * Method: two replicas take turns at calls of one dollar on one account with $12 and levels at 10, 5 and 1 dollar,
 * each showing the watch only the balances of its own replies.
 */
test('credit runs down: each level once, over both replicas, signed; a grant re-arms after the cool-down', async () => {
  const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA, DIRECTORY_SCHEMA, ALERTS_SCHEMA] });
  const receiver = await startReceiver();
  const secret = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
  let nowMs = Date.now();
  const clock = () => nowMs;
  const ledger = createSqliteLedger({ database, clock });
  const directory = createSqliteDirectory(database);
  const store = createSqliteAlerts(database);
  const metrics = createMetrics({ models: [], nowMs: clock, processMetrics: false });
  const { logger } = createRecorder();
  const sender = createNoticeSender({ smtp: undefined, nowMs: clock });
  const book = createAlertBook({ store, builtIn: createBuiltInChannel({ url: receiver.url, secret }), nowMs: clock });
  const listFired = async (limit: number) => nameFiredAlerts(await store.listFired(limit), book);
  metrics.watchAccounts({ ledger, directory, alerts: { listFired } });
  const delivery = createAlertDeliveries({ store, book, sender, nowMs: clock, logger, metrics });
  const onNotice = () => void delivery.deliverDue();
  const replicas = [1, 2].map(() => createAlertWatch({ store, book, nowMs: clock, logger, metrics, onNotice }));
  const account: Account = {
    id: 'acct_a',
    name: 'Acme',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'finish',
    lowBalanceNanoUsd: ['10', '5', '1'].map((dollars) => parseUsd(dollars) ?? 0n),
    createdAtMs: nowMs,
  };
  const accountId = account.id;
  await directory.createAccount(account);
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  const show = async (replica: number, balance: AccountBalance): Promise<void> => {
    const watch = replicas[replica];
    if (watch !== undefined) observeBalance(watch, account, [], balance, undefined);
    await watch?.settled();
    await delivery.deliverDue();
  };
  const grant = async (grantId: string, dollars: string): Promise<void> => {
    const terms = { kind: 'paid', priority: 50, effectiveAtMs: nowMs, expiresAtMs: nowMs + 1e11 } as const;
    const reply = await ledger.grant({ accountId, grantId, amountNanoUsd: parseUsd(dollars) ?? 0n, ...terms });
    if (reply.result !== 'granted') throw new Error(reply.result);
    await show(0, reply.balance);
  };
  let calls = 0;
  const call = async (): Promise<void> => {
    calls += 1;
    const common = { accountId, holdId: makeHoldId(nowMs, calls), amountNanoUsd: 1_000_000_000n, tokens: 0n };
    const held = await ledger.hold({ ...common, leaseMs: 60_000, modelLabels: [], cells: [] });
    if (held.result !== 'held') throw new Error(held.result);
    await show(calls % 2, held.balance);
    const settled = await ledger.settle({ ...common, modelLabels: [], cells: [] });
    if (settled.result !== 'settled') throw new Error(settled.result);
    await show(calls % 2, settled.balance);
  };
  const told = (): string[] =>
    receiver.received.map(({ body, headers }) => {
      const event = new Webhook(secret).verify(body, headers as Record<string, string>) as {
        type: string;
        data: { level_usd: string; balance_usd: string };
      };
      return `${event.type} ${event.data.level_usd} at ${event.data.balance_usd}`;
    });
  try {
    await grant('grant_1', '12');
    for (let n = 0; n < 12; n += 1) await call();
    expect(told()).toEqual(['balance.low 10.00 at 10.00', 'balance.low 5.00 at 5.00', 'balance.low 1.00 at 1.00']);
    // A scrape does not wait long for the store: a later one has what this one has not.
    await until(async () => Object.keys(await series(metrics, 'tollgate_alert_firing')).length === 3);
    expect(await series(metrics, 'tollgate_balance_usd')).toEqual({ '{account="acct_a"}': 0 });
    expect((await series(metrics, 'tollgate_alerts_sent_total'))['{channel="webhook",result="delivered"}']).toBe(3);

    await grant('grant_2', '20');
    expect(told().at(-1)).toBe('balance.low.recovered 1.00 at 20.00');
    nowMs += 10_000;
    await until(async () => Object.keys(await series(metrics, 'tollgate_alert_firing')).length === 0);
    for (let n = 0; n < 10; n += 1) await call();
    expect(told()).toHaveLength(4);

    await grant('grant_3', '2');
    nowMs += 24 * 3_600_000;
    // The receiver's library judges timestamps by the real clock: what is sent from here on is counted, not verified.
    for (let n = 0; n < 2; n += 1) await call();
    expect(receiver.received).toHaveLength(5);
    expect(JSON.parse(receiver.received[4]?.body ?? '').data).toMatchObject({
      level_usd: '10.00',
      balance_usd: '10.00',
    });
  } finally {
    await sender.close();
    await receiver.stop();
    database.close();
  }
});
