import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findFairLevel } from '../../../src/http/admission/fair-level.ts';

it('the fair level uses the budget up and cuts nobody for one that has more', () => {
  const demands = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(demands, fc.integer({ min: 1, max: 5_000 }), (asked, budget) => {
      const level = findFairLevel(asked, budget);
      const served = asked.map((demand) => Math.min(demand, level));
      const sum = served.reduce((total, one) => total + one, 0);
      const wanted = asked.reduce((total, one) => total + one, 0);
      expect(sum).toBeCloseTo(Math.min(budget, wanted), 6);
      if (wanted <= budget) expect(served).toEqual(asked);
      // Whoever is cut has the level, which is the most that anybody has.
      for (const [index, demand] of asked.entries()) if (served[index] !== demand) expect(served[index]).toBe(level);
    }),
  );
});

it('with nothing asked for, all of it is there for whoever comes', () => {
  expect(findFairLevel([], 7)).toBe(7);
});
