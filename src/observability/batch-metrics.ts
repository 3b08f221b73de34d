import type { MetricRegistry } from './metric-registry.ts';

const BATCH_RESULTS = ['succeeded', 'errored', 'canceled', 'expired', 'other'] as const;
const BATCH_LOOKS = ['waiting', 'charged', 'adopted', 'released', 'gone', 'failed'] as const;

export interface BatchMetrics {
  batchCreated(items: number): void;
  /** A batch was charged: its items by their result. */
  batchResults(counts: { readonly [result in (typeof BATCH_RESULTS)[number]]: number }): void;
  /** The poller looked at a batch. */
  batchLookedAt(look: (typeof BATCH_LOOKS)[number]): void;
}

export function createBatchMetrics(metrics: MetricRegistry): BatchMetrics {
  const created = metrics.counter({
    name: 'tollgate_batches_created_total',
    help: 'Message Batches that the upstream has taken.',
    labels: {},
    aggregation: 'sum',
  });
  const createdItems = metrics.counter({
    name: 'tollgate_batch_items_created_total',
    help: 'Requests in these batches.',
    labels: {},
    aggregation: 'sum',
  });
  const results = metrics.counter({
    name: 'tollgate_batch_results_total',
    help: 'Requests of charged batches, by their result. Those that did not succeed cost nothing.',
    labels: { result: BATCH_RESULTS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const looks = metrics.counter({
    name: 'tollgate_batch_looks_total',
    help: 'Looks of the poller at batches that are not charged yet, by what came of them.',
    labels: { result: BATCH_LOOKS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    batchCreated(items) {
      created.inc(1);
      createdItems.inc(items);
    },
    batchResults(counts) {
      for (const result of BATCH_RESULTS) if (counts[result] > 0) results.inc({ result }, counts[result]);
    },
    batchLookedAt: (look) => looks.inc({ result: look }),
  };
}
