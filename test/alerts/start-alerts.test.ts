import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/alerts/alert-rule.ts';
import { EVENT_OVER_AFTER_MS } from '../../src/alerts/tidy-alerts.ts';
import { LOOKS_TO_BELIEVE } from '../../src/alerts/watch-store-down.ts';
import type { QuotaCell } from '../../src/domain/credit/credit-commands.ts';
import { tellReload } from '../../src/reloads/tell-reload.ts';
import { series } from '../observability/metrics-fixtures.ts';
import { startAlertsUnderTest } from './alerts-under-test.ts';

const HOUR_MS = 3_600_000;
/** Until an account in use has been looked at. */
const LOOK_MS = 90_000;
/** Until all accounts have been looked at. */
const ALL_MS = 16 * 60_000;

test('a balance is told in the reply that made it, and that it is over', async () => {
  await using run = await startAlertsUnderTest();
  await run.rule({ kind: 'balance_low', amountsNanoUsd: [5_000_000_000n] });
  await run.grant('10');
  await run.call('6');
  expect(await run.toldAll(1, 'balance_usd')).toEqual(['balance.low 4.00']);
  await run.call('1');
  await run.grant('20');
  expect(await run.toldAll(2, 'balance_usd')).toEqual(['balance.low 4.00', 'balance.low.recovered 23.00']);
});

test('levels that an account does not have any more are forgotten', async () => {
  await using run = await startAlertsUnderTest();
  await run.directory.updateAccount(run.account.id, { lowBalanceNanoUsd: [5_000_000_000n] });
  await run.grant('1');
  await run.toldAll(1);
  expect(await run.alerts.listFired(10)).toMatchObject([{ alert: 'balance_low', levelNanoUsd: 5_000_000_000n }]);
  await run.directory.updateAccount(run.account.id, { lowBalanceNanoUsd: [] });
  await run.pass(LOOK_MS);
  expect(await run.alerts.listFired(10)).toEqual([]);
  expect(run.told()).toEqual(['balance.low']);
});

test('a share of the last purchase, and hours left, are looked for', async () => {
  await using run = await startAlertsUnderTest();
  await run.rule({ kind: 'balance_low', shareMillionths: 200_000 });
  await run.rule({ kind: 'balance_low', hoursLeft: 24 });
  await run.grant('100');
  await run.call('50');
  await run.pass(LOOK_MS);
  // $50 in a day, of which three are counted at least: $50 last for three days.
  expect(run.told()).toEqual([]);
  await run.call('31');
  await run.pass(LOOK_MS);
  const told = await run.toldAll(2, 'balance_usd');
  expect(told).toEqual(['balance.low 19.00', 'balance.low 19.00']);
});

test('quotas are told by the holds of calls: at each share, when they refuse, and over in the next window', async () => {
  await using run = await startAlertsUnderTest();
  const quota = await run.directory.createQuota({
    id: 'quota_1',
    accountId: run.account.id,
    scope: { type: 'account', id: run.account.id },
    window: 'day',
    measure: 'usd',
    limit: 10_000_000_000n,
    mode: 'hard',
    raises: [],
    createdAtMs: 0,
  });
  if (quota.result !== 'created') throw new Error(quota.result);
  const { accountId: _, ...ofAll } = await run.rule({ kind: 'quota_used', sharesMillionths: [500_000, 1_000_000] });
  await run.alerts.admin.store.rules.delete(ofAll.id);
  await run.alerts.admin.store.rules.create(ofAll, 100);
  run.alerts.admin.book.forget();
  await run.grant('100');
  const cell: QuotaCell = {
    quotaId: 'quota_1',
    window: `day:${new Date(run.timers.nowMs()).toISOString().slice(0, 10)}`,
    measure: 'usd',
    limit: 10_000_000_000n,
    mode: 'hard',
    endsAtMs: Math.ceil(run.timers.nowMs() / DAY_MS) * DAY_MS,
  };
  await run.call('6', [cell]);
  // The next hold shows what the one before has used.
  await run.call('3.5', [cell]);
  expect(await run.toldAll(1, 'share')).toEqual(['quota.used 0.5']);
  await run.call('2', [cell]);
  expect(await run.toldAll(2, 'share')).toEqual(['quota.used 0.5', 'quota.used 1']);
  await run.pass(DAY_MS);
  await run.pass(ALL_MS);
  expect(await run.toldAll(3)).toEqual(['quota.used', 'quota.used', 'quota.used.recovered']);
});

test('a burn out of line with its history is told, and over when it is as usual', async () => {
  await using run = await startAlertsUnderTest();
  await run.rule({ kind: 'burn_rate', factorThousandths: 3_000, minimumNanoUsd: 2_000_000_000n });
  await run.grant('1000');
  for (let day = 0; day < 3; day += 1) {
    await run.call('1');
    await run.pass(DAY_MS);
  }
  await run.call('2.9');
  await run.pass(LOOK_MS);
  expect(run.told()).toEqual([]);
  await run.call('0.2');
  await run.pass(LOOK_MS);
  expect(await run.toldAll(1, 'hour_usd')).toEqual(['burn.high 3.10']);
  await run.pass(3 * HOUR_MS);
  expect(await run.toldAll(2)).toEqual(['burn.high', 'burn.high.recovered']);
});

