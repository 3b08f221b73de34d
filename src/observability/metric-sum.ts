import { Registry } from 'prom-client';

type RegistryMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;
/** What one process counts, as it can be sent to another. */
export type MetricsSnapshot = RegistryMetrics;

/** The metrics of several processes as those of one. */
export interface MetricSum {
  /** Keeps what a process that has ended had counted, so that no counter goes down by its end. */
  retain(snapshot: MetricsSnapshot): void;
  /** The exposition of these snapshots and of all that was kept. */
  render(snapshots: readonly MetricsSnapshot[]): Promise<{ contentType: string; body: string }>;
}

/** Each metric is put together as its definition says: `sum`, `max` or `min`. */
export function createMetricSum(): MetricSum {
  let ended: Promise<MetricsSnapshot> = Promise.resolve([]);
  return {
    retain(snapshot) {
      ended = ended.then((kept) => Registry.aggregate([kept, snapshot.filter(isCount)]).getMetricsAsJSON());
    },
    async render(snapshots) {
      const sum = Registry.aggregate([await ended, ...snapshots]);
      return { contentType: sum.contentType, body: await sum.metrics() };
    },
  };
}

/** What a process has counted stays true after its end; what it measured of itself does not. */
function isCount({ type, aggregator }: MetricsSnapshot[number]): boolean {
  return aggregator === 'sum' && (`${type}` === 'counter' || `${type}` === 'histogram');
}
