import { Counter, Gauge, Registry } from 'prom-client';
import type { Aggregation } from './aggregation.ts';
import { createTalliedCounter, type TalliedCounter } from './tallied-counter.ts';
import { TalliedHistogram } from './tallied-histogram.ts';

/** The values of a label: a closed list, or the most there can be. */
export type LabelValues = readonly string[] | { atMost: number };
type LabelSpec = { readonly [label: string]: LabelValues };

export interface MetricDefinition<Labels extends LabelSpec = LabelSpec> {
  name: string;
  help: string;
  labels: Labels;
  aggregation: Aggregation;
  /** Where there are fewer series than labels could be combined to. */
  seriesAtMost?: number;
  /**
   * Series that exist from the start, at zero, so that `rate()` sees the first event.
   * `all`: every combination of closed labels. Absent: `all` where there are no labels, else none.
   */
  zeroes?: 'all' | readonly { readonly [Label in keyof Labels]: string }[];
}

/** A metric as it was registered, for documents and tests. */
export interface RegisteredMetric {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  /** What each label can be. */
  values: LabelSpec;
  aggregation: Aggregation;
  /** The most series (lines of the exposition) one process can have of it. */
  seriesAtMost: number;
}

type Names<Labels> = Extract<keyof Labels, string>;
export type Collect = () => void | Promise<void>;

export interface MetricRegistry {
  registry: Registry;
  registered: readonly RegisteredMetric[];
  counter<Labels extends LabelSpec>(definition: MetricDefinition<Labels>, collect?: Collect): Counter<Names<Labels>>;
  gauge<Labels extends LabelSpec>(definition: MetricDefinition<Labels>, collect?: Collect): Gauge<Names<Labels>>;
  /** For what every call adds to. Its values are zero or more. */
  tallied(definition: MetricDefinition): TalliedCounter;
  /** Its buckets each name the latest request that fell into them, where that is told, to whoever reads OpenMetrics. */
  histogram(definition: MetricDefinition & { buckets: readonly number[] }): TalliedHistogram;
}

/** A registry of its own, on which every metric states its labels' bounds and how it is aggregated. */
export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry();
  const registered: RegisteredMetric[] = [];
  const note = (type: RegisteredMetric['type'], definition: MetricDefinition, linesPerSeries: number): void => {
    registered.push({
      name: definition.name,
      type,
      labels: Object.keys(definition.labels),
      values: definition.labels,
      aggregation: definition.aggregation,
      seriesAtMost: linesPerSeries * (definition.seriesAtMost ?? countCombinations(definition.labels)),
    });
  };
  const createCounter = (definition: MetricDefinition, collect?: Collect): Counter<string> => {
    note('counter', definition, 1);
    const counter = new Counter<string>(configuration(registry, definition, collect));
    for (const labels of zeroesOf(definition)) counter.inc(labels, 0);
    return counter;
  };
  return {
    registry,
    registered,
    counter: createCounter,
    tallied(definition) {
      const tallied = createTalliedCounter(Object.keys(definition.labels));
      const counter = createCounter(definition, () => tallied.flush(counter));
      return tallied;
    },
    gauge(definition, collect) {
      note('gauge', definition, 1);
      const gauge = new Gauge<string>(configuration(registry, definition, collect));
      for (const labels of zeroesOf(definition)) gauge.set(labels, 0);
      return gauge;
    },
    histogram(definition) {
      // One line per bucket, and +Inf, _sum and _count.
      note('histogram', definition, definition.buckets.length + 3);
      const histogram = new TalliedHistogram(definition, Object.keys(definition.labels));
      for (const labels of zeroesOf(definition)) histogram.at(...Object.values(labels));
      // The registry asks a metric for its name, its type and what it has to show, whoever made it.
      registry.registerMetric(histogram as never);
      return histogram;
    },
  };
}

function configuration(registry: Registry, definition: MetricDefinition, collect?: Collect) {
  return {
    name: definition.name,
    help: definition.help,
    labelNames: Object.keys(definition.labels),
    registers: [registry],
    aggregator: definition.aggregation,
    ...(collect === undefined ? {} : { collect }),
  };
}

function countCombinations(labels: LabelSpec): number {
  return Object.values(labels).reduce(
    (product, values) => product * ('atMost' in values ? values.atMost : values.length),
    1,
  );
}

function zeroesOf(definition: MetricDefinition): readonly { [label: string]: string }[] {
  // Without labels the client starts at zero by itself.
  if (definition.zeroes === undefined) return [];
  if (definition.zeroes !== 'all') return definition.zeroes;
  return Object.entries(definition.labels).reduce<{ [label: string]: string }[]>(
    (combinations, [label, values]) => {
      if ('atMost' in values)
        throw new TypeError(`${definition.name}: label ${label} is open and cannot start at zero`);
      return combinations.flatMap((combination) => values.map((value) => ({ ...combination, [label]: value })));
    },
    [{}],
  );
}
