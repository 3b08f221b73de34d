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
 * @param timezone IANA name. Days, weeks (ISO, from Monday) and months begin at local midnight, or at the first
 *   instant of the day where the clock skips midnight; a day may have 23 or 25 hours.
 * @param anchorDay day of the month on which `month` begins, 1 to 31, as a billing date; in a shorter month its last day.
 * @throws RangeError when the time zone is unknown.
 */
export function findWindow(window: QuotaWindow, atMs: number, timezone: string, anchorDay = 1): WindowSpan {
  if (window === 'total') return { name: 'total', startsAtMs: 0, endsAtMs: undefined };
  if (window === 'minute' || window === 'hour') return findClockWindow(window, atMs);
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

/** Minutes and hours are the same everywhere but for zones off by a part of an hour: they follow UTC. */
function findClockWindow(window: 'minute' | 'hour', atMs: number): WindowSpan {
  const lengthMs = window === 'minute' ? 60_000 : 3_600_000;
  const startsAtMs = Math.floor(atMs / lengthMs) * lengthMs;
  const instant = new Date(startsAtMs).toISOString().slice(0, window === 'minute' ? 16 : 13);
  return { name: `${window}:${instant}`, startsAtMs, endsAtMs: startsAtMs + lengthMs };
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
