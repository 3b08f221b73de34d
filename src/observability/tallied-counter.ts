import type { Counter } from 'prom-client';
import { LabelTree, nameLabels } from './label-tree.ts';

/** What was added to one series since the last scrape. */
export class Tally {
  pending = 0;

  /** @param amount zero or more. */
  add(amount: number): void {
    this.pending += amount;
  }
}

/** A counter that every call adds to: it is added up here, and handed to the client library when it is read. */
export interface TalliedCounter {
  /** The series of these label values, in the order of the definition. */
  at(first?: string, second?: string, third?: string, fourth?: string): Tally;
}

/**
 * @param names the labels, in the order of the definition.
 * @returns the counter, and what brings what was added to the client's.
 */
export function createTalliedCounter(names: readonly string[]): TalliedCounter & { flush(to: Counter<string>): void } {
  const series: { labels: { [label: string]: string }; tally: Tally }[] = [];
  const tallies = new LabelTree((values) => {
    const tally = new Tally();
    series.push({ labels: nameLabels(names, values), tally });
    return tally;
  });
  return {
    at: (first, second, third, fourth) => tallies.find(first, second, third, fourth),
    flush(to) {
      for (const { labels, tally } of series) {
        to.inc(labels, tally.pending);
        tally.pending = 0;
      }
    },
  };
}
