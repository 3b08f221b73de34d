import { type AccountMetrics, createAccountMetrics } from './account-metrics.ts';
import { type AdmissionMetrics, createAdmissionMetrics } from './admission-metrics.ts';
import { type BatchMetrics, createBatchMetrics } from './batch-metrics.ts';
import { type CallMetrics, createCallMetrics } from './call-metrics.ts';
import { createEstimateMetrics, type EstimateMetrics } from './estimate-metrics.ts';
import { createGraceMetrics, type GraceMetrics } from './grace-metrics.ts';
import { collectProcessMetrics, createFoldCounter, createHealthMetrics, type HealthMetrics } from './health-metrics.ts';
import { createJournalMetrics, type JournalMetrics } from './journal-metrics.ts';
import { createMetricRegistry, type RegisteredMetric } from './metric-registry.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';
import { createModelLabels, type NamedModel } from './model-label.ts';
import { createReloadMetrics, type ReloadMetrics } from './reload-metrics.ts';
import { createSettleMetrics, type SettleMetrics } from './settle-metrics.ts';
import { createStoreMetrics, type StoreMetrics } from './store-metrics.ts';
import { acceptsOpenMetrics, type Exposition, writeExposition } from './write-exposition.ts';

export interface MetricsOptions {
  /** The rate card's models: the only ones with a label of their own. */
  models: Iterable<NamedModel>;
  nowMs: () => number;
  /** Accounts with gauges of their own at the same time. */
  accountsAtMost?: number;
  /** Also the process's own figures (CPU, memory, event loop). They are per process, so tests leave them out. */
  processMetrics?: boolean;
}

/** Everything Tollgate counts. No label is a key, member, session or request. Amounts and counts are zero or more. */
export interface Metrics
  extends CallMetrics,
    BatchMetrics,
    EstimateMetrics,
    AdmissionMetrics,
    SettleMetrics,
    StoreMetrics,
    GraceMetrics,
    AccountMetrics,
    JournalMetrics,
    ReloadMetrics,
    HealthMetrics {
  /** The label of a model: its id on the rate card, or `other`. */
  modelLabel(model: string): string;
  /** What is registered, with the bound of each; the process's own figures not included. */
  registered: readonly RegisteredMetric[];
  /**
   * The exposition for Prometheus, in its text format 0.0.4, or in OpenMetrics 1.0, with exemplars, to whoever accepts
   * it. Scrapes at the same time share one rendering.
   * @param accept the header of the request.
   */
  render(accept?: string): Promise<Exposition>;
  /** The same for another process, which puts several together. */
  snapshot(): Promise<MetricsSnapshot>;
}

const ACCOUNTS_AT_MOST = 200;

/** Builds all instruments on a registry of their own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const metrics = createMetricRegistry();
  const fold = createFoldCounter(metrics);
  const models = createModelLabels(options.models, () => fold('model'));
  const { nowMs, accountsAtMost = ACCOUNTS_AT_MOST } = options;
  const groups = {
    ...createCallMetrics(metrics, models, () => fold('team')),
    ...createBatchMetrics(metrics),
    ...createEstimateMetrics(metrics, models),
    ...createAdmissionMetrics(metrics, nowMs),
    ...createSettleMetrics(metrics, nowMs),
    ...createStoreMetrics(metrics),
    ...createGraceMetrics(metrics),
    ...createAccountMetrics(metrics, {
      nowMs,
      accountsAtMost,
      onFold: () => fold('account'),
      onQuotaFold: () => fold('quota'),
    }),
    ...createJournalMetrics(metrics, nowMs),
    ...createReloadMetrics(metrics, nowMs),
    ...createHealthMetrics(metrics, models, nowMs),
  };
  if (options.processMetrics !== false) collectProcessMetrics(metrics);
  const renderings = new Map<boolean, Promise<Exposition>>();
  return {
    ...groups,
    modelLabel: models.find,
    registered: metrics.registered,
    snapshot: () => metrics.registry.getMetricsAsJSON(),
    render(accept = '') {
      const isOpen = acceptsOpenMetrics(accept);
      const running = renderings.get(isOpen);
      if (running !== undefined) return running;
      const rendering = writeExposition(metrics.registry, accept).finally(() => {
        renderings.delete(isOpen);
      });
      renderings.set(isOpen, rendering);
      return rendering;
    },
  };
}
