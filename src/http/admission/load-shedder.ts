import type { Timers } from '../../metering/timers.ts';
import { findFairLevel } from './fair-level.ts';

/** Refuses part of the new requests while the event loop is late, the accounts with the most of them first. */
export interface LoadShedder {
  /** Counts one request of this account. @returns whether it is to be served. */
  admits(accountId: string): boolean;
  readonly isShedding: boolean;
  stop(): void;
}

export interface LoadShedderOptions {
  /** Delay of the event loop above which requests are refused. */
  limitMs: number;
  timers: Timers;
}

const LOOK_MS = 100;
/** One late look is a large body or a collection of garbage; so many in a row are a queue that does not get shorter. */
const LATE_LOOKS = 3;
/** Looks in time, with nothing refused, after which all is well again. */
const CALM_LOOKS = 10;
/** Additive increase, multiplicative decrease, as TCP finds the rate that a link takes (RFC 5681 section 3.1). */
const DECREASE = 0.7;
const INCREASE = 1.1;
/** Requests per look that are served whatever the delay: without any work there would be nothing to learn from. */
const BUDGET_AT_LEAST = 2;

/**
 * Looks at the event loop ten times a second: a timer that fires late tells how long everything else waits, too. A
 * clock that is set is one late look.
 */
export function createLoadShedder({ limitMs, timers }: LoadShedderOptions): LoadShedder {
  /** Since the last look, by account. */
  let asked = new Map<string, number>();
  let admitted = 0;
  let refused = 0;
  let lateLooks = 0;
  let calmLooks = 0;
  /** Of one look, while shedding. */
  let budget: number | undefined;
  let level = Number.POSITIVE_INFINITY;
  let lastMs = timers.nowMs();

  const adjust = (delayMs: number, tookMs: number): void => {
    const isLate = delayMs > limitMs;
    lateLooks = isLate ? lateLooks + 1 : 0;
    calmLooks = delayMs < limitMs / 2 && refused === 0 ? calmLooks + 1 : 0;
    if (budget === undefined) {
      // What was served is what it served per look at the rate of the late ones.
      if (lateLooks >= LATE_LOOKS) budget = Math.max(BUDGET_AT_LEAST, (admitted * LOOK_MS * DECREASE) / tookMs);
    } else if (calmLooks >= CALM_LOOKS) budget = undefined;
    else if (isLate) budget = Math.max(BUDGET_AT_LEAST, budget * DECREASE);
    // Between the half and the whole of the limit it is left as it is.
    else if (delayMs < limitMs / 2) budget = budget * INCREASE + 1;
    level = budget === undefined ? Number.POSITIVE_INFINITY : findFairLevel(asked.values(), budget);
  };

  const stop = timers.every(LOOK_MS, () => {
    const nowMs = timers.nowMs();
    const tookMs = Math.max(1, nowMs - lastMs);
    lastMs = nowMs;
    adjust(tookMs - LOOK_MS, tookMs);
    if (asked.size > 0) asked = new Map();
    admitted = 0;
    refused = 0;
  });

  return {
    admits(accountId) {
      const before = asked.get(accountId) ?? 0;
      asked.set(accountId, before + 1);
      // Accounts that were not there at the last look are part of no level: hence the bound on the sum.
      if (budget === undefined || (before < level && admitted < 2 * budget)) {
        admitted += 1;
        return true;
      }
      refused += 1;
      return false;
    },
    get isShedding() {
      return budget !== undefined;
    },
    stop,
  };
}
