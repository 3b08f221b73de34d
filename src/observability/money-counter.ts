import { LabelTree, nameLabels } from './label-tree.ts';
import type { Collect, MetricDefinition, MetricRegistry } from './metric-registry.ts';

const PICO_PER_NANO = 1000n;
const PICO_PER_USD = 1e12;

export interface MoneyCounter {
  /** The series of these label values, in the order of the definition. */
  at(first?: string, second?: string, third?: string): MoneyTally;
}

/** What one series has come to, exact. */
export class MoneyTally {
  #picoUsd = 0n;
  /** Not in the total yet: a safe integer, which costs less to add to than a bigint that outlives its call. */
  #pending = 0;

  /** Adds pico-dollars (10^-12 USD), zero or more. */
  addPicoUsd(amountPicoUsd: bigint): void {
    if (amountPicoUsd < 0n) throw new RangeError('a counter of money cannot go down');
    const pending = this.#pending + Number(amountPicoUsd);
    if (pending <= Number.MAX_SAFE_INTEGER) this.#pending = pending;
    else this.#picoUsd += amountPicoUsd;
  }

  /** Adds nano-dollars (10^-9 USD), zero or more. */
  addNanoUsd(amountNanoUsd: bigint): void {
    this.addPicoUsd(amountNanoUsd * PICO_PER_NANO);
  }

  picoUsd(): bigint {
    this.#picoUsd += BigInt(this.#pending);
    this.#pending = 0;
    return this.#picoUsd;
  }
}

/**
 * A counter in dollars whose totals are kept as integers and become floats only when they are read, so that a
 * million small additions do not drift.
 */
export function createMoneyCounter(metrics: MetricRegistry, definition: MetricDefinition): MoneyCounter {
  const names = Object.keys(definition.labels);
  const series: { labels: { [label: string]: string }; tally: MoneyTally }[] = [];
  const tallies = new LabelTree((values) => {
    const tally = new MoneyTally();
    series.push({ labels: nameLabels(names, values), tally });
    return tally;
  });
  const collect: Collect = () => {
    for (const { labels, tally } of series) {
      counter.remove(labels);
      counter.inc(labels, Number(tally.picoUsd()) / PICO_PER_USD);
    }
  };
  const counter = metrics.counter<MetricDefinition['labels']>(definition, collect);
  return { at: (first, second, third) => tallies.find(first, second, third) };
}
