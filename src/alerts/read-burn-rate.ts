import type { NanoUsd } from '../domain/money.ts';
import { dayOf, readCellName } from '../reports/cell-names.ts';
import { costOf, usageCounts } from '../reports/report-counts.ts';
import type { ReportStore } from '../reports/report-store.ts';
import type { BurnReading } from './read-levels.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 7;

/** The cost of an account by the hour in which it was charged. */
export type HourlyCost = ReadonlyMap<number, NanoUsd>;

/** Reads what an hour costs now and what it usually does. The sums must be folded. */
export async function readBurnRate(
  store: Pick<ReportStore, 'readDays'>,
  accountId: string,
  nowMs: number,
): Promise<BurnReading> {
  const from = dayOf(nowMs - DAYS * DAY_MS - 2 * HOUR_MS);
  const hours = new Map<number, NanoUsd>();
  for (const [name, text] of await store.readDays(accountId, 'usage', { from, to: dayOf(nowMs) })) {
    const hourMs = Number(readCellName(name).period);
    hours.set(hourMs, (hours.get(hourMs) ?? 0n) + costOf(usageCounts.read(text)));
  }
  return compareBurn(hours, nowMs);
}

/**
 * The dearer of the clock's hour so far and the one before, and the mean of the same over up to seven days before; days
 * before the first use are left out of it, and an account whose first use was less than a day ago has no usual. Hours
 * of the clock are compared with themselves: what always happens at their beginning is nothing unusual.
 */
export function compareBurn(hours: HourlyCost, nowMs: number): BurnReading {
  const used = [...hours].filter(([, cost]) => cost > 0n).map(([hourMs]) => hourMs);
  const firstMs = used.reduce((first, hourMs) => Math.min(first, hourMs), nowMs);
  const days = Math.min(DAYS, Math.floor((nowMs - firstMs) / DAY_MS));
  let sum = 0n;
  for (let day = 1; day <= days; day += 1) sum += dearerHour(hours, nowMs - day * DAY_MS);
  return {
    hourNanoUsd: dearerHour(hours, nowMs),
    usualNanoUsd: days === 0 ? undefined : sum / BigInt(days),
  };
}

function dearerHour(hours: HourlyCost, atMs: number): NanoUsd {
  const [present, before] = [costOfHour(hours, atMs), costOfHour(hours, atMs - HOUR_MS)];
  return present > before ? present : before;
}

/** Of the hour in which the instant lies: in some time zones it begins at half past. */
function costOfHour(hours: HourlyCost, atMs: number): NanoUsd {
  let sum = 0n;
  for (const [hourMs, cost] of hours) if (hourMs <= atMs && atMs < hourMs + HOUR_MS) sum += cost;
  return sum;
}
