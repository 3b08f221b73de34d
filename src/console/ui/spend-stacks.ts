import type { Usage, UsageRow } from '../data/api-types.ts';
import { sumUsd, toNano, toUsd } from '../data/money.ts';
import { formatBucket } from '../data/words.ts';
import type { Stack } from './chart-scale.ts';

export interface Spend {
  series: string[];
  stacks: Stack[];
}

const DAY_MS = 86_400_000;

/** The name that a row goes by in a chart. */
export type SeriesName = (row: UsageRow) => string;

/**
 * Usage as stacks, one per bucket, empty ones included, the dearest series at the ground.
 * @param forecast days to come and what each will cost.
 */
export function stackSpend(usage: Usage, nameOf: SeriesName, forecast?: { days: number; perDayUsd: string }): Spend {
  const costs = new Map<string, bigint>();
  const byBucket = new Map<string, Map<string, bigint>>();
  for (const row of usage.data) {
    const [name, cost] = [nameOf(row), toNano(row.cost_usd)];
    costs.set(name, (costs.get(name) ?? 0n) + cost);
    const bucket = byBucket.get(row.starts_at) ?? new Map<string, bigint>();
    byBucket.set(row.starts_at, bucket.set(name, (bucket.get(name) ?? 0n) + cost));
  }
  const series = [...costs].sort(([, one], [, other]) => (one < other ? 1 : -1)).map(([name]) => name);
  const starts = fillStarts(usage, [...byBucket.keys()]);
  const stacks = starts.map((start): Stack => {
    const parts = series.map((name) => toUsd(byBucket.get(start)?.get(name) ?? 0n));
    const label = formatBucket(start, usage.bucket, usage.timezone);
    return { id: start, label, title: label, parts, total: sumUsd(parts) };
  });
  return { series, stacks: [...stacks, ...stackForecast(usage, starts, forecast)] };
}

/** Days without use are days all the same. Hours and months are shown as they are there. */
function fillStarts({ bucket, from, to }: Usage, present: readonly string[]): string[] {
  const known = [...present].sort();
  const first = known[0];
  if (bucket !== 'day' || first === undefined) return known;
  // Counted from a day that is known, whose midnight is the account's; a change to summer time moves it by an hour.
  const anchorMs = Date.parse(first);
  const near = (ms: number): string =>
    known.find((start) => Math.abs(Date.parse(start) - ms) < DAY_MS / 12) ?? new Date(ms).toISOString();
  const starts: string[] = [];
  const back = Math.floor((anchorMs - Date.parse(from)) / DAY_MS);
  for (let ms = anchorMs - back * DAY_MS; ms < Date.parse(to); ms += DAY_MS) starts.push(near(ms));
  return starts;
}

function stackForecast(
  { bucket, timezone }: Usage,
  starts: readonly string[],
  forecast?: { days: number; perDayUsd: string },
): Stack[] {
  const last = starts.at(-1);
  if (bucket !== 'day' || last === undefined || forecast === undefined || toNano(forecast.perDayUsd) === 0n) return [];
  return Array.from({ length: forecast.days }, (_, index) => {
    const start = new Date(Date.parse(last) + (index + 1) * DAY_MS).toISOString();
    const label = formatBucket(start, 'day', timezone);
    return { id: start, label, title: label, parts: [forecast.perDayUsd], total: forecast.perDayUsd, isForecast: true };
  });
}
