import { describe, expect, test } from 'vitest';
import type { AccountSources } from '../../src/observability/account-figures.ts';
import { accountBalance, createTestMetrics, NOW_MS, scrape, series } from './metrics-fixtures.ts';

const BALANCE = accountBalance({
  availableNanoUsd: 12_345_678_901n,
  heldNanoUsd: 500_000_000n,
  pendingNanoUsd: 7_000_000_000n,
  debtNanoUsd: 1_000_000_000n,
  chargedNanoUsd: 9_007_199_254_740_991n,
});

function sourcesOf(
  accounts: readonly { id: string; name: string; closedAtMs?: number }[],
  firedId = accounts[0]?.id ?? '',
): AccountSources {
  return {
    directory: {
      listAccounts: async ({ limit }) => accounts.slice(0, limit),
      findAccount: async (id) => accounts.find((account) => account.id === id),
    },
    ledger: {
      ping: async () => {},
      readBalance: async (id) => (accounts.some((account) => account.id === id) ? BALANCE : undefined),
      findDue: async () => ({ holds: [{}, {}] }),
    },
    alerts: { listFired: async () => [{ alert: 'balance_low', accountId: firedId, levelNanoUsd: 5_000_000_000n }] },
  };
}

const ACCOUNTS = [{ id: 'acct_a', name: 'Acme' }];
const SHARED = [
  'tollgate_balance_usd',
  'tollgate_balance_available_usd',
  'tollgate_balance_reserved_usd',
  'tollgate_balance_pending_usd',
  'tollgate_balance_debt_usd',
  'tollgate_account_charged_usd_total',
  'tollgate_account_info',
  'tollgate_alert_firing',
  'tollgate_holds_overdue',
];
const shared = async (metrics: Parameters<typeof scrape>[0]): Promise<string[]> =>
  [...(await scrape(metrics)).keys()].filter((key) => SHARED.some((name) => key.split('{')[0] === name));

