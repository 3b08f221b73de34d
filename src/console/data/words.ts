/** Numbers and times as the reader's own language and time zone have them. */

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const precise = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'long' });
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

export const formatCount = (count: number | bigint): string => whole.format(count);
/** "1 call", "1,234 calls". */
export const formatCalls = (count: number): string => `${whole.format(count)} ${count === 1 ? 'call' : 'calls'}`;
export const formatShort = (count: number): string => short.format(count);
export const formatPercent = (share: number): string => percent.format(share);
export const formatDate = (time: string): string => dateOnly.format(new Date(time));
export const formatTime = (time: string): string => dateAndTime.format(new Date(time));
export const formatPrecise = (time: string): string => precise.format(new Date(time));
export const formatClock = (time: string): string => clockTime.format(new Date(time));

/** The name of a day or month of an account, in the account's own time zone: there it begins. */
export function formatBucket(startsAt: string, bucket: 'hour' | 'day' | 'month', timeZone: string): string {
  return bucketFormat(bucket, timeZone).format(new Date(startsAt));
}

const bucketFormats = new Map<string, Intl.DateTimeFormat>();

function bucketFormat(bucket: 'hour' | 'day' | 'month', timeZone: string): Intl.DateTimeFormat {
  const name = `${bucket} ${timeZone}`;
  const known = bucketFormats.get(name);
  if (known !== undefined) return known;
  const options: Intl.DateTimeFormatOptions =
    bucket === 'month'
      ? { month: 'long', year: 'numeric' }
      : bucket === 'day'
        ? { day: 'numeric', month: 'short' }
        : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
  const format = new Intl.DateTimeFormat(undefined, { ...options, timeZone });
  bucketFormats.set(name, format);
  return format;
}

const UNITS: readonly [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** "in 3 days", "2 hours ago"; whole units, never more than there is. */
export function formatDistance(time: string, nowMs = Date.now()): string {
  const distanceMs = new Date(time).getTime() - nowMs;
  for (const [unit, ms] of UNITS) {
    if (Math.abs(distanceMs) >= ms) return relative.format(Math.trunc(distanceMs / ms), unit);
  }
  return relative.format(Math.trunc(distanceMs / 1_000), 'second');
}

/** "12 s", "3 min 5 s": how long something has been going on. */
export function formatAge(startedAt: string, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.floor((nowMs - new Date(startedAt).getTime()) / 1_000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The zone that times are shown in. */
export const readerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
