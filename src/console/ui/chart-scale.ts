import { toLength } from '../data/money.ts';

/** One bar: its parts from the ground up, as decimal dollar strings. */
export interface Stack {
  id: string;
  /** Under the bar, short. */
  label: string;
  /** Whole. */
  title: string;
  parts: readonly string[];
  total: string;
  isForecast?: boolean;
}

const TICKS = 4;

/** Values for the lines behind the bars: round ones, the last at or above every bar. */
export function findTicks(stacks: readonly Stack[]): number[] {
  const most = Math.max(0, ...stacks.map(({ total }) => toLength(total)));
  if (most === 0) return [0, 1];
  const step = roundUp(most / TICKS);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

/** Places that tell the lines apart: two, or as many as the first one needs, to the nano-dollar. */
export function findTickPlaces(ticks: readonly number[]): number {
  const step = ticks[1] ?? 1;
  return Math.min(9, Math.max(2, Math.ceil(-Math.log10(step))));
}

/** To 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const found = [1, 2, 5, 10].find((each) => each * power >= value) ?? 10;
  return found * power;
}

/** Where the parts of a stack begin and end; those without a length are left out. */
export function layBars({ parts }: Stack, most: number): { part: number; from: number; to: number }[] {
  let from = 0;
  return parts.slice(0, most).flatMap((usd, part) => {
    const to = from + Math.max(0, toLength(usd));
    const bar = { part, from, to };
    from = to;
    return bar.to > bar.from ? [bar] : [];
  });
}
