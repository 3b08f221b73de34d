import type { MetricRegistry } from './metric-registry.ts';

export interface JournalMetrics {
  journalExported(entries: number): void;
  journalSinkFailed(sink: string): void;
  /** Entries are missing, or the store has lost some. */
  journalGap(): void;
  /** Instant since which the oldest entry that is not exported waits; undefined: none does. */
  journalLag(oldestAtMs: number | undefined): void;
  /** What a reconciliation found: amounts by which the books differ from their journal, all added up; anything else. */
  ledgerReconciled(accountId: string, driftNanoUsd: bigint, agrees: boolean): void;
}

const NANO = 1e9;
/** Accounts whose drift is remembered; those without any take no room. */
const DRIFTING_AT_MOST = 10_000;

export function createJournalMetrics(metrics: MetricRegistry, nowMs: () => number): JournalMetrics {
  const exported = metrics.counter({
    name: 'tollgate_journal_exported_total',
    help: 'Journal entries carried to every sink by this process.',
    labels: {},
    aggregation: 'sum',
  });
  const gaps = metrics.counter({
    name: 'tollgate_journal_gaps_total',
    help: 'Times the export found journal entries missing. Should stay at 0.',
    labels: {},
    aggregation: 'sum',
  });
  const failures = metrics.counter({
    name: 'tollgate_journal_sink_failures_total',
    help: 'Times that a sink of the journal took nothing: it is tried again, and the entries stay in the store.',
    labels: { sink: ['files', 'http', 'postgres'] },
    aggregation: 'sum',
    zeroes: 'all',
  });
  let oldest: number | undefined;
  const lag = metrics.gauge(
    {
      name: 'tollgate_journal_lag_seconds',
      help: 'How long the oldest journal entry has waited for its export, as the last round of this process saw it; 0: none waits.',
      labels: {},
      aggregation: 'max',
    },
    () => {
      lag.set(oldest === undefined ? 0 : Math.max(0, nowMs() - oldest) / 1000);
    },
  );
  const drifting = new Map<string, bigint>();
  const drift = metrics.gauge(
    {
      name: 'tollgate_ledger_drift_usd',
      help: 'By how much books differ from their journals, over the accounts that this process has reconciled last. Must be 0.',
      labels: {},
      aggregation: 'max',
    },
    () => {
      drift.set(Number([...drifting.values()].reduce((sum, amount) => sum + amount, 0n)) / NANO);
    },
  );
  const reconciled = metrics.counter({
    name: 'tollgate_ledger_reconciliations_total',
    help: 'Accounts whose books this process held against their journal. result differs: anything at all is not as it should be.',
    labels: { result: ['agrees', 'differs'] },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    journalExported: (entries) => exported.inc(entries),
    journalGap: () => gaps.inc(),
    journalSinkFailed: (sink) => failures.inc({ sink }),
    journalLag(oldestAtMs) {
      oldest = oldestAtMs;
    },
    ledgerReconciled(accountId, driftNanoUsd, agrees) {
      reconciled.inc({ result: agrees ? 'agrees' : 'differs' });
      if (driftNanoUsd === 0n) drifting.delete(accountId);
      else if (drifting.has(accountId) || drifting.size < DRIFTING_AT_MOST) drifting.set(accountId, driftNanoUsd);
    },
  };
}
