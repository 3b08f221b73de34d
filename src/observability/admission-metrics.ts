import { createLinkedMap } from '../collections/linked-map.ts';
import { QUOTA_SCOPES, type QuotaScopeType } from '../domain/quota.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** Why a request was not admitted. */
export const REFUSAL_REASONS = [
  'credit',
  'quota',
  'rate_limit',
  'unknown_key',
  'expired_key',
  'revoked_key',
  'model_not_allowed',
  'model_not_priced',
  'route_not_allowed',
  'account_closed',
  'account_frozen',
  'malformed',
  'too_large',
  'ledger_unavailable',
  'spool_full',
  'shutting_down',
  'overloaded',
  'event_loop',
  'body_memory',
  'key_look_ups',
  'concurrency',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Whose limit it was; `none` where the reason has no owner. */
export const REFUSAL_SCOPES = ['none', ...QUOTA_SCOPES] as const;
export type RefusalScope = (typeof REFUSAL_SCOPES)[number];

/** `total` is the time a call spent in Tollgate rather than upstream, settling (off the answer's path) not included. */
export const OVERHEAD_PHASES = ['auth', 'admit', 'settle', 'total'] as const;
export type OverheadPhase = (typeof OVERHEAD_PHASES)[number];

/** `unanswered`: the store did not answer. */
export const ENLARGEMENT_RESULTS = ['granted', 'refused', 'unanswered'] as const;
export type EnlargementResult = (typeof ENLARGEMENT_RESULTS)[number];

/** `busy`: too many were being counted already. `failed`: the API did not answer with a count in time. */
export const PROMPT_COUNT_RESULTS = ['counted', 'busy', 'failed'] as const;
export type PromptCountResult = (typeof PROMPT_COUNT_RESULTS)[number];

const OWNED_REASONS: readonly string[] = ['credit', 'quota', 'rate_limit', 'concurrency'];

export interface AdmissionMetrics {
  admissionRefused(reason: RefusalReason, scope?: RefusalScope): void;
  observeOverhead(phase: OverheadPhase, durationMs: number): void;
  /** A call was let past the limit of a soft quota, the first of its window. */
  quotaSoftlyExceeded(scope: QuotaScopeType): void;
  /** A call was let through that a shadow quota would have refused. */
  quotaShadowRefused(scope: QuotaScopeType): void;
  /**
   * A request named a model without a price and was `refused`, or admitted at another model's prices (`priced_as`); or
   * an answer came from one that nobody had asked for (`answered`). The model is for alerts; it is no label.
   */
  unpricedRequest(stage: 'refused' | 'priced_as' | 'answered', model?: string): void;
  /** Answers being streamed to clients now. */
  openStreams: { inc(): void; dec(): void };
  /** A hold was made at this instant. */
  holdOpened(holdId: string, atMs: number): void;
  /** Acts once. */
  holdClosed(holdId: string): void;
  /** A call was admitted on less than it may cost. */
  smallerHold(): void;
  /** A running call asked for more of a hold. */
  holdEnlarged(result: EnlargementResult): void;
  /** A prompt was counted by the API because credit or a quota was short of its bound. */
  promptCounted(result: PromptCountResult): void;
  /** Holds reclaimed because their lease had ended. */
  holdsReclaimed(count: number): void;
}

export function createAdmissionMetrics(metrics: MetricRegistry, nowMs: () => number): AdmissionMetrics {
  const refusals = metrics.counter({
    name: 'tollgate_admission_denied_total',
    help: 'Requests refused before anything was sent upstream.',
    labels: { reason: REFUSAL_REASONS, scope: REFUSAL_SCOPES },
    aggregation: 'sum',
    zeroes: REFUSAL_REASONS.flatMap((reason) =>
      REFUSAL_SCOPES.filter((scope) => OWNED_REASONS.includes(reason) === (scope !== 'none')).map((scope) => ({
        reason,
        scope,
      })),
    ),
  });
  const overhead = metrics.histogram({
    name: 'tollgate_overhead_seconds',
    help: 'Time spent in Tollgate, by phase.',
    labels: { phase: OVERHEAD_PHASES },
    aggregation: 'sum',
    zeroes: 'all',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  });
  const unpriced = metrics.counter({
    name: 'tollgate_unpriced_requests_total',
    help: 'Requests for, or answers from, a model that the rate card has no price for.',
    labels: { stage: ['refused', 'priced_as', 'answered'] },
    aggregation: 'sum',
    zeroes: 'all',
  });
  let openStreams = 0;
  const streams = metrics.gauge(
    {
      name: 'tollgate_streams_active',
      help: 'Answers being streamed to clients by this process.',
      labels: {},
      aggregation: 'sum',
    },
    () => {
      streams.set(openStreams);
    },
  );
  return {
    admissionRefused: (reason, scope = 'none') => refusals.inc({ reason, scope }),
    observeOverhead: (phase, durationMs) => overhead.at(phase).observe(durationMs / 1000),
    unpricedRequest: (stage) => unpriced.inc({ stage }),
    openStreams: {
      inc() {
        openStreams += 1;
      },
      dec() {
        openStreams -= 1;
      },
    },
    ...createQuotaCounters(metrics),
    ...createShortageCounters(metrics),
    ...createHoldMetrics(metrics, nowMs),
  };
}

function createQuotaCounters(metrics: MetricRegistry) {
  const soft = metrics.counter({
    name: 'tollgate_quota_soft_exceeded_total',
    help: 'Times a call took a soft quota past its limit, told once per window.',
    labels: { scope: QUOTA_SCOPES },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const shadow = metrics.counter({
    name: 'tollgate_quota_shadow_refusals_total',
    help: 'Calls let through that a shadow quota would have refused.',
    labels: { scope: QUOTA_SCOPES },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    quotaSoftlyExceeded: (scope: QuotaScopeType) => soft.inc({ scope }),
    quotaShadowRefused: (scope: QuotaScopeType) => shadow.inc({ scope }),
  };
}

function createShortageCounters(metrics: MetricRegistry) {
  const smaller = metrics.counter({
    name: 'tollgate_smaller_holds_total',
    help: 'Calls admitted on less than they may cost, because there was no room for the whole.',
    labels: {},
    aggregation: 'sum',
  });
  const enlargements = metrics.counter({
    name: 'tollgate_hold_enlargements_total',
    help: 'Times a running call asked for a larger hold.',
    labels: { result: ENLARGEMENT_RESULTS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const counts = metrics.counter({
    name: 'tollgate_prompt_counts_total',
    help: 'Prompts to be counted by the API, because there was no room for the bound of their bytes.',
    labels: { result: PROMPT_COUNT_RESULTS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    smallerHold: () => smaller.inc(),
    holdEnlarged: (result: EnlargementResult) => enlargements.inc({ result }),
    promptCounted: (result: PromptCountResult) => counts.inc({ result }),
  };
}

function createHoldMetrics(metrics: MetricRegistry, nowMs: () => number) {
  // In order of opening, so that the first is the oldest. Bounded by the calls in flight.
  const open = createLinkedMap<number>();
  const count = metrics.gauge(
    { name: 'tollgate_holds_open', help: 'Holds of calls running in this process.', labels: {}, aggregation: 'sum' },
    () => {
      count.set(open.size);
    },
  );
  const age = metrics.gauge(
    {
      name: 'tollgate_hold_age_seconds',
      help: 'Age of the oldest hold of this process.',
      labels: {},
      aggregation: 'max',
    },
    () => {
      const oldestAtMs = open.find(() => true);
      age.set(oldestAtMs === undefined ? 0 : Math.max(0, nowMs() - oldestAtMs) / 1000);
    },
  );
  const reclaimed = metrics.counter({
    name: 'tollgate_holds_expired_total',
    help: 'Holds reclaimed because their lease had ended.',
    labels: {},
    aggregation: 'sum',
  });
  return {
    holdOpened: (holdId: string, atMs: number) => open.set(holdId, atMs),
    holdClosed: (holdId: string) => void open.delete(holdId),
    holdsReclaimed: (reclaimedCount: number) => reclaimed.inc(reclaimedCount),
  };
}
