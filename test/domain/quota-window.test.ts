import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findWindow, QUOTA_WINDOWS } from '../../src/domain/quota-window.ts';

const at = (text: string) => Date.parse(text);
const span = (...parameters: Parameters<typeof findWindow>) => {
  const { name, startsAtMs, endsAtMs } = findWindow(...parameters);
  return [
    name,
    new Date(startsAtMs).toISOString(),
    endsAtMs === undefined ? undefined : new Date(endsAtMs).toISOString(),
  ];
};

describe('quota windows', () => {
  test('are six', () => {
    expect(QUOTA_WINDOWS).toEqual(['minute', 'hour', 'day', 'week', 'month', 'total']);
  });

  test.each([
    ['month', 'UTC', 1, 'month:2026-11-01'],
    ['month', 'UTC', 15, 'month:2026-11-15@15'],
    ['month', 'Europe/Berlin', 15, 'month:2026-11-15@15:Europe/Berlin'],
    ['day', 'UTC', 15, 'day:2026-11-21'],
    ['week', 'Europe/Berlin', 15, 'week:2026-11-16:Europe/Berlin'],
  ] as const)('%s in %s from day %i is named %s', (window, timezone, anchorDay, name) => {
    expect(findWindow(window, at('2026-11-21T12:00:00Z'), timezone, anchorDay).name).toBe(name);
  });

  test.each([
    [
      'minute',
      '2026-11-21T10:20:30.456Z',
      'UTC',
      'minute:2026-11-21T10:20',
      '2026-11-21T10:20:00.000Z',
      '2026-11-21T10:21:00.000Z',
    ],
    [
      'hour',
      '2026-11-21T10:20:30Z',
      'Europe/Berlin',
      'hour:2026-11-21T10',
      '2026-11-21T10:00:00.000Z',
      '2026-11-21T11:00:00.000Z',
    ],
    [
      'day',
      '2026-11-21T23:59:59.999Z',
      'UTC',
      'day:2026-11-21',
      '2026-11-21T00:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
    ],
    [
      'day',
      '2026-11-21T23:30:00Z',
      'Europe/Berlin',
      'day:2026-11-22:Europe/Berlin',
      '2026-11-21T23:00:00.000Z',
      '2026-11-22T23:00:00.000Z',
    ],
    // Sunday belongs to the ISO week that began on Monday.
    ['week', '2026-11-22T12:00:00Z', 'UTC', 'week:2026-11-16', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    [
      'month',
      '2026-02-28T12:00:00Z',
      'UTC',
      'month:2026-02-01',
      '2026-02-01T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
    ],
  ] as const)('%s at %s in %s', (window, instant, timezone, name, starts, ends) => {
    expect(span(window, at(instant), timezone)).toEqual([name, starts, ends]);
  });

  // By the published rules of each zone (IANA time zone database).
  test.each([
    // Full hours of a zone half an hour off, a quarter off, and west of UTC.
    ['2026-11-21T10:29:59.999Z', 'Asia/Kolkata', 'hour:2026-11-21T09:30', '09:30', '10:30'],
    ['2026-11-21T10:30:00Z', 'Asia/Kolkata', 'hour:2026-11-21T10:30', '10:30', '11:30'],
    ['2026-11-21T10:20:00Z', 'Asia/Kathmandu', 'hour:2026-11-21T10:15', '10:15', '11:15'],
    ['2026-11-21T10:20:00Z', 'America/St_Johns', 'hour:2026-11-21T09:30', '09:30', '10:30'],
    ['2026-11-21T10:20:00Z', 'Asia/Tokyo', 'hour:2026-11-21T10', '10:00', '11:00'],
    // Berlin's clocks go back at 01:00 UTC: both hours called 2 are windows.
    ['2026-10-25T00:59:59Z', 'Europe/Berlin', 'hour:2026-10-25T00', '00:00', '01:00'],
    ['2026-10-25T01:00:00Z', 'Europe/Berlin', 'hour:2026-10-25T01', '01:00', '02:00'],
    // St. John's goes back at 02:00 local, from 2.5 hours behind to 3.5.
    ['2026-11-01T04:29:00Z', 'America/St_Johns', 'hour:2026-11-01T03:30', '03:30', '04:30'],
    ['2026-11-01T04:31:00Z', 'America/St_Johns', 'hour:2026-11-01T04:30', '04:30', '05:30'],
    // Lord Howe goes forward from 02:00 to 02:30 at 15:30 UTC: half an hour is left of that hour.
    ['2026-10-03T15:29:59Z', 'Australia/Lord_Howe', 'hour:2026-10-03T14:30', '14:30', '15:30'],
    ['2026-10-03T15:30:00Z', 'Australia/Lord_Howe', 'hour:2026-10-03T15:30', '15:30', '16:00'],
    ['2026-10-03T16:00:00Z', 'Australia/Lord_Howe', 'hour:2026-10-03T16', '16:00', '17:00'],
    // And back from 02:00 to 01:30 at 15:00 UTC: half an hour is told twice.
    ['2026-04-04T14:59:59Z', 'Australia/Lord_Howe', 'hour:2026-04-04T14', '14:00', '15:00'],
    ['2026-04-04T15:00:00Z', 'Australia/Lord_Howe', 'hour:2026-04-04T15', '15:00', '15:30'],
    ['2026-04-04T15:30:00Z', 'Australia/Lord_Howe', 'hour:2026-04-04T15:30', '15:30', '16:30'],
    // Caracas went forward from 02:30 to 03:00 at 07:00 UTC: half an hour was all of that hour.
    ['2016-05-01T06:45:00Z', 'America/Caracas', 'hour:2016-05-01T06:30', '06:30', '07:00'],
    ['2016-05-01T07:00:00Z', 'America/Caracas', 'hour:2016-05-01T07', '07:00', '08:00'],
  ])('the hour at %s in %s is %s', (instant, timezone, name, starts, ends) => {
    const day = instant.slice(0, 10);
    expect(span('hour', at(instant), timezone)).toEqual([name, `${day}T${starts}:00.000Z`, `${day}T${ends}:00.000Z`]);
  });

  test('a minute is the same in every zone', () => {
    const minute = span('minute', at('2026-11-21T10:29:30Z'), 'Asia/Kathmandu');
    expect(minute).toEqual(['minute:2026-11-21T10:29', '2026-11-21T10:29:00.000Z', '2026-11-21T10:30:00.000Z']);
  });

  test('a day has 25 hours when clocks go back, 23 when they go forward', () => {
    const hours = (instant: string) => {
      const { startsAtMs, endsAtMs } = findWindow('day', at(instant), 'America/New_York');
      return ((endsAtMs ?? 0) - startsAtMs) / 3_600_000;
    };
    expect(hours('2026-11-01T12:00:00Z')).toBe(25);
    expect(hours('2026-03-08T12:00:00Z')).toBe(23);
    expect(hours('2026-11-21T12:00:00Z')).toBe(24);
  });

  test('a month may begin on a billing date, in short months on their last day', () => {
    const month = (instant: string, anchor: number) => span('month', at(instant), 'UTC', anchor).slice(1);
    expect(month('2026-11-21T00:00:00Z', 15)).toEqual(['2026-11-15T00:00:00.000Z', '2026-12-15T00:00:00.000Z']);
    expect(month('2026-11-14T23:59:59Z', 15)).toEqual(['2026-10-15T00:00:00.000Z', '2026-11-15T00:00:00.000Z']);
    expect(month('2026-02-28T00:00:00Z', 31)).toEqual(['2026-02-28T00:00:00.000Z', '2026-03-31T00:00:00.000Z']);
    expect(month('2024-02-28T23:00:00Z', 30)).toEqual(['2024-01-30T00:00:00.000Z', '2024-02-29T00:00:00.000Z']);
  });

  test('total has no end', () => {
    expect(findWindow('total', at('2026-11-21T00:00:00Z'), 'UTC')).toEqual({
      name: 'total',
      startsAtMs: 0,
      endsAtMs: undefined,
    });
  });

  test('an unknown zone is a fault', () => {
    expect(() => findWindow('day', 0, 'Mars/Olympus')).toThrow(RangeError);
  });

  test('windows tile time: every instant lies in its window, and the instant it ends begins the next', () => {
    // Where clocks are set is rare in twenty years: instants around such places are drawn as well.
    const instant = fc.oneof(
      fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') }),
      fc.integer({ min: at('2026-10-03T13:00:00Z'), max: at('2026-10-03T18:00:00Z') }),
      fc.integer({ min: at('2026-04-04T13:00:00Z'), max: at('2026-04-04T18:00:00Z') }),
      fc.integer({ min: at('2026-11-01T02:00:00Z'), max: at('2026-11-01T08:00:00Z') }),
    );
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Asia/Kathmandu',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
      'Pacific/Apia',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...QUOTA_WINDOWS),
        instant,
        zone,
        fc.integer({ min: 1, max: 31 }),
        (window, atMs, timezone, anchor) => {
          const found = findWindow(window, atMs, timezone, anchor);
          expect(found.startsAtMs).toBeLessThanOrEqual(atMs);
          expect(findWindow(window, found.startsAtMs, timezone, anchor)).toEqual(found);
          if (found.endsAtMs === undefined) return;
          expect(found.endsAtMs).toBeGreaterThan(atMs);
          expect(findWindow(window, found.endsAtMs - 1, timezone, anchor)).toEqual(found);
          expect(findWindow(window, found.endsAtMs, timezone, anchor).startsAtMs).toBe(found.endsAtMs);
        },
      ),
    );
  });
});
