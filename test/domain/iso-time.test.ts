import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeIsoTime } from '../../src/domain/iso-time.ts';

test('a time is written as the language writes it', () => {
  const nearMs = fc.tuple(fc.integer({ min: -62_000_000_000_000, max: 253_402_300_799_999 }), fc.nat({ max: 3_000 }));
  fc.assert(
    fc.property(nearMs, ([atMs, laterMs]) => {
      expect(writeIsoTime(atMs)).toBe(new Date(atMs).toISOString());
      expect(writeIsoTime(atMs + laterMs)).toBe(new Date(atMs + laterMs).toISOString());
    }),
  );
  expect(() => writeIsoTime(Number.NaN)).toThrow(RangeError);
});
