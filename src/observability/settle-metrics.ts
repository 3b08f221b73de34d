import type { MetricRegistry } from './metric-registry.ts';
import { createMoneyCounter } from './money-counter.ts';

/** What the ledger answered to a settle. */
export const SETTLE_RESULTS = [
  'settled',
  'late',
  'duplicate',
  'conflict',
  'too_old',
  'out_of_range',
  'no_account',
] as const;
export type SettleResult = (typeof SETTLE_RESULTS)[number];

/** How an answer without usage ended. */
export const USAGE_MISSING_REASONS = ['completed', 'interrupted', 'unreadable'] as const;
export type UsageMissingReason = (typeof USAGE_MISSING_REASONS)[number];

export const STORE_OPERATIONS = [
  'hold',
  'extend',
  'settle',
  'release',
  'reclaim',
  'grant',
  'tick',
  'read',
  'directory',
  'alerts',
  'ping',
] as const;
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

export interface SettleMetrics {
  /** The ledger acknowledged a settle. `lagMs`: from the end of the call to the acknowledgement. */
  settleAnswered(settle: { result: SettleResult; lagMs: number; overageNanoUsd: bigint }): void;
  /** A call that the API bills ended without its usage. */
  usageMissing(reason: UsageMissingReason): void;
  /** An answer reported usage of a kind that is not known here. */
  unknownUsage(): void;
  /** An account's sequence was lower than this process had seen it. */
  sequenceRegressed(): void;
  /** A call whose process had died was ended by the next one. */
  orphanRecovered(action: 'charged' | 'released'): void;
  /** The store did not answer, or answered with a fault. */
  storeFailed(operation: StoreOperation): void;
  /** The settles waiting on disk, asked at each scrape. `oldestAtMs` undefined: none waits. */
  watchSpool(read: () => { entries: number; oldestAtMs: number | undefined }): void;
}

export function createSettleMetrics(metrics: MetricRegistry, nowMs: () => number): SettleMetrics {
  const settles = metrics.tallied({
    name: 'tollgate_settle_total',
    help: 'Settles acknowledged by the ledger, by its answer.',
    labels: { result: SETTLE_RESULTS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const lag = metrics.histogram({
    name: 'tollgate_settle_lag_seconds',
    help: "From the end of a call to the ledger's acknowledgement of its settle.",
    labels: {},
    aggregation: 'sum',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3600],
  });
  const overspend = createMoneyCounter(metrics, {
    name: 'tollgate_overspend_usd_total',
    help: 'Cost beyond what was held for the call. Should stay at 0.',
    labels: {},
    aggregation: 'sum',
  });
  const missing = metrics.counter({
    name: 'tollgate_usage_missing_total',
    help: 'Billed answers whose usage was not reported, by how they ended.',
    labels: { reason: USAGE_MISSING_REASONS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const unknown = metrics.counter({
    name: 'tollgate_unknown_usage_total',
    help: 'Answers that reported usage of a kind that is not known here and not charged; their journal entries keep it.',
    labels: {},
    aggregation: 'sum',
  });
  const regressions = metrics.counter({
    name: 'tollgate_sequence_regressions_total',
    help: 'Accounts found to have lost writes that the store had acknowledged, which are then sent again. Should stay at 0.',
    labels: {},
    aggregation: 'sum',
  });
  const orphans = metrics.counter({
    name: 'tollgate_orphaned_calls_total',
    help: 'Streams whose process was killed, ended at the next start by what they had reported.',
    labels: { action: ['charged', 'released'] },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const failures = metrics.counter({
    name: 'tollgate_store_errors_total',
    help: 'Operations that the store did not answer, or answered with a fault.',
    labels: { op: STORE_OPERATIONS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    settleAnswered({ result, lagMs, overageNanoUsd }) {
      settles.at(result).add(1);
      lag.at().observe(lagMs / 1000);
      if (overageNanoUsd > 0n) overspend.at().addNanoUsd(overageNanoUsd);
    },
    sequenceRegressed: () => regressions.inc(),
    orphanRecovered: (action) => orphans.inc({ action }),
    usageMissing: (reason) => missing.inc({ reason }),
    unknownUsage: () => unknown.inc(),
    storeFailed: (operation) => failures.inc({ op: operation }),
    ...createSpoolMetrics(metrics, nowMs),
  };
}

function createSpoolMetrics(metrics: MetricRegistry, nowMs: () => number): Pick<SettleMetrics, 'watchSpool'> {
  let read: Parameters<SettleMetrics['watchSpool']>[0] = () => ({ entries: 0, oldestAtMs: undefined });
  const depth = metrics.gauge(
    {
      name: 'tollgate_outbox_depth',
      help: 'Settles waiting in the spool of this process.',
      labels: {},
      aggregation: 'sum',
    },
    () => {
      depth.set(read().entries);
    },
  );
  const age = metrics.gauge(
    {
      name: 'tollgate_outbox_oldest_age_seconds',
      help: 'Age of the oldest settle in the spool of this process; 0: none waits.',
      labels: {},
      aggregation: 'max',
    },
    () => {
      const { oldestAtMs } = read();
      age.set(oldestAtMs === undefined ? 0 : Math.max(0, nowMs() - oldestAtMs) / 1000);
    },
  );
  return {
    watchSpool(source) {
      read = source;
    },
  };
}
