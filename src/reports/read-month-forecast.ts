import type { NanoUsd } from '../domain/money.ts';
import { findWindow } from '../domain/quota-window.ts';
import { readStatement } from './read-statement.ts';
import type { ReportStore } from './report-store.ts';

/** What a calendar month costs. Nothing that was given back is taken off: it says nothing of what will be used. */
export interface MonthForecast {
  spentNanoUsd: NanoUsd;
  /** Spent until now, and a day's burn for each day that is left. */
  forecastNanoUsd: NanoUsd;
}

const DAY_MS = 86_400_000;

/** Of the month of `nowMs` in the time zone. The sums must be folded. */
export async function readMonthForecast(
  store: Pick<ReportStore, 'readStatements'>,
  { accountId, timezone, nowMs }: { accountId: string; timezone: string; nowMs: number },
  perDayNanoUsd: NanoUsd,
): Promise<MonthForecast> {
  const { name, endsAtMs = nowMs } = findWindow('month', nowMs, timezone);
  const { total } = await readStatement(store, accountId, name.slice('month:'.length, 'month:2026-11'.length));
  const left = (perDayNanoUsd * BigInt(endsAtMs - nowMs)) / BigInt(DAY_MS);
  return { spentNanoUsd: total.charged, forecastNanoUsd: total.charged + left };
}
