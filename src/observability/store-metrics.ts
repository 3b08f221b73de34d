import type { MetricRegistry } from './metric-registry.ts';

/** Ways in which a store may lose writes, as far as it can be asked. */
export const STORE_RISKS = ['no_append_only_file', 'file_not_synced', 'no_replica', 'writes_not_awaited'] as const;

export interface StoreMetrics {
  /** What was found at the start and at each look since. */
  storeChecked(check: { fit: boolean; risks: readonly (typeof STORE_RISKS)[number][] }): void;
}

export function createStoreMetrics(metrics: MetricRegistry): StoreMetrics {
  const risk = metrics.gauge({
    name: 'tollgate_store_risk',
    help: 'Whether the store is set up in a way that may lose writes: 1 if so.',
    labels: { risk: STORE_RISKS },
    aggregation: 'max',
    zeroes: 'all',
  });
  const unfit = metrics.gauge({
    name: 'tollgate_store_unfit',
    help: 'Whether the store is set up in a way that loses money, such as by eviction; calls are refused while 1.',
    labels: {},
    aggregation: 'max',
  });
  return {
    storeChecked({ fit, risks }) {
      unfit.set(fit ? 0 : 1);
      for (const each of STORE_RISKS) risk.set({ risk: each }, risks.includes(each) ? 1 : 0);
    },
  };
}
