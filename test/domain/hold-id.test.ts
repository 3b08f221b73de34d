import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { readIdTimeMs } from '../../src/domain/hold-id.ts';

/** What an id is, said in another way than the program's. */
const ID = /^hold_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

const nowMs = fc.nat({ max: 281_474_976_710_655 });
const change = fc.record({
  at: fc.nat({ max: 31 }),
  removed: fc.nat({ max: 2 }),
  put: fc.oneof(fc.constantFrom('', '0', '7', '8', 'Z', 'I', 'L', 'O', 'U', 'a', '_', '\0', 'é'), fc.string()),
});

test('the instant of an id is read of every id and of nothing else', () => {
  fc.assert(
    fc.property(nowMs, change, (atMs, { at, removed, put }) => {
      const id = createId('hold', atMs);
      expect(readIdTimeMs('hold', id)).toBe(atMs);
      expect(readIdTimeMs('req', id)).toBeUndefined();
      const changed = `${id.slice(0, at)}${put}${id.slice(at + removed)}`;
      expect(readIdTimeMs('hold', changed) !== undefined, changed).toBe(ID.test(changed));
    }),
    { numRuns: 1_000 },
  );
});
