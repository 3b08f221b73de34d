// Goal: what was read of a body that is let go of is not kept by it.
import { expect, it } from 'vitest';
import { isLetGo, OneTimeBody } from '../../src/http/one-time-body.ts';

it('a body is read once, in one piece, and is empty then', () => {
  const bytes = Buffer.alloc(20_000, 'a');
  const body = new OneTimeBody(bytes);
  expect([...body]).toEqual([bytes]);
  expect([...body]).toEqual([]);
});

it.each([
  [0, false],
  [16 * 1_024, false],
  [16 * 1_024 + 1, true],
])('a body of %d bytes is let go of: %s', (bytes, expected) => {
  expect(isLetGo(Buffer.alloc(bytes))).toBe(expected);
});
