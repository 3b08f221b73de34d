import type { Metrics } from './metrics.ts';

/** What went wrong lately and is not read anywhere else: kept in this process since its start. */
export interface HealthNotes {
  /** The upstream refused a request for a reason that only the operator can mend, or its answer broke off. */
  upstreamFailed(reason: string): void;
  accountReconciled(accountId: string, driftNanoUsd: bigint, agrees: boolean): void;
  read(): HealthNotesView;
}

export interface HealthNotesView {
  startedAtMs: number;
  /** The latest; undefined: none since the start. */
  upstream: { reason: string; atMs: number } | undefined;
  drift: {
    /** Accounts whose books were held against their journal, and when that was last done. */
    checked: number;
    checkedAtMs: number | undefined;
    /** Those whose books differed when they were last looked at. */
    differing: { accountId: string; driftNanoUsd: bigint; atMs: number }[];
  };
}

/** Accounts that are remembered as checked, and as differing. */
const ACCOUNTS_AT_MOST = 10_000;
const DIFFERING_AT_MOST = 100;

export function createHealthNotes(nowMs: () => number): HealthNotes {
  const startedAtMs = nowMs();
  let upstream: HealthNotesView['upstream'];
  let checkedAtMs: number | undefined;
  const checked = new Set<string>();
  const differing = new Map<string, { driftNanoUsd: bigint; atMs: number }>();
  return {
    upstreamFailed(reason) {
      upstream = { reason, atMs: nowMs() };
    },
    accountReconciled(accountId, driftNanoUsd, agrees) {
      checkedAtMs = nowMs();
      if (checked.size < ACCOUNTS_AT_MOST) checked.add(accountId);
      if (agrees) differing.delete(accountId);
      else if (differing.size < DIFFERING_AT_MOST || differing.has(accountId)) {
        differing.set(accountId, { driftNanoUsd, atMs: checkedAtMs });
      }
    },
    read: () => ({
      startedAtMs,
      upstream,
      drift: {
        checked: checked.size,
        checkedAtMs,
        differing: [...differing].map(([accountId, found]) => ({ accountId, ...found })),
      },
    }),
  };
}

export interface NotedMetrics {
  metrics: Metrics;
  notes: HealthNotes;
}

/** The metrics, what of them is kept for people as well, and where. */
export function noteHealth(metrics: Metrics, nowMs: () => number): NotedMetrics {
  const notes = createHealthNotes(nowMs);
  return {
    notes,
    metrics: {
      ...metrics,
      upstreamRefused(reason) {
        notes.upstreamFailed(reason);
        metrics.upstreamRefused(reason);
      },
      ledgerReconciled(accountId, driftNanoUsd, agrees) {
        notes.accountReconciled(accountId, driftNanoUsd, agrees);
        metrics.ledgerReconciled(accountId, driftNanoUsd, agrees);
      },
    },
  };
}
