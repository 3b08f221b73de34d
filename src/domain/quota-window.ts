import { Temporal } from 'temporal-polyfill';

export const QUOTA_WINDOWS = ['minute', 'hour', 'day', 'week', 'month', 'total'] as const;
export type QuotaWindow = (typeof QUOTA_WINDOWS)[number];

/** One window on the calendar. A call belongs to the windows of its start, whatever happens later. */
export interface WindowSpan {
  /** Names the window's counters, for example `day:2026-11-21`; the same for every instant within it. */
  name: string;
  startsAtMs: number;
  /** Exclusive; undefined for `total`. */
  endsAtMs: number | undefined;
}

/** The signature of {@link findWindow}, for whoever is handed it or a cache of it. */
export type WindowFinder = (window: QuotaWindow, atMs: number, timezone: string, anchorDay?: number) => WindowSpan;

/**
 * The calendar window an instant lies in.
 * @param timezone IANA name. Hours begin at its full hour. Days, weeks (ISO, from Monday) and months begin at local midnight, or at the first
 *   instant of the day where the clock skips midnight; a day may have 23 or 25 hours.
 * @param anchorDay day of the month on which `month` begins, 1 to 31, as a billing date; in a shorter month its last day.
 * @throws RangeError when the time zone is unknown.
 */
export function findWindow(window: QuotaWindow, atMs: number, timezone: string, anchorDay = 1): WindowSpan {
  if (window === 'total') return { name: 'total', startsAtMs: 0, endsAtMs: undefined };
  if (window === 'minute') return findMinute(atMs);
  if (window === 'hour') return findHour(atMs, timezone);
  const today = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone).toPlainDate();
  const [first, next] = findDates(window, today, anchorDay);
  // Two windows of one length may begin on one date under other anchors or zones: they are other windows.
  const place = `${window === 'month' && anchorDay !== 1 ? `@${anchorDay}` : ''}${timezone === 'UTC' ? '' : `:${timezone}`}`;
  return {
    name: `${window}:${first.toString()}${place}`,
    startsAtMs: startOf(first, timezone),
    endsAtMs: startOf(next, timezone),
  };
}

const HOUR_MS = 3_600_000;

/** Minutes are the same everywhere: no zone is off UTC by a part of one today. */
function findMinute(atMs: number): WindowSpan {
  const startsAtMs = Math.floor(atMs / 60_000) * 60_000;
  return { name: `minute:${writeInstant(startsAtMs, 16)}`, startsAtMs, endsAtMs: startsAtMs + 60_000 };
}

/**
 * An hour begins at the zone's full hour. Where the clock is set by half an hour within it, as on Lord Howe Island, it
 * ends there, and what is left of the new hour is a window of its own. Named by its start in UTC.
 */
function findHour(atMs: number, timezone: string): WindowSpan {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone);
  const offsetMs = offsetOf(local);
  const fullMs = Math.floor((atMs + offsetMs) / HOUR_MS) * HOUR_MS - offsetMs;
  const startsAtMs = isOffsetAt(fullMs, timezone, offsetMs) ? fullMs : transitionUpTo(local);
  const endsAtMs = isOffsetAt(fullMs + HOUR_MS, timezone, offsetMs) ? fullMs + HOUR_MS : transitionAfter(local);
  return { name: `hour:${writeInstant(startsAtMs, startsAtMs % HOUR_MS === 0 ? 13 : 16)}`, startsAtMs, endsAtMs };
}

function writeInstant(atMs: number, characters: number): string {
  return new Date(atMs).toISOString().slice(0, characters);
}

function offsetOf({ offsetNanoseconds }: Temporal.ZonedDateTime): number {
  return Math.round(offsetNanoseconds / 1e6);
}

function isOffsetAt(atMs: number, timezone: string, offsetMs: number): boolean {
  return offsetOf(Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone)) === offsetMs;
}

/** The instant at which the clock was last set, `at` included. */
function transitionUpTo(at: Temporal.ZonedDateTime): number {
  return at.add({ milliseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds ?? at.epochMilliseconds;
}

function transitionAfter(at: Temporal.ZonedDateTime): number {
  return at.getTimeZoneTransition('next')?.epochMilliseconds ?? at.epochMilliseconds + HOUR_MS;
}

function findDates(
  window: 'day' | 'week' | 'month',
  today: Temporal.PlainDate,
  anchorDay: number,
): [Temporal.PlainDate, Temporal.PlainDate] {
  if (window === 'day') return [today, today.add({ days: 1 })];
  if (window === 'week') {
    const monday = today.subtract({ days: today.dayOfWeek - 1 });
    return [monday, monday.add({ days: 7 })];
  }
  const thisMonth = today.toPlainYearMonth();
  const begun = Temporal.PlainDate.compare(today, anchorIn(thisMonth, anchorDay)) >= 0;
  const month = begun ? thisMonth : thisMonth.subtract({ months: 1 });
  return [anchorIn(month, anchorDay), anchorIn(month.add({ months: 1 }), anchorDay)];
}

function anchorIn(month: Temporal.PlainYearMonth, anchorDay: number): Temporal.PlainDate {
  return month.toPlainDate({ day: Math.min(anchorDay, month.daysInMonth) });
}

function startOf(date: Temporal.PlainDate, timezone: string): number {
  return date.toZonedDateTime(timezone).epochMilliseconds;
}
