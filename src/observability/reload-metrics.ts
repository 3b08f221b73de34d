import type { MetricRegistry } from './metric-registry.ts';

export const RELOAD_OUTCOMES = ['requested', 'paid', 'declined', 'disabled', 'unresolved'] as const;
export type ReloadOutcome = (typeof RELOAD_OUTCOMES)[number];
export const PAYMENT_ANSWERS = ['paid', 'declined', 'pending', 'unknown'] as const;
export type PaymentAnswerName = (typeof PAYMENT_ANSWERS)[number];

export interface ReloadMetrics {
  /** What this process saw happen to requests for reloads. */
  reloadHappened(outcome: ReloadOutcome): void;
  /** The payment side was asked. */
  paymentAsked(answer: PaymentAnswerName): void;
  /** The requests whose outcome is not known, as last looked at. */
  reloadsPending(count: number, oldestAtMs: number | undefined): void;
}

export function createReloadMetrics(metrics: MetricRegistry, nowMs: () => number): ReloadMetrics {
  const requests = metrics.counter({
    name: 'tollgate_reload_requests_total',
    help: 'Requests for reloads by what happened to them: made, paid, declined, turned off by the last decline, told as not resolved.',
    labels: { outcome: RELOAD_OUTCOMES },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const asked = metrics.counter({
    name: 'tollgate_reload_payment_asks_total',
    help: 'Times that the payment side was asked to pay for a reload, by its answer. unknown: none that says what became of it.',
    labels: { answer: PAYMENT_ANSWERS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const pending = metrics.gauge({
    name: 'tollgate_reloads_pending',
    help: 'Requests for reloads whose outcome is not known, counted to 500.',
    labels: {},
    aggregation: 'max',
  });
  let oldest: number | undefined;
  const age = metrics.gauge(
    {
      name: 'tollgate_reload_pending_age_seconds',
      help: 'Age of the oldest request for a reload whose outcome is not known; 0: there is none.',
      labels: {},
      aggregation: 'max',
    },
    () => {
      age.set(oldest === undefined ? 0 : Math.max(0, nowMs() - oldest) / 1000);
    },
  );
  return {
    reloadHappened: (outcome) => requests.inc({ outcome }),
    paymentAsked: (answer) => asked.inc({ answer }),
    reloadsPending(count, oldestAtMs) {
      pending.set(count);
      oldest = oldestAtMs;
    },
  };
}
