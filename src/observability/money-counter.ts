import type { Collect, MetricDefinition, MetricRegistry } from './metric-registry.ts';

const PICO_PER_NANO = 1000n;
const PICO_PER_USD = 1e12;

export interface MoneyCounter<Label extends string> {
  /** Adds pico-dollars (10^-12 USD), zero or more. */
  addPicoUsd(labels: { readonly [Name in Label]: string }, amountPicoUsd: bigint): void;
  /** Adds nano-dollars (10^-9 USD), zero or more. */
  addNanoUsd(labels: { readonly [Name in Label]: string }, amountNanoUsd: bigint): void;
}

/**
 * A counter in dollars whose totals are kept as integers and become floats only when they are read, so that a
 * million small additions do not drift.
 */
export function createMoneyCounter<Labels extends MetricDefinition['labels']>(
  metrics: MetricRegistry,
  definition: MetricDefinition<Labels>,
): MoneyCounter<Extract<keyof Labels, string>> {
  type Label = Extract<keyof Labels, string>;
  const totals = new Map<string, { labels: { readonly [label: string]: string }; picoUsd: bigint }>();
  const names = Object.keys(definition.labels) as Label[];
  const collect: Collect = () => {
    for (const { labels, picoUsd } of totals.values()) {
      counter.remove(labels);
      counter.inc(labels, Number(picoUsd) / PICO_PER_USD);
    }
  };
  const counter = metrics.counter<MetricDefinition['labels']>(definition, collect);
  const addPicoUsd: MoneyCounter<Label>['addPicoUsd'] = (labels, amountPicoUsd) => {
    if (amountPicoUsd < 0n) throw new RangeError(`${definition.name} cannot go down`);
    const key = JSON.stringify(names.map((name) => labels[name]));
    const total = totals.get(key);
    if (total === undefined) totals.set(key, { labels, picoUsd: amountPicoUsd });
    else total.picoUsd += amountPicoUsd;
  };
  return { addPicoUsd, addNanoUsd: (labels, amountNanoUsd) => addPicoUsd(labels, amountNanoUsd * PICO_PER_NANO) };
}
