import { larger, type NanoUsd, roundUpToDollars } from '../domain/money.ts';
import { readHourlyCost, sumBurn } from './read-burn.ts';
import type { ReportStore } from './report-store.ts';

/** A threshold for auto-reload that follows from what was used. */
export interface ThresholdProposal {
  thresholdNanoUsd: NanoUsd;
  /** Days looked at, three to seven. */
  days: number;
  perDayNanoUsd: NanoUsd;
}

/** How long the credit left at the threshold is to last while a payment takes its time. */
const COVER_DAYS = 2n;
/** And of the busy hours, of which one in twenty is busier, as many. */
const BUSY_HOURS = 3n;
const BUSY_HOUR_PERCENT = 95;

/**
 * The mean of the last days, two days of it, three of the busy hours at least; in whole dollars. The sums must be folded.
 * @returns undefined where nothing was used.
 */
export async function proposeThreshold(
  store: Pick<ReportStore, 'readDays'>,
  accountId: string,
  nowMs: number,
): Promise<ThresholdProposal | undefined> {
  const byHour = await readHourlyCost(store, accountId, nowMs);
  if (byHour.size === 0) return undefined;
  const { days, perDayNanoUsd } = sumBurn(byHour, nowMs);
  const thresholdNanoUsd = larger(COVER_DAYS * perDayNanoUsd, BUSY_HOURS * findBusyHour(byHour, days));
  return { thresholdNanoUsd: roundUpToDollars(thresholdNanoUsd), days, perDayNanoUsd };
}

/** The 95th percentile over all hours of the days, by nearest rank; those without use count as nothing. */
function findBusyHour(byHour: ReadonlyMap<number, NanoUsd>, days: number): NanoUsd {
  const hours = days * 24;
  const rank = Math.ceil((hours * BUSY_HOUR_PERCENT) / 100);
  const costs = [...byHour.values()].sort((left, right) => (left < right ? 1 : left > right ? -1 : 0));
  return costs[hours - rank] ?? 0n;
}
