import { describe, expect, test } from 'vitest';
import type { AccountSources } from '../../src/observability/account-figures.ts';
import { QUOTAS_AT_MOST, type QuotaFigure } from '../../src/observability/quota-figure.ts';
import { accountBalance, createTestMetrics, scrape } from './metrics-fixtures.ts';

const FIGURE: QuotaFigure = { accountId: 'acct_a', quotaId: 'quota_a', scope: 'team', window: 'month' };

function sourcesOf(readQuotas: AccountSources['readQuotas']): AccountSources {
  return {
    directory: { listAccounts: async () => [{ id: 'acct_a', name: 'Acme' }], findAccount: async () => undefined },
    ledger: {
      ping: async () => {},
      readBalance: async () => accountBalance({}),
      findDue: async () => ({ holds: [] }),
    },
    ...(readQuotas === undefined ? {} : { readQuotas }),
  };
}

describe('gauges of quotas', () => {
  test('say what is known of a quota and nothing of what it has not', async () => {
    const metrics = createTestMetrics();
    const figures = [
      { ...FIGURE, limitUsd: 12.5, usedRatio: 0.75, resetsAtMs: 1_500 },
      { ...FIGURE, quotaId: 'quota_b', window: 'total' as const },
    ];
    metrics.watchAccounts(sourcesOf(async () => figures));
    metrics.accountActive('acct_a');
    const samples = [...(await scrape(metrics))].filter(([name]) => /^tollgate_quota_.*quota_/.test(name));
    const labels = '{account="acct_a",quota="quota_a",scope="team",window="month"}';
    expect(samples).toEqual([
      [`tollgate_quota_limit_usd${labels}`, 12.5],
      [`tollgate_quota_used_ratio${labels}`, 0.75],
      [`tollgate_quota_reset_timestamp_seconds${labels}`, 1.5],
    ]);
  });

  test('are read only of accounts lately active', async () => {
    const metrics = createTestMetrics();
    const asked: string[] = [];
    metrics.watchAccounts(
      sourcesOf(async (accountId) => {
        asked.push(accountId);
        return [];
      }),
    );
    await metrics.render();
    expect(asked).toEqual([]);
  });

  test('end at 500, and the rest is counted as folded', async () => {
    const metrics = createTestMetrics();
    const figures = Array.from({ length: QUOTAS_AT_MOST + 1 }, (_, n) => ({
      ...FIGURE,
      quotaId: `quota_${n}`,
      limitUsd: 1,
    }));
    metrics.watchAccounts(sourcesOf(async () => figures));
    metrics.accountActive('acct_a');
    const samples = await scrape(metrics);
    const series = [...samples.keys()].filter((name) => name.startsWith('tollgate_quota_limit_usd{'));
    expect(series).toHaveLength(QUOTAS_AT_MOST);
    // Counted while that scrape was under way: the next one shows it.
    expect((await scrape(metrics)).get('tollgate_metric_series_folded_total{label="quota"}')).toBe(1);
  });
});