describe('gauges of accounts', () => {
  test('say what the ledger says', async () => {
    const metrics = createTestMetrics();
    metrics.watchAccounts(sourcesOf(ACCOUNTS));
    const samples = await scrape(metrics);
    const of = (name: string) => samples.get(`${name}{account="acct_a"}`);
    expect(of('tollgate_balance_usd')).toBe(11.845678901);
    expect(of('tollgate_balance_available_usd')).toBe(12.345678901);
    expect(of('tollgate_balance_reserved_usd')).toBe(0.5);
    expect(of('tollgate_balance_pending_usd')).toBe(7);
    expect(of('tollgate_balance_debt_usd')).toBe(1);
    expect(of('tollgate_account_charged_usd_total')).toBe(9007199.254740991);
    expect(samples.get('tollgate_account_info{account="acct_a",name="Acme"}')).toBe(1);
    expect(samples.get('tollgate_alert_firing{account="acct_a",alert="balance_low",level_usd="5.00"}')).toBe(1);
    expect(samples.get('tollgate_holds_overdue')).toBe(2);
    expect(samples.get('tollgate_store_up')).toBe(1);
  });

  test('are absent before there is a ledger', async () => {
    const metrics = createTestMetrics();
    expect(await shared(metrics)).toEqual([]);
    expect((await scrape(metrics)).has('tollgate_store_up')).toBe(false);
  });

  test('read the ledger once for all of them, and not again within five seconds', async () => {
    let nowMs = NOW_MS;
    let reads = 0;
    const metrics = createTestMetrics({ nowMs: () => nowMs });
    const sources = sourcesOf(ACCOUNTS);
    const readBalance = async (id: string) => {
      reads += 1;
      return sources.ledger.readBalance(id);
    };
    metrics.watchAccounts({ ...sources, ledger: { ...sources.ledger, readBalance } });
    await Promise.all([metrics.render(), metrics.render()]);
    await metrics.render();
    expect(reads).toBe(1);
    nowMs += 5_000;
    await metrics.render();
    expect(reads).toBe(2);
  });

  test('vanish when the ledger fails, and come back', async () => {
    let nowMs = NOW_MS;
    let broken = false;
    const metrics = createTestMetrics({ nowMs: () => nowMs });
    const sources = sourcesOf(ACCOUNTS);
    const readBalance = (id: string) => (broken ? Promise.reject(new Error('down')) : sources.ledger.readBalance(id));
    metrics.watchAccounts({ ...sources, ledger: { ...sources.ledger, readBalance } });
    expect(await shared(metrics)).toHaveLength(SHARED.length);
    broken = true;
    nowMs += 5_000;
    expect(await shared(metrics)).toEqual([]);
    expect((await scrape(metrics)).get('tollgate_store_up')).toBe(0);
    broken = false;
    nowMs += 5_000;
    expect(await shared(metrics)).toHaveLength(SHARED.length);
    expect((await scrape(metrics)).get('tollgate_store_up')).toBe(1);
  });

  test('a store that is silent does not delay a scrape, and what it says late is in the next', async () => {
    let nowMs = NOW_MS;
    const metrics = createTestMetrics({ nowMs: () => nowMs });
    const answer = Promise.withResolvers<void>();
    const sources = sourcesOf(ACCOUNTS);
    metrics.watchAccounts({ ...sources, ledger: { ...sources.ledger, ping: () => answer.promise } });
    await metrics.render();
    const startMs = performance.now();
    expect(await shared(metrics)).toEqual([]);
    // The budget is 25 ms; the rest is room for a busy machine.
    expect(performance.now() - startMs).toBeLessThan(500);
    answer.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    nowMs += 1;
    expect(await shared(metrics)).toHaveLength(SHARED.length);
  });

  test('figures a minute old are not shown, however silent the store', async () => {
    let nowMs = NOW_MS;
    let ping = async (): Promise<void> => {};
    const metrics = createTestMetrics({ nowMs: () => nowMs });
    const sources = sourcesOf(ACCOUNTS);
    metrics.watchAccounts({ ...sources, ledger: { ...sources.ledger, ping: () => ping() } });
    await metrics.render();
    ping = () => new Promise(() => {});
    nowMs += 59_000;
    expect(await shared(metrics)).toHaveLength(SHARED.length);
    nowMs += 2_000;
    expect(await shared(metrics)).toEqual([]);
  });

  test('are only so many: those lately active first, then those with an alert', async () => {
    const accounts = Array.from({ length: 30 }, (_, n) => ({ id: `acct_${n}`, name: `n${n}` }));
    let nowMs = NOW_MS;
    const metrics = createTestMetrics({ accountsAtMost: 3, nowMs: () => nowMs });
    metrics.watchAccounts(sourcesOf(accounts, 'acct_20'));
    metrics.accountActive('acct_27');
    metrics.accountActive('acct_28');
    expect(Object.keys(await series(metrics, 'tollgate_balance_usd'))).toEqual([
      '{account="acct_28"}',
      '{account="acct_27"}',
      '{account="acct_20"}',
    ]);
    expect((await series(metrics, 'tollgate_metric_series_folded_total'))['{label="account"}']).toBeGreaterThan(0);
    nowMs += 3_600_001;
    expect(Object.keys(await series(metrics, 'tollgate_balance_usd'))).toEqual([
      '{account="acct_20"}',
      '{account="acct_0"}',
      '{account="acct_1"}',
    ]);
  });

  test('a closed account has none, and no alert', async () => {
    const metrics = createTestMetrics();
    metrics.watchAccounts(sourcesOf([{ id: 'acct_a', name: 'Acme', closedAtMs: 1 }]));
    expect(Object.keys(await series(metrics, 'tollgate_balance_usd'))).toEqual([]);
    expect(Object.keys(await series(metrics, 'tollgate_alert_firing'))).toEqual([]);
  });

  test('no name breaks the exposition', async () => {
    const nasty = 'A"}\r\ntollgate_evil 1\n\\u{2028}\u2028\u0000\u007f\ud800 \\';
    const metrics = createTestMetrics();
    metrics.watchAccounts(
      sourcesOf([
        { id: 'acct_a', name: nasty },
        { id: 'acct_b', name: 'x'.repeat(10_000) },
      ]),
    );
    const { body } = await metrics.render();
    expect(body).not.toMatch(/^tollgate_evil/m);
    expect(body).not.toContain('\r');
    const lines = body.split('\n').filter((line) => line.startsWith('tollgate_account_info{'));
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line.length < 200)).toBe(true);
    expect(lines[0]).toContain('name="A\\"}  tollgate_evil 1 \\\\u{2028}');
    expect(body.isWellFormed()).toBe(true);
  });
});
