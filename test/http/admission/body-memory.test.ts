import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyMemory } from '../../../src/http/admission/body-memory.ts';

describe('the memory of request bodies', () => {
  it('leaves room for others beside one account that takes all it can', () => {
    const memory = createBodyMemory(1_000);
    while (memory.take('noisy', 10));
    expect(memory.heldBytes).toBe(800);
    expect([memory.take('quiet', 150), memory.take('third', 50), memory.take('fourth', 1)]).toEqual([
      true,
      true,
      false,
    ]);
    memory.give('noisy', 800);
    expect(memory.take('fourth', 600)).toBe(true);
  });

  it('is never passed, gives back what was taken, and lets in whoever has less than a share while any is left', () => {
    const step = fc.record({ account: fc.constantFrom('a', 'b', 'c'), bytes: fc.integer({ min: 1, max: 400 }) });
    fc.assert(
      fc.property(fc.array(fc.record({ step, give: fc.boolean() }), { maxLength: 200 }), (steps) => {
        const memory = createBodyMemory(1_000);
        const held: { account: string; bytes: number }[] = [];
        for (const { step: next, give } of steps) {
          const last = give ? held.pop() : undefined;
          if (last !== undefined) memory.give(last.account, last.bytes);
          else if (memory.take(next.account, next.bytes)) held.push(next);
          const sum = held.reduce((total, { bytes }) => total + bytes, 0);
          expect(memory.heldBytes).toBe(sum);
          expect(sum).toBeLessThanOrEqual(1_000);
          const hasNone = !held.some(({ account }) => account === 'newcomer');
          if (hasNone && sum <= 900) expect(memory.hasRoom('newcomer', 100)).toBe(true);
        }
        for (const { account, bytes } of held) memory.give(account, bytes);
        expect([memory.heldBytes, memory.hasRoom('a', 800)]).toEqual([0, true]);
      }),
    );
  });
});
