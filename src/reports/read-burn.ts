import type { NanoUsd } from '../domain/money.ts';
import { dayOf, readCellName } from './cell-names.ts';
import { costOf, usageCounts } from './report-counts.ts';
import type { ReportStore } from './report-store.ts';

/** What an account has cost of late. */
export interface Burn {
  /** Days looked at: seven, or as many as there has been use, three at least. */
  days: number;
  perDayNanoUsd: NanoUsd;
  /** The dearest 24 hours, counted back from now. */
  dearestDayNanoUsd: NanoUsd;
}

const DAY_MS = 86_400_000;
const DAYS_AT_MOST = 7;
const DAYS_AT_LEAST = 3;

/** The sums must be folded. What was given back is not taken off: it says nothing of what will be used. */
export async function readBurn(store: Pick<ReportStore, 'readDays'>, accountId: string, nowMs: number): Promise<Burn> {
  return sumBurn(await readHourlyCost(store, accountId, nowMs), nowMs);
}

/** What each of the hours of the last seven days has cost, by its beginning; those that cost nothing are left out. */
export async function readHourlyCost(
  store: Pick<ReportStore, 'readDays'>,
  accountId: string,
  nowMs: number,
): Promise<ReadonlyMap<number, NanoUsd>> {
  const fromMs = nowMs - DAYS_AT_MOST * DAY_MS;
  const byHour = new Map<number, NanoUsd>();
  const cells = await store.readDays(accountId, 'usage', { from: dayOf(fromMs), to: dayOf(nowMs) });
  for (const [name, text] of cells) {
    const atMs = Number(readCellName(name).period);
    const cost = costOf(usageCounts.read(text));
    if (cost !== 0n && ageInDays(atMs, nowMs) < DAYS_AT_MOST) byHour.set(atMs, (byHour.get(atMs) ?? 0n) + cost);
  }
  return byHour;
}

export function sumBurn(byHour: ReadonlyMap<number, NanoUsd>, nowMs: number): Burn {
  const byDay = Array.from({ length: DAYS_AT_MOST }, () => 0n);
  let earliestMs = nowMs;
  for (const [atMs, cost] of byHour) {
    const age = ageInDays(atMs, nowMs);
    byDay[age] = (byDay[age] ?? 0n) + cost;
    earliestMs = Math.min(earliestMs, atMs);
  }
  const used = Math.ceil((nowMs - earliestMs) / DAY_MS);
  const days = Math.min(DAYS_AT_MOST, Math.max(DAYS_AT_LEAST, used));
  const total = byDay.reduce((sum, cost) => sum + cost, 0n);
  const dearestDayNanoUsd = byDay.reduce((most, cost) => (cost > most ? cost : most), 0n);
  return { days, perDayNanoUsd: total / BigInt(days), dearestDayNanoUsd };
}

function ageInDays(atMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - 1 - atMs) / DAY_MS));
}