test('credit that will expire is told of accounts that nobody uses, too, once', async () => {
  await using run = await startAlertsUnderTest();
  await run.rule({ kind: 'credit_expiry', days: 7, minimumNanoUsd: 1_000_000_000n });
  await run.grant('40', { kind: 'promotional', days: 10 });
  await run.grant('0.5', { days: 5 });
  await run.pass(ALL_MS);
  expect(run.told()).toEqual([]);
  await run.pass(3 * DAY_MS);
  await run.pass(ALL_MS);
  expect(await run.toldAll(1, 'expiring_usd')).toEqual(['credit.expiring 40.00']);
  await run.pass(8 * DAY_MS);
  await run.pass(ALL_MS);
  expect(run.told()).toEqual(['credit.expiring']);
  expect(await run.alerts.listFired(10)).toEqual([]);
});

test('what meters calls is told once for each reason, and over after an hour without', async () => {
  await using run = await startAlertsUnderTest();
  const { metrics } = run.alerts;
  for (let n = 0; n < 1_000; n += 1) metrics.unpricedRequest('refused', `claude-${n}`);
  metrics.unpricedRequest('answered', 'claude-x');
  metrics.usageMissing('interrupted');
  metrics.usageMissing('completed');
  metrics.upstreamRefused('upstream_credit');
  const told = await run.toldAll(4, 'reason');
  expect(told.sort()).toEqual([
    'model.unpriced answered',
    'model.unpriced refused',
    'upstream.refused upstream_credit',
    'usage.missing completed',
  ]);
  expect((await series(run.metrics, 'tollgate_unpriced_requests_total'))['{stage="refused"}']).toBe(1_000);
  // It goes on for a while: noted, not told.
  await run.pass(50 * 60_000);
  metrics.unpricedRequest('refused', 'claude-y');
  await run.pass(50 * 60_000);
  expect((await run.toldAll(7)).slice(4).sort()).toEqual([
    'model.unpriced.recovered',
    'upstream.refused.recovered',
    'usage.missing.recovered',
  ]);
  await run.pass(EVENT_OVER_AFTER_MS);
  expect((await run.toldAll(8)).at(-1)).toBe('model.unpriced.recovered');
});

test('books that differ are told, and that they agree again', async () => {
  await using run = await startAlertsUnderTest();
  const accountId = run.account.id;
  const found = { accountId, sequence: 3, driftNanoUsd: 5n, differences: [{ what: 'x', journal: '1', store: '2' }] };
  await run.alerts.raiseDrift(found as never);
  await run.alerts.raiseDrift(found as never);
  expect(await run.toldAll(1, 'drift_usd')).toEqual(['ledger.drift 0.000000005']);
  await run.pass(3 * HOUR_MS);
  expect(run.told()).toEqual(['ledger.drift']);
  run.alerts.metrics.ledgerReconciled(accountId, 0n, true);
  expect(await run.toldAll(2)).toEqual(['ledger.drift', 'ledger.drift.recovered']);
});

test('a reload that failed goes by the rules of its account, over when one is paid; the built-in channel gets the events', async () => {
  await using run = await startAlertsUnderTest();
  const channels = ['channel_built_in'];
  await run.rule({ kind: 'reload_failed' }, { channels });
  await run.rule({ kind: 'reload_failed' }, { channels, enabled: false });
  const facts = {
    accountId: run.account.id,
    reloadId: 'reload_1',
    amountNanoUsd: 5_000_000_000n,
    atMs: run.timers.nowMs(),
  };
  const declined = { ...facts, type: 'reload.declined', reason: 'no funds', declines: 1, nextAtMs: 0 } as const;
  await tellReload(run.alerts, declined);
  expect((await run.toldAll(2, 'amount_usd')).sort()).toEqual(['reload.declined 5.00', 'reload.failed 5.00']);
  await run.pass(3 * HOUR_MS);
  expect(run.told()).toHaveLength(2);
  await tellReload(run.alerts, { ...facts, type: 'reload.paid', reference: undefined });
  expect((await run.toldAll(4, 'reason')).slice(2).sort()).toEqual([
    'reload.failed.recovered declined',
    'reload.paid undefined',
  ]);
});

test('a rule that is deleted or turned off leaves nothing behind', async () => {
  await using run = await startAlertsUnderTest();
  const rule = await run.rule({ kind: 'balance_low', amountsNanoUsd: [5_000_000_000n] });
  await run.grant('1');
  await run.toldAll(1);
  await run.alerts.admin.store.rules.update(rule.id, (one) => ({ ...one, enabled: false }));
  run.alerts.admin.book.forget();
  await run.pass(LOOK_MS);
  expect((await run.alerts.admin.store.readAlerts(`${rule.id} ${run.account.id}`)).states).toEqual([]);
  expect(run.told()).toEqual(['balance.low']);
});

test('a store that is down is told once, from memory, and that it is back', async () => {
  await using run = await startAlertsUnderTest();
  await run.pass(LOOK_MS);
  run.store.isDown = true;
  for (let n = 0; n < LOOKS_TO_BELIEVE - 1; n += 1) await run.pass(5_000);
  expect(run.told()).toEqual([]);
  await run.pass(5_000);
  expect(await run.toldAll(1)).toEqual(['store.down']);
  for (let n = 0; n < 20; n += 1) await run.pass(5_000);
  run.store.isDown = false;
  for (let n = 0; n < LOOKS_TO_BELIEVE; n += 1) await run.pass(5_000);
  expect(await run.toldAll(2)).toEqual(['store.down', 'store.down.recovered']);
  // Away again at once: within the quiet time nobody is told again.
  run.store.isDown = true;
  for (let n = 0; n < 20; n += 1) await run.pass(5_000);
  run.store.isDown = false;
  for (let n = 0; n < 20; n += 1) await run.pass(5_000);
  expect(run.told()).toHaveLength(2);
  expect(run.log.filter(({ fields }) => fields.event === 'store.down')).toHaveLength(1);
});
