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
  const fromMs = nowMs - DAYS_AT_MOST * DAY_MS;
  const byDay = Array.from({ length: DAYS_AT_MOST }, () => 0n);
  let earliestMs = nowMs;
  const cells = await store.readDays(accountId, 'usage', { from: dayOf(fromMs), to: dayOf(nowMs) });
  for (const [name, text] of cells) {
    const atMs = Number(readCellName(name).period);
    const age = Math.max(0, Math.floor((nowMs - 1 - atMs) / DAY_MS));
    const day = byDay[age];
    if (day === undefined) continue;
    const cost = costOf(usageCounts.read(text));
    if (cost === 0n) continue;
    byDay[age] = day + cost;
    earliestMs = Math.min(earliestMs, atMs);
  }
  const used = Math.ceil((nowMs - earliestMs) / DAY_MS);
  const days = Math.min(DAYS_AT_MOST, Math.max(DAYS_AT_LEAST, used));
  const total = byDay.reduce((sum, cost) => sum + cost, 0n);
  const dearestDayNanoUsd = byDay.reduce((most, cost) => (cost > most ? cost : most), 0n);
  return { days, perDayNanoUsd: total / BigInt(days), dearestDayNanoUsd };
}
