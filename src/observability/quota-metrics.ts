import type { AccountFigures } from './account-figures.ts';
import type { MetricRegistry } from './metric-registry.ts';
import { QUOTAS_AT_MOST, type QuotaFigure } from './quota-figure.ts';

/** A quota has one account, scope and window: only its id multiplies series. */
const LABELS = {
  account: { atMost: 1 },
  quota: { atMost: QUOTAS_AT_MOST },
  scope: { atMost: 1 },
  window: { atMost: 1 },
};

/** Gauges of the quotas of accounts lately active, read from the ledger like the balances. */
export function createQuotaGauges(metrics: MetricRegistry, read: () => Promise<AccountFigures | undefined>): void {
  const gauge = (name: string, help: string, value: (figure: QuotaFigure) => number | undefined): void => {
    const series = metrics.gauge({ name, help, labels: LABELS, aggregation: 'max' }, async () => {
      const figures = await read();
      series.reset();
      for (const figure of figures?.quotas ?? []) {
        const one = value(figure);
        const { accountId: account, quotaId: quota, scope, window } = figure;
        if (one !== undefined) series.set({ account, quota, scope, window }, one);
      }
    });
  };
  gauge('tollgate_quota_limit_usd', 'Limit in force of a quota in dollars, raises included.', (one) => one.limitUsd);
  gauge(
    'tollgate_quota_used_ratio',
    'Settled use of a quota over its limit, of any measure; of concurrency the open calls over the limit.',
    (one) => one.usedRatio,
  );
  gauge(
    'tollgate_quota_reset_timestamp_seconds',
    'When the window of a quota ends, in seconds since 1970; no series where it has no end.',
    (one) => (one.resetsAtMs === undefined ? undefined : one.resetsAtMs / 1000),
  );
}
