import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHoldTimeMs, readIdTimeMs } from '../../src/domain/hold-id.ts';

/** The form of an id, told another way. */
const HOLD_ID = /^hold_([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}$/;
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const ulid = fc.array(fc.constantFrom(...LETTERS), { minLength: 26, maxLength: 26 }).map((letters) => letters.join(''));
const nearly = fc
  .tuple(ulid, fc.nat(25), fc.string({ unit: 'binary', maxLength: 2 }))
  .map(([text, at, put]) => `hold_${text.slice(0, at)}${put}${text.slice(at + 1)}`);

test('reads the instant of a hold id, and of nothing else', () => {
  const texts = fc.oneof(
    ulid.map((text) => `hold_${text}`),
    nearly,
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const time = HOLD_ID.exec(text)?.[1];
      const expected = time && [...time].reduce((sum, letter) => sum * 32 + LETTERS.indexOf(letter), 0);
      expect(readHoldTimeMs(text)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['hold_01ARZ3NDEKTSV4RRFFQ69G5FAV', 1_469_922_850_259],
  ['hold_7ZZZZZZZZZZZZZZZZZZZZZZZZZ', 2 ** 48 - 1],
  ['hold_8ZZZZZZZZZZZZZZZZZZZZZZZZZ', undefined],
  ['hold_01ARZ3NDEKTSV4RRFFQ69G5FA', undefined],
  ['hold_01ARZ3NDEKTSV4RRFFQ69G5FAVV', undefined],
  ['hold_01ARZ3NDEKTSV4RRFFQ69G5FAV\n', undefined],
  ['hold_01ARZ3NDEKTSV4RRFFQ69G5FAu', undefined],
  ['hold_01ARZ3NDEKTSV4RRFFQ69G5FAU', undefined],
  ['hold-01ARZ3NDEKTSV4RRFFQ69G5FAV', undefined],
  ['acct_01ARZ3NDEKTSV4RRFFQ69G5FAV', undefined],
  ['', undefined],
])('%j is of %s', (text, timeMs) => expect(readHoldTimeMs(text)).toBe(timeMs));

test('the prefix is the one asked for, whole', () => {
  expect(readIdTimeMs('batch', 'batch_01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(1_469_922_850_259);
  expect(readIdTimeMs('bat', 'batch_01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBeUndefined();
});
