import { HOLD_ID_TOLERANCE_MS } from '../domain/credit/credit-limits.ts';
import { createFinder, type Finding } from './finding.ts';

/** Time of another clock minus the time here, in milliseconds. */
export interface ClockReading {
  whose: string;
  skewMs: number;
}

/** Half of what holds allow: it gets no better by itself. */
const NOTABLE_MS = HOLD_ID_TOLERANCE_MS / 2;

/** A hold whose id is of another time than the store's is refused, and grants end by the clock. */
export function checkClock(readings: readonly ClockReading[]): Finding[] {
  const { ok, warn, fail } = createFinder('clock');
  if (readings.length === 0) {
    return [warn('there was no other clock to compare with', 'see that the time of this machine is kept (NTP)')];
  }
  return readings.map(({ whose, skewMs }) => {
    const size = Math.abs(skewMs);
    const seconds = (size / 1_000).toFixed(size < 10_000 ? 1 : 0);
    const says = `this machine is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} ${whose}`;
    const remedy = 'have the clocks kept by NTP: above 30 s every call is refused';
    if (size > HOLD_ID_TOLERANCE_MS) return fail(says, remedy);
    return size > NOTABLE_MS ? warn(says, remedy) : ok(says);
  });
}
