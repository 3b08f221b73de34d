const HOUR_MS = 3_600_000;
export const UNRESOLVED_AFTER_MS = 24 * HOUR_MS;
const SHORTEST_MS = 30_000;
const LONG_MS = 6 * HOUR_MS;

/**
 * How long the payment side is left in peace after it was asked: as long as the request is old, half a minute at least
 * and an hour at most, so that a day takes some thirty attempts; from then on, once in six hours, a quarter of a
 * day being what people are told by that it is not resolved. One attempt falls on the end of the first day.
 */
export function paymentPauseMs(ageMs: number): number {
  if (ageMs >= UNRESOLVED_AFTER_MS) return LONG_MS;
  const pauseMs = Math.min(Math.max(ageMs, SHORTEST_MS), HOUR_MS);
  return Math.min(pauseMs, UNRESOLVED_AFTER_MS - ageMs);
}
