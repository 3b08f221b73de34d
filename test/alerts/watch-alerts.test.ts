import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/alerts/alert-rule.ts';
import { type AlertStore, AlertStoreUnavailable } from '../../src/alerts/alert-store.ts';
import { observeBalance } from '../../src/alerts/observe-account.ts';
import { type AlertWatch, createAlertWatch } from '../../src/alerts/watch-alerts.ts';
import type { AccountBalance } from '../../src/domain/credit/credit-types.ts';
import type { Database } from '../../src/store/sqlite/open-database.ts';
import { balanceOf, createRecorder, openMemoryAlerts, START_MS } from './alert-fixtures.ts';

const ACCOUNT = {
  id: 'acct_a',
  name: 'Acme "Ltd"\r\nX: y',
  timezone: 'UTC',
  lowBalanceNanoUsd: [20_000_000_000n, 5_000_000_000n],
};
const RUNWAY_MS = 7_200_999;

describe('createAlertWatch', () => {
  let store: AlertStore;
  let database: Database;
  let nowMs = START_MS;
  let recorder: ReturnType<typeof createRecorder>;
  let notices = 0;
  beforeEach(() => {
    ({ store, database } = openMemoryAlerts());
    recorder = createRecorder();
    nowMs = START_MS;
    notices = 0;
  });
  afterEach(() => database.close());

  /** @param channelIds that the rules tell; undefined is the built-in one. */
  const watch = (
    alertStore: Pick<AlertStore, 'readAlerts' | 'changeAlerts'> = store,
    channelIds: (string | undefined)[] = [undefined],
  ) => {
    const alerts = createAlertWatch({
      store: alertStore,
      book: { findChannelIds: async () => channelIds },
      nowMs: () => nowMs,
      logger: recorder.logger,
      metrics: recorder.metrics,
      onNotice: () => {
        notices += 1;
      },
    });
    return {
      observe: (account: typeof ACCOUNT, balance: AccountBalance) =>
        observeBalance(alerts as AlertWatch, account, [], balance, RUNWAY_MS),
      settled: alerts.settled,
    };
  };
  const outbox = () => store.claimDue({ nowMs: nowMs + 1e9, leaseMs: 1, limit: 100 });

  test('tells of a fall in the outbox, the log and the metric', async () => {
    const balances = watch();
    balances.observe(ACCOUNT, balanceOf({ available: 3.5, held: 1, debt: 0.25 }, 1));
    await balances.settled();
    const [notice, ...others] = await outbox();
    expect(others).toEqual([]);
    expect(notice?.id).toMatch(/^alert_acct_a_balance_low_5000000000_\d+$/);
    expect(JSON.parse(notice?.payload ?? '')).toEqual({
      type: 'balance.low',
      timestamp: '2026-11-21T12:00:00.000Z',
      data: {
        account: { id: 'acct_a', name: ACCOUNT.name },
        level_usd: '5.00',
        balance_usd: '4.25',
        available_usd: '3.50',
        held_usd: '1.00',
        debt_usd: '0.25',
        pending_usd: '0.00',
        runway_seconds: 7_200,
        fired_at: '2026-11-21T12:00:00.000Z',
        alert: { id: 'alert_low_balance', kind: 'balance_low' },
      },
    });
    expect(recorder.log).toMatchObject([{ level: 'warn', fields: { event: 'balance.low', level_usd: '5.00' } }]);
    expect(recorder.sent).toEqual(['log delivered']);
    expect(notices).toBe(1);
  });

  test('held credit counts as there', async () => {
    const balances = watch();
    balances.observe(ACCOUNT, balanceOf({ available: 1, held: 30 }, 1));
    await balances.settled();
    expect(await outbox()).toEqual([]);
  });

  test('without a channel the outbox stays empty', async () => {
    const balances = watch(store, []);
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 1));
    await balances.settled();
    expect(await outbox()).toEqual([]);
    expect(recorder.sent).toEqual(['log delivered']);
    expect(await store.listFired(10)).toHaveLength(2);
  });

  test('each channel has its own entry of one notice', async () => {
    const balances = watch(store, [undefined, 'channel_a', 'channel_b']);
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 1));
    await balances.settled();
    const entries = await outbox();
    expect(new Set(entries.map(({ id }) => id)).size).toBe(1);
    expect(entries.map(({ channelId }) => channelId).sort()).toEqual(['channel_a', 'channel_b', undefined]);
    expect(new Set(entries.map(({ entryId }) => entryId)).size).toBe(3);
  });

  test('a recovery is told, under an id of its own', async () => {
    const balances = watch();
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 1));
    await balances.settled();
    nowMs += 1_000;
    balances.observe(ACCOUNT, balanceOf({ available: 100 }, 2));
    await balances.settled();
    const [fired, over] = (await outbox()).sort((one, other) => one.id.length - other.id.length);
    expect(over?.id).toBe(`${fired?.id}_recovered`);
    expect(JSON.parse(over?.payload ?? '')).toMatchObject({
      type: 'balance.low.recovered',
      data: { balance_usd: '100.00', recovered_at: '2026-11-21T12:00:01.000Z' },
    });
    expect(recorder.log.at(-1)).toMatchObject({ level: 'info', fields: { event: 'balance.low.recovered' } });
  });

  test('fifty replicas that see one fall at once tell of it once', async () => {
    const replicas = Array.from({ length: 50 }, () => watch());
    for (const replica of replicas) replica.observe(ACCOUNT, balanceOf({ available: 4 }, 1));
    await Promise.all(replicas.map((replica) => replica.settled()));
    expect(await outbox()).toHaveLength(1);
    expect(recorder.sent).toEqual(['log delivered']);
  });

  test('two replicas tell of one fall once, of each fall', async () => {
    const replicas = [watch(), watch()];
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      const available = 60 - sequence * 0.3;
      replicas[sequence % 2]?.observe(ACCOUNT, balanceOf({ available }, sequence));
      if (sequence % 7 === 0) await Promise.all(replicas.map((replica) => replica.settled()));
    }
    await Promise.all(replicas.map((replica) => replica.settled()));
    const levels = (await outbox()).map(({ payload }) => JSON.parse(payload).data.level_usd);
    expect(levels.sort()).toEqual(['20.00', '5.00']);
    expect(recorder.sent).toHaveLength(2);
  });

  test('what one replica saw recover, another tells again of', async () => {
    const [first, second] = [watch(), watch()];
    first.observe(ACCOUNT, balanceOf({ available: 4 }, 1));
    await first.settled();
    nowMs += DAY_MS;
    second.observe(ACCOUNT, balanceOf({ available: 50 }, 2));
    await second.settled();
    expect(await store.listFired(10)).toEqual([]);
    first.observe(ACCOUNT, balanceOf({ available: 4 }, 3));
    await first.settled();
    expect(recorder.sent).toHaveLength(3);
    expect(await outbox()).toHaveLength(3);
  });

  test('asks the store once and then compares here', async () => {
    let reads = 0;
    const counting = {
      ...store,
      readAlerts: (accountId: string) => {
        reads += 1;
        return store.readAlerts(accountId);
      },
    };
    const balances = watch(counting);
    for (let sequence = 1; sequence <= 1_000; sequence += 1) {
      balances.observe(ACCOUNT, balanceOf({ available: 1_000 - sequence / 10 }, sequence));
      await balances.settled();
    }
    expect(reads).toBe(1);
    nowMs += 30_000;
    balances.observe(ACCOUNT, balanceOf({ available: 500 }, 1_001));
    await balances.settled();
    expect(reads).toBe(2);
  });

  test('never asks for an account without levels', async () => {
    const refuse = () => Promise.reject(new Error('not to be asked'));
    const balances = watch({ readAlerts: refuse, changeAlerts: refuse });
    balances.observe({ ...ACCOUNT, lowBalanceNanoUsd: [] }, balanceOf({ available: 0 }, 1));
    await balances.settled();
    expect(recorder.faults).toEqual([]);
  });

  test('a reply overtaken by a newer one is not believed', async () => {
    const balances = watch();
    balances.observe(ACCOUNT, balanceOf({ available: 50 }, 10));
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 9));
    await balances.settled();
    expect(recorder.sent).toEqual([]);
  });

  test('a sequence that stays behind, as after a fail-over, is believed after a while', async () => {
    const balances = watch();
    balances.observe(ACCOUNT, balanceOf({ available: 50 }, 1_000));
    await balances.settled();
    nowMs += 30_000;
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 900));
    await balances.settled();
    expect(recorder.sent).toEqual(['log delivered']);
  });

  test('the newest of what came while the store was asked is looked at too', async () => {
    const balances = watch();
    balances.observe(ACCOUNT, balanceOf({ available: 50 }, 1));
    balances.observe(ACCOUNT, balanceOf({ available: 40 }, 2));
    balances.observe(ACCOUNT, balanceOf({ available: 4 }, 3));
    await balances.settled();
    expect(recorder.sent).toEqual(['log delivered']);
  });

  test('a fault of the store is counted, pauses the account, and loses no alert', async () => {
    let broken = true;
    const flaky = {
      ...store,
      changeAlerts: (change: Parameters<AlertStore['changeAlerts']>[0]) =>
        broken ? Promise.reject(new AlertStoreUnavailable('down')) : store.changeAlerts(change),
    };
    const balances = watch(flaky);
    for (let sequence = 1; sequence <= 50; sequence += 1) {
      balances.observe(ACCOUNT, balanceOf({ available: 1 }, sequence));
      await balances.settled();
    }
    expect(recorder.faults).toEqual(['alerts']);
    expect(recorder.sent).toEqual([]);
    broken = false;
    nowMs += 5_000;
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 51));
    await balances.settled();
    expect(recorder.sent).toEqual(['log delivered']);
    expect(await outbox()).toHaveLength(1);
  });

  test('gives up when others keep changing, without an end', async () => {
    let turns = 0;
    const contended = {
      ...store,
      changeAlerts: async () => {
        turns += 1;
        return 'stale' as const;
      },
    };
    const balances = watch(contended);
    balances.observe(ACCOUNT, balanceOf({ available: 1 }, 1));
    await balances.settled();
    expect(turns).toBe(5);
    expect(recorder.sent).toEqual([]);
  });
});
