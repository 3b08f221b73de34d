import { ALERT_KINDS } from '../domain/alert-kinds.ts';
import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { formatUsd } from '../domain/money.ts';
import { type AccountFigures, type AccountSources, createAccountFiguresReader } from './account-figures.ts';
import type { MetricRegistry } from './metric-registry.ts';
import { printableName } from './printable-name.ts';
import { createQuotaGauges } from './quota-metrics.ts';

const NANO_PER_USD = 1e9;
/** Alert levels an account may have; see src/alerts. */
const LEVELS_AT_MOST = 10;

export interface AccountMetrics {
  /** From now on the gauges of accounts are read from here at each scrape. */
  watchAccounts(sources: AccountSources): void;
  /** An account made a call. Only accounts lately active are sure of gauges where there are many. */
  accountActive(accountId: string): void;
}

export interface AccountMetricsOptions {
  nowMs: () => number;
  /** See {@link AccountFiguresOptions.accountsAtMost}. */
  accountsAtMost: number;
  onFold: () => void;
  onQuotaFold: () => void;
}

/**
 * Gauges that every replica reads from the same ledger: aggregate them with `max by`, never with `sum`.
 * When the ledger does not answer they have no series, rather than wrong ones.
 */
export function createAccountMetrics(metrics: MetricRegistry, options: AccountMetricsOptions): AccountMetrics {
  const reader = createAccountFiguresReader({
    ...options,
    activeForMs: 3_600_000,
    freshForMs: 1_000,
    staleAfterMs: 60_000,
    scrapeBudgetMs: 25,
    readTimeoutMs: 1_000,
  });
  const account = { account: { atMost: options.accountsAtMost } };
  const gauge = (name: string, help: string, read: (balance: AccountBalance) => bigint): void => {
    const series = metrics.gauge({ name, help, labels: account, aggregation: 'max' }, async () => {
      const { figures } = await reader.read();
      series.reset();
      for (const { id, balance } of figures?.accounts ?? []) {
        series.set({ account: id }, Number(read(balance)) / NANO_PER_USD);
      }
    });
  };
  gauge('tollgate_balance_usd', 'Net balance, available + held - debt: what low-balance alerts look at.', (balance) => {
    return balance.availableNanoUsd + balance.heldNanoUsd - balance.debtNanoUsd;
  });
  gauge('tollgate_balance_available_usd', 'Credit that can be spent now.', (balance) => balance.availableNanoUsd);
  gauge('tollgate_balance_reserved_usd', 'Credit held for running calls.', (balance) => balance.heldNanoUsd);
  gauge('tollgate_balance_pending_usd', 'Credit not yet in effect.', (balance) => balance.pendingNanoUsd);
  gauge('tollgate_balance_debt_usd', 'Cost beyond the credit.', (balance) => balance.debtNanoUsd);
  createRunwayGauge(metrics, account, options.nowMs, async () => (await reader.read()).figures);
  createLedgerTotals(metrics, account, async () => (await reader.read()).figures);
  createQuotaGauges(metrics, async () => (await reader.read()).figures);
  createStoreGauges(metrics, options.accountsAtMost, reader.read);
  return { watchAccounts: reader.watch, accountActive: reader.touch };
}

type ReadFigures = () => Promise<AccountFigures | undefined>;

function createRunwayGauge(
  metrics: MetricRegistry,
  account: { account: { atMost: number } },
  nowMs: () => number,
  read: ReadFigures,
): void {
  const runway = metrics.gauge(
    {
      name: 'tollgate_balance_seconds_to_empty',
      help: 'Time until the credit ends at the burn of the last days, of accounts that call this process. No series: not known, or not within ten years.',
      labels: account,
      aggregation: 'min',
    },
    async () => {
      const figures = await read();
      runway.reset();
      for (const { id, emptyAtMs } of figures?.accounts ?? []) {
        if (emptyAtMs !== undefined) runway.set({ account: id }, Math.max(0, emptyAtMs - nowMs()) / 1000);
      }
    },
  );
}

function createLedgerTotals(
  metrics: MetricRegistry,
  account: { account: { atMost: number } },
  read: ReadFigures,
): void {
  const charged = metrics.counter(
    {
      name: 'tollgate_account_charged_usd_total',
      help: "Cost of all settled calls since the account was opened, from the ledger: compare the processes' counters with it.",
      labels: account,
      aggregation: 'max',
    },
    async () => {
      const figures = await read();
      charged.reset();
      for (const { id, balance } of figures?.accounts ?? []) {
        charged.inc({ account: id }, Number(balance.chargedNanoUsd) / NANO_PER_USD);
      }
    },
  );
  const info = metrics.gauge(
    {
      name: 'tollgate_account_info',
      help: 'The name of an account. Always 1; join on account.',
      labels: { ...account, name: { atMost: 1 } },
      aggregation: 'max',
    },
    async () => {
      const figures = await read();
      info.reset();
      for (const { id, name } of figures?.accounts ?? []) info.set({ account: id, name: printableName(name) }, 1);
    },
  );
}

function createStoreGauges(
  metrics: MetricRegistry,
  accountsAtMost: number,
  read: ReturnType<typeof createAccountFiguresReader>['read'],
): void {
  const up = metrics.gauge(
    {
      name: 'tollgate_store_up',
      help: 'Whether the store answered this process when last asked.',
      labels: {},
      aggregation: 'min',
    },
    async () => {
      const reading = await read();
      if (reading.up === undefined) up.remove();
      else up.set(reading.up ? 1 : 0);
    },
  );
  const overdue = metrics.gauge(
    {
      name: 'tollgate_holds_overdue',
      help: 'Holds in the ledger past their lease and not reclaimed yet, counted to 100.',
      labels: {},
      aggregation: 'max',
    },
    async () => {
      const { figures } = await read();
      if (figures === undefined) overdue.remove();
      else overdue.set(figures.overdueHolds);
    },
  );
  const firing = metrics.gauge(
    {
      name: 'tollgate_alert_firing',
      help: 'Alerts that were told and are not over, of an account or, without one, of the installation. 1 while fired; no series otherwise.',
      labels: { account: { atMost: accountsAtMost }, alert: ALERT_KINDS, level_usd: { atMost: LEVELS_AT_MOST } },
      aggregation: 'max',
      // So many are asked for.
      seriesAtMost: accountsAtMost,
    },
    async () => {
      const { figures } = await read();
      firing.reset();
      for (const { accountId = '', alert, levelNanoUsd } of figures?.firedAlerts ?? []) {
        firing.set(
          { account: accountId, alert, level_usd: levelNanoUsd === undefined ? '' : formatUsd(levelNanoUsd) },
          1,
        );
      }
    },
  );
}
