import { Registry } from 'prom-client';
import type { MetricsSnapshot } from './metrics-snapshot.ts';
import { type Exposition, writeExposition } from './write-exposition.ts';
import type { Sample } from './write-open-metrics.ts';

/** The metrics of several processes as those of one. */
export interface MetricSum {
  /** Keeps what a process that has ended had counted, so that no counter goes down by its end. */
  retain(snapshot: MetricsSnapshot): void;
  /**
   * The exposition of these snapshots and of all that was kept.
   * @param accept the header of the scrape.
   */
  render(snapshots: readonly MetricsSnapshot[], accept?: string): Promise<Exposition>;
}

/** Each metric is put together as its definition says: `sum`, `max` or `min`. */
export function createMetricSum(): MetricSum {
  let ended: Promise<MetricsSnapshot> = Promise.resolve([]);
  return {
    retain(snapshot) {
      ended = ended.then((kept) => Registry.aggregate([kept, snapshot.filter(isCount)]).getMetricsAsJSON());
    },
    async render(snapshots, accept = '') {
      const sum = Registry.aggregate([await ended, ...snapshots]);
      return writeExposition(sum, accept, (metrics) => addExemplars(metrics, snapshots));
    },
  };
}

/** What a process has counted stays true after its end; what it measured of itself does not. */
function isCount({ type, aggregator }: MetricsSnapshot[number]): boolean {
  return aggregator === 'sum' && (`${type}` === 'counter' || `${type}` === 'histogram');
}

/** The client adds numbers up and leaves exemplars out: of each bucket, the latest over all processes. */
function addExemplars(metrics: MetricsSnapshot, snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const latest = new Map<string, Sample['exemplar']>();
  for (const { values } of snapshots.flat()) {
    for (const sample of values as Sample[]) {
      const { exemplar } = sample;
      if (exemplar === undefined || exemplar === null) continue;
      const known = latest.get(nameOf(sample));
      if (!(known && known.timestamp > exemplar.timestamp)) latest.set(nameOf(sample), exemplar);
    }
  }
  const complete = (sample: Sample): Sample => ({ ...sample, exemplar: latest.get(nameOf(sample)) ?? null });
  return metrics.map((metric) =>
    `${metric.type}` === 'histogram'
      ? { ...metric, values: (metric.values as Sample[]).map(complete) as never }
      : metric,
  );
}

function nameOf({ metricName, labels = {} }: Sample): string {
  return JSON.stringify([metricName, Object.entries(labels).sort()]);
}
