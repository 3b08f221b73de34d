import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLinkedMap } from '../../src/collections/linked-map.ts';

type Step =
  | { kind: 'set' | 'setLast'; key: string; value: number }
  | { kind: 'delete'; key: string }
  | { kind: 'clear' };

const key = fc.oneof(
  fc.integer({ min: 0, max: 300 }).map((number) => `hold_${number}`),
  fc.constantFrom('', 'a', '__proto__'),
  // Alike where they are hashed.
  fc.integer({ min: 0, max: 9 }).map((number) => `${number}_${'x'.repeat(40)}`),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('setLast' as const), key, value: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);

describe('a linked map', () => {
  test('is a Map, after any steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const [linked, known] = [createLinkedMap<number>(), new Map<string, number>()];
        for (const one of steps) {
          if (one.kind === 'clear') {
            linked.clear();
            known.clear();
          } else if (one.kind === 'delete') expect(linked.delete(one.key)).toBe(known.delete(one.key));
          else {
            linked[one.kind](one.key, one.value);
            if (one.kind === 'setLast') known.delete(one.key);
            known.set(one.key, one.value);
          }
          expect(linked.size).toBe(known.size);
        }
        expect(linked.values()).toEqual([...known.values()]);
        expect(linked.firstKey()).toBe([...known.keys()][0]);
        for (let number = 0; number <= 300; number += 1) {
          expect(linked.get(`hold_${number}`)).toBe(known.get(`hold_${number}`));
          expect(linked.has(`hold_${number}`)).toBe(known.has(`hold_${number}`));
        }
        expect(linked.find((value) => value % 2 === 0)).toBe([...known.values()].find((value) => value % 2 === 0));
      }),
      { numRuns: 200 },
    );
  });

  test('keeps the order and the entries when it grows', () => {
    const linked = createLinkedMap<number>();
    for (let number = 0; number < 5_000; number += 1) linked.set(`key_${number}`, number);
    for (let number = 0; number < 5_000; number += 2) linked.delete(`key_${number}`);
    expect(linked.values()).toEqual(Array.from({ length: 2_500 }, (_, index) => 2 * index + 1));
    expect(linked.get('key_4999')).toBe(4_999);
    expect(linked.get('key_4998')).toBeUndefined();
  });
});
