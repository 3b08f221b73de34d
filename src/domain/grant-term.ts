const DAY_MS = 86_400_000;

/**
 * The instant one calendar year after another: the same date and time of day of the next year in UTC, 28 February
 * after a 29th. Credit bought today is spendable until then, that instant excluded.
 */
export function oneYearAfter(atMs: number): number {
  const date = new Date(atMs);
  const month = date.getUTCMonth();
  date.setUTCFullYear(date.getUTCFullYear() + 1);
  // 29 February of a year without one rolls over into March: its day 0 is the last of February.
  if (date.getUTCMonth() !== month) date.setUTCDate(0);
  return date.getTime();
}

/** The instant a number of days after another, each of exactly 86,400 s: no calendar, no daylight saving. */
export function daysAfter(atMs: number, days: number): number {
  return atMs + days * DAY_MS;
}
