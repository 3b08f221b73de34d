import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';

/** The values of a label: a closed list, or the most there can be. */
export type LabelValues = readonly string[] | { atMost: number };
type LabelSpec = { readonly [label: string]: LabelValues };

/**
 * How a metric is put together over replicas, and over the processes of one.
 * `sum`: each process counts its own part. `max`, `min`: every process reports the same shared fact.
 */
export type Aggregation = 'sum' | 'max' | 'min';

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
  histogram<Labels extends LabelSpec>(
    definition: MetricDefinition<Labels> & { buckets: readonly number[] },
  ): Histogram<Names<Labels>>;
  /** A histogram whose buckets each name the latest request that fell into them, to whoever reads OpenMetrics. */
  tracedHistogram<Labels extends LabelSpec>(
    definition: MetricDefinition<Labels> & { buckets: readonly number[] },
  ): TracedHistogram<{ [Label in Names<Labels>]: string }>;
}

export interface TracedHistogram<Labels> {
  observe(labels: Labels, value: number, requestId: string): void;
}

/** What an exemplar may hold in all. Source: the OpenMetrics specification. */
const EXEMPLAR_CHARACTERS_AT_MOST = 128;
const EXEMPLAR_LABEL = 'request_id';

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
  const createHistogram = (
    definition: MetricDefinition & { buckets: readonly number[] },
    more: { enableExemplars?: true },
  ): Histogram<string> => {
    // One line per bucket, and +Inf, _sum and _count.
    note('histogram', definition, definition.buckets.length + 3);
    const buckets = [...definition.buckets];
    const histogram = new Histogram<string>({ ...configuration(registry, definition), buckets, ...more });
    for (const labels of zeroesOf(definition)) histogram.zero(labels);
    return histogram;
  };
  return {
    registry,
    registered,
    counter(definition, collect) {
      note('counter', definition, 1);
      const counter = new Counter<string>(configuration(registry, definition, collect));
      for (const labels of zeroesOf(definition)) counter.inc(labels, 0);
      return counter;
    },
    gauge(definition, collect) {
      note('gauge', definition, 1);
      const gauge = new Gauge<string>(configuration(registry, definition, collect));
      for (const labels of zeroesOf(definition)) gauge.set(labels, 0);
      return gauge;
    },
    histogram: (definition) => createHistogram(definition, {}),
    tracedHistogram(definition) {
      // The client takes exemplars while a registry has the other format; this one is written in both.
      const formats: Pick<Registry<OpenMetricsContentType>, 'setContentType'> = registry as never;
      formats.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      const histogram = createHistogram(definition, { enableExemplars: true });
      registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
      return {
        observe(labels, value, requestId) {
          const exemplarLabels = { [EXEMPLAR_LABEL]: requestId };
          const fits = EXEMPLAR_LABEL.length + requestId.length <= EXEMPLAR_CHARACTERS_AT_MOST;
          histogram.observe({ labels, value, ...(fits ? { exemplarLabels } : {}) });
        },
      };
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
