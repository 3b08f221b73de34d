const TIME_PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
/** A year outside these is a slip of the keyboard. */
const FIRST_YEAR = 2000;
const LAST_YEAR = 2999;

/**
 * Parses an RFC 3339 time with its zone ("2026-11-21T09:30:00Z"). Leap seconds and impossible dates are refused,
 * digits below the millisecond dropped.
 * @returns milliseconds since the epoch, or undefined.
 */
export function parseTime(text: string): number | undefined {
  const match = TIME_PATTERN.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = ''] = match;
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // V8 turns 30 February into 2 March instead of refusing it.
  const isDate = !Number.isNaN(midnight.getTime()) && midnight.getUTCDate() === Number(day);
  if (!isDate || Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR) return undefined;
  return Date.parse(text);
}
