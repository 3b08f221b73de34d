import { describe, expect, test } from 'vitest';
import { ratioOf, spreadOf, writeSpread } from '../../bench/ratios.ts';

describe('figures of several rounds', () => {
  test('the middle one, and the two of the middle by half', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, lowest: 1, highest: 4 });
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  test('ratios are taken round by round: a slow minute falls on both', () => {
    expect(ratioOf([10, 1], [20, 2])).toEqual({ median: 0.5, lowest: 0.5, highest: 0.5 });
  });

  test('are written with as many places as they deserve', () => {
    expect(writeSpread({ median: 0.314, lowest: 12.34, highest: 123.4 })).toBe('0.31 (12.3 to 123)');
  });
});
