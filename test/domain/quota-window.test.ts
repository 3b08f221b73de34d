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
    const instant = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
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
