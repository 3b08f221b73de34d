import { describe, expect, test } from 'vitest';
import { formatMultiplier, LIST_MULTIPLIER, multiplyToNanoUsd, parseMultiplier } from '../../src/domain/multiplier.ts';

describe('a multiplier', () => {
  test.each([
    ['1', 10_000n, '1'],
    ['1.25', 12_500n, '1.25'],
    ['0.0001', 1n, '0.0001'],
    ['99.9999', 999_999n, '99.9999'],
    ['10.10', 101_000n, '10.1'],
    ['07', 70_000n, '7'],
  ])('%s is read exactly and written without zeros at its end', (text, multiplier, written) => {
    expect(parseMultiplier(text)).toBe(multiplier);
    expect(formatMultiplier(multiplier)).toBe(written);
  });
  test.each(['', '0', '0.0000', '100', '1.00001', '-1', '1,5', '1e1', '.5', '5.', ' 1'])('"%s" is none', (text) => {
    expect(parseMultiplier(text)).toBeUndefined();
  });
  test.each([
    [0n, LIST_MULTIPLIER, 0n],
    [1n, LIST_MULTIPLIER, 1n],
    [1_000n, LIST_MULTIPLIER, 1n],
    [1_001n, LIST_MULTIPLIER, 2n],
    [1n, 1n, 1n],
    [10_000_000n, 1n, 1n],
    [10_000_001n, 1n, 2n],
    [5_500n, 12_500n, 7n],
    [8_000n, 12_500n, 10n],
  ])('%s pico-dollars times %s ten-thousandths round up once, to %s', (picoUsd, multiplier, nanoUsd) => {
    expect(multiplyToNanoUsd(picoUsd, multiplier)).toBe(nanoUsd);
  });
});
