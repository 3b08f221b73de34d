/** The middle one, and how far the rounds lie apart. */
export interface Spread {
  median: number;
  lowest: number;
  highest: number;
}

/** @throws RangeError without any value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined) throw new RangeError('no values');
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? lowest;
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
  return { median, lowest, highest };
}

/** Round by round, since the machine is not equally fast in all: what one target did over what the other did. */
export function ratioOf(values: readonly number[], others: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / (others[round] ?? Number.NaN)));
}

/** `0.31 (0.29 to 0.33)` */
export function writeSpread({ median, lowest, highest }: Spread): string {
  return `${round(median)} (${round(lowest)} to ${round(highest)})`;
}

function round(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
