import type { Aggregation } from './aggregation.ts';
import { LabelTree, nameLabels } from './label-tree.ts';
import type { Sample } from './write-open-metrics.ts';

/** What an exemplar may hold in all. Source: the OpenMetrics specification. */
const EXEMPLAR_CHARACTERS_AT_MOST = 128;
const EXEMPLAR_LABEL = 'request_id';

/** The latest request whose value fell into a bucket. */
interface Exemplar {
  requestId: string;
  value: number;
  atMs: number;
}

/** One series of a histogram. */
export class BucketTally {
  readonly labels: { readonly [label: string]: string };
  readonly #bounds: readonly number[];
  /** How many fell into each bucket alone; the last is of those above every bound. */
  readonly #counts: number[];
  readonly #exemplars: (Exemplar | undefined)[];
  #sum = 0;

  constructor(labels: { readonly [label: string]: string }, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
    this.#exemplars = new Array<Exemplar | undefined>(bounds.length + 1).fill(undefined);
  }

  observe(value: number): void {
    this.#count(value);
  }

  /** The same, naming the request; one whose id is too long for an exemplar is counted only. */
  observeOf(value: number, requestId: string): void {
    const bucket = this.#count(value);
    if (EXEMPLAR_LABEL.length + requestId.length > EXEMPLAR_CHARACTERS_AT_MOST) return;
    const exemplar = this.#exemplars[bucket];
    if (exemplar === undefined) this.#exemplars[bucket] = { requestId, value, atMs: Date.now() };
    else {
      exemplar.requestId = requestId;
      exemplar.value = value;
      exemplar.atMs = Date.now();
    }
  }

  /** @returns the bucket it fell into. */
  #count(value: number): number {
    if (!Number.isFinite(value)) throw new TypeError(`a histogram was given ${value}`);
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
    return bucket;
  }

  /** As the client library gives the samples of a histogram. */
  samples(name: string): Sample[] {
    const { labels } = this;
    let count = 0;
    const buckets = this.#counts.map((counted, bucket): Sample => {
      count += counted;
      const le = this.#bounds[bucket] ?? '+Inf';
      const exemplar = writeExemplar(this.#exemplars[bucket]);
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count, exemplar };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: { ...labels }, value: this.#sum },
      { metricName: `${name}_count`, labels: { ...labels }, value: count },
    ];
  }
}

function writeExemplar(exemplar: Exemplar | undefined) {
  if (exemplar === undefined) return null;
  const { requestId, value, atMs } = exemplar;
  return { labelSet: { [EXEMPLAR_LABEL]: requestId }, value, timestamp: atMs / 1000 };
}

/**
 * A histogram that every call adds to, kept here: the client library's own makes a text of the labels at each value. To
 * its registry it is a metric like the others.
 */
export class TalliedHistogram {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly aggregator: Aggregation;
  readonly #series: BucketTally[] = [];
  readonly #tallies: LabelTree<BucketTally>;

  constructor(
    definition: { name: string; help: string; aggregation: Aggregation; buckets: readonly number[] },
    labels: readonly string[],
  ) {
    this.name = definition.name;
    this.help = definition.help;
    this.aggregator = definition.aggregation;
    this.#tallies = new LabelTree((values) => {
      const tally = new BucketTally(nameLabels(labels, values), definition.buckets);
      this.#series.push(tally);
      return tally;
    });
    // Without labels there is one series, from the start.
    if (labels.length === 0) this.at();
  }

  /** The series of these label values, in the order of the definition. */
  at(first?: string, second?: string, third?: string, fourth?: string): BucketTally {
    return this.#tallies.find(first, second, third, fourth);
  }

  /** What the registry asks of a metric. */
  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#series.flatMap((tally) => tally.samples(name)) };
  }
}
