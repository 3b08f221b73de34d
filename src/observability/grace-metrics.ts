import type { MetricRegistry } from './metric-registry.ts';

export const GRACE_RESULTS = ['admitted', 'refused'] as const;

export interface GraceMetrics {
  /** A call for which the store did not answer, while there is a grace budget. */
  graceAsked(result: (typeof GRACE_RESULTS)[number]): void;
  /** What is taken of all accounts' budgets now. */
  graceTaken(totalNanoUsd: bigint): void;
}

const NANO_PER_USD = 1e9;

export function createGraceMetrics(metrics: MetricRegistry): GraceMetrics {
  const calls = metrics.counter({
    name: 'tollgate_grace_calls_total',
    help: 'Calls for which the store did not answer, while there is a grace budget, by what became of them.',
    labels: { result: GRACE_RESULTS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const taken = metrics.gauge({
    name: 'tollgate_grace_taken_usd',
    help: 'Taken of the grace budgets: ceilings of running calls, and costs that the store has yet to take.',
    labels: {},
    aggregation: 'sum',
  });
  return {
    graceAsked: (result) => calls.inc({ result }),
    graceTaken: (totalNanoUsd) => taken.set(Number(totalNanoUsd) / NANO_PER_USD),
  };
}
