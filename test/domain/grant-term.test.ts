import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysAfter, oneYearAfter } from '../../src/domain/grant-term.ts';

const year = (text: string) => new Date(oneYearAfter(Date.parse(text))).toISOString();

describe('oneYearAfter', () => {
  it.each([
    ['2026-11-20T12:34:56.789Z', '2027-11-20T12:34:56.789Z'],
    ['2024-02-29T23:59:59.999Z', '2025-02-28T23:59:59.999Z'],
    ['2024-02-28T00:00:00.000Z', '2025-02-28T00:00:00.000Z'],
    ['2023-02-28T10:00:00.000Z', '2024-02-28T10:00:00.000Z'],
    ['2023-03-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-03-01T00:00:00.000Z', '2025-03-01T00:00:00.000Z'],
    ['2025-12-31T23:59:59.999Z', '2026-12-31T23:59:59.999Z'],
    ['2026-01-31T00:00:00.000Z', '2027-01-31T00:00:00.000Z'],
    ['2099-02-28T00:00:00.000Z', '2100-02-28T00:00:00.000Z'],
    ['2096-02-29T06:00:00.000Z', '2097-02-28T06:00:00.000Z'],
  ])('of %s is %s', (from, to) => {
    expect(year(from)).toBe(to);
  });

  it('keeps the time of day and the date, but for 29 February', () => {
    const instants = fc.integer({ min: Date.parse('2020-01-01T00:00:00Z'), max: Date.parse('2090-01-01T00:00:00Z') });
    fc.assert(
      fc.property(instants, (atMs) => {
        const from = new Date(atMs).toISOString();
        const to = new Date(oneYearAfter(atMs)).toISOString();
        expect(to.slice(0, 4)).toBe(String(Number(from.slice(0, 4)) + 1));
        expect(to.slice(4)).toBe(from.slice(4).replace(/^-02-29/, '-02-28'));
      }),
    );
  });
});

describe('daysAfter', () => {
  it('counts days of 86,400 s whatever the calendar does', () => {
    const atMs = Date.parse('2024-02-28T12:00:00Z');
    expect(new Date(daysAfter(atMs, 1)).toISOString()).toBe('2024-02-29T12:00:00.000Z');
    expect(new Date(daysAfter(atMs, 180)).toISOString()).toBe('2024-08-26T12:00:00.000Z');
    expect(daysAfter(atMs, 180) - atMs).toBe(180 * 86_400_000);
    expect(new Date(daysAfter(Date.parse('2025-02-28T12:00:00Z'), 1)).toISOString()).toBe('2025-03-01T12:00:00.000Z');
  });
});
