import { expect, test } from 'vitest';
import { writeExactJson } from '../../src/domain/exact-json.ts';

test('integers of any size are decimal strings, wherever they stand; all else is plain JSON', () => {
  expect(writeExactJson({ a: [1n, { b: 9_007_199_254_740_993n }], c: 1.5, d: undefined, e: 'x' })).toBe(
    '{"a":["1",{"b":"9007199254740993"}],"c":1.5,"e":"x"}',
  );
  expect(writeExactJson({ a: 1 })).toBe('{"a":1}');
});

test('what has no end is a fault, not a text', () => {
  const ring: { ring?: unknown } = {};
  ring.ring = ring;
  expect(() => writeExactJson(ring)).toThrow(TypeError);
});
