import type { MetricRegistry } from './metric-registry.ts';
import type { ModelLabels } from './model-label.ts';

export interface EstimateMetrics {
  /** A stream came to its end: the output it would have been estimated at, and what it was. Above zero. */
  outputEstimated(output: { model: string; estimatedTokens: number; billedTokens: number }): void;
}

export function createEstimateMetrics(metrics: MetricRegistry, models: ModelLabels): EstimateMetrics {
  const ratio = metrics.histogram({
    name: 'tollgate_output_estimate_ratio',
    help: 'Output tokens as estimated from what is visible over those billed, of each stream that came to its end. Above 1 a call that breaks off is charged for too much.',
    labels: { model: models.all },
    aggregation: 'sum',
    buckets: [0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 5, 10],
  });
  return {
    outputEstimated({ model, estimatedTokens, billedTokens }) {
      ratio.at(models.find(model)).observe(estimatedTokens / billedTokens);
    },
  };
}
