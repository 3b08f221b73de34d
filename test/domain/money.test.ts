import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatUsd, larger, MAX_NANO_USD, NANO_PER_USD, parseUsd, smaller } from '../../src/domain/money.ts';

test.each([
  [1n, 2n, 1n, 2n],
  [2n, 1n, 1n, 2n],
  [-1n, 0n, -1n, 0n],
  [3n, 3n, 3n, 3n],
])('of %s and %s the smaller is %s, the larger %s', (one, other, least, most) => {
  expect([smaller(one, other), larger(one, other)]).toEqual([least, most]);
});

describe('dollars as text', () => {
  test.each([
    ['0', 0n],
    ['1', 1_000_000_000n],
    ['12.345678901', 12_345_678_901n],
    ['0.000000001', 1n],
    ['0.1', 100_000_000n],
    ['007.50', 7_500_000_000n],
    ['9007199.254740991', MAX_NANO_USD],
  ])('%s is read exactly', (text, amount) => {
    expect(parseUsd(text)).toBe(amount);
  });
  test.each([
    '',
    '.5',
    '5.',
    '-1',
    '+1',
    '1e3',
    '1,000',
    ' 1',
    '1 ',
    '0.1234567890',
    '12345678',
    '9007199.254740992',
    '0x1',
    '1.2.3',
    '١',
  ])('"%s" is no amount', (text) => {
    expect(parseUsd(text)).toBeUndefined();
  });
  test.each([
    [0n, '0.00'],
    [1n, '0.000000001'],
    [10n, '0.00000001'],
    [19_897_600n, '0.0198976'],
    [100_000_000n, '0.10'],
    [120_000_000n, '0.12'],
    [123_000_000n, '0.123'],
    [25n * NANO_PER_USD, '25.00'],
    [-1n, '-0.000000001'],
    [-25_500_000_000n, '-25.50'],
    [MAX_NANO_USD, '9007199.254740991'],
  ])('%s nano-dollars are written so', (amount, text) => {
    expect(formatUsd(amount)).toBe(text);
  });
  test('what is written is read again as it was', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_NANO_USD }), (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
      }),
    );
  });
});
