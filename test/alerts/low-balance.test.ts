import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideLowBalance, type LevelState, recoveryBalance } from '../../src/alerts/low-balance.ts';

const HOUR_MS = 3_600_000;
const COOL_DOWN_MS = 24 * HOUR_MS;

/** Feeds balances, given as [hour, balance], and answers what fired, as [hour, level]. */
function play(levels: readonly bigint[], steps: readonly (readonly [number, bigint])[]): [number, bigint][] {
  let states: LevelState[] = [];
  const told: [number, bigint][] = [];
  for (const [hour, balanceNanoUsd] of steps) {
    const nowMs = hour * HOUR_MS;
    const question = { levelsNanoUsd: levels, states, balanceNanoUsd, nowMs, coolDownMs: COOL_DOWN_MS };
    const decision = decideLowBalance(question);
    if (decision.fire !== undefined) told.push([hour, decision.fire.levelNanoUsd]);
    states = decision.states;
  }
  return told;
}

describe('decideLowBalance', () => {
  test('a level fires at it, not above it', () => {
    expect(play([100n], [[0, 101n]])).toEqual([]);
    expect(play([100n], [[0, 100n]])).toEqual([[0, 100n]]);
  });

  test('while the balance stays low it is told once', () => {
    expect(
      play(
        [100n],
        [
          [0, 90n],
          [1, 80n],
          [30, 70n],
          [300, 60n],
        ],
      ),
    ).toEqual([[0, 100n]]);
  });

  test('a balance around the level does not tell again, however long', () => {
    const steps = Array.from({ length: 200 }, (_, hour) => [hour, hour % 2 === 0 ? 99n : 109n] as const);
    expect(play([100n], steps)).toEqual([[0, 100n]]);
  });

  test('recovered by a tenth and cooled down it tells again', () => {
    expect(
      play(
        [100n],
        [
          [0, 99n],
          [25, 110n],
          [26, 99n],
        ],
      ),
    ).toEqual([
      [0, 100n],
      [26, 100n],
    ]);
  });

  test('recovered but not cooled down it waits, and tells later if the balance is still low', () => {
    expect(
      play(
        [100n],
        [
          [0, 99n],
          [1, 500n],
          [2, 99n],
          [23, 98n],
        ],
      ),
    ).toEqual([[0, 100n]]);
    expect(
      play(
        [100n],
        [
          [0, 99n],
          [1, 500n],
          [2, 99n],
          [24, 98n],
        ],
      ),
    ).toEqual([
      [0, 100n],
      [24, 100n],
    ]);
  });

  test('a fall through several levels is one notice, of the lowest', () => {
    expect(
      play(
        [100n, 50n, 10n],
        [
          [0, 5n],
          [1, 4n],
        ],
      ),
    ).toEqual([[0, 10n]]);
  });

  test('a slow fall tells of each level', () => {
    const steps = [
      [0, 100n],
      [1, 60n],
      [2, 50n],
      [3, 10n],
    ] as const;
    expect(play([10n, 100n, 50n], steps)).toEqual([
      [0, 100n],
      [2, 50n],
      [3, 10n],
    ]);
  });

  test('debt is below every level', () => {
    expect(play([0n], [[0, -5n]])).toEqual([[0, 0n]]);
  });

  test('a level of zero recovers above zero only', () => {
    expect(
      play(
        [0n],
        [
          [0, 0n],
          [30, 0n],
          [60, 0n],
        ],
      ),
    ).toEqual([[0, 0n]]);
    expect(
      play(
        [0n],
        [
          [0, 0n],
          [30, 1n],
          [60, 0n],
        ],
      ),
    ).toEqual([
      [0, 0n],
      [60, 0n],
    ]);
  });

  test('forgets a level that is configured no more', () => {
    const states: LevelState[] = [{ levelNanoUsd: 7n, state: 'fired', firedAtMs: 0 }];
    const question = { levelsNanoUsd: [], states, balanceNanoUsd: 1n, nowMs: 1, coolDownMs: 1 };
    expect(decideLowBalance(question)).toEqual({ changed: true, states: [] });
  });

  test('the recovery balance is 1.1 times the level, rounded up', () => {
    expect([0n, 1n, 9n, 10n, 11n, 1_000n].map(recoveryBalance)).toEqual([1n, 2n, 10n, 11n, 13n, 1_100n]);
  });
});

/** An independent judge: per level, from the whole history, when it may be told and when it must. */
function judge(
  levels: readonly bigint[],
  steps: readonly (readonly [number, bigint])[],
  told: readonly [number, bigint][],
) {
  for (const level of levels) {
    const times = told.filter(([, toldLevel]) => toldLevel === level).map(([hour]) => hour);
    for (const hour of times) expect(steps.find(([at]) => at === hour)?.[1]).toBeLessThanOrEqual(level);
    times.slice(1).forEach((hour, index) => {
      const before = times[index] ?? 0;
      expect(hour - before).toBeGreaterThanOrEqual(24);
      const between = steps.filter(([at]) => at > before && at < hour).map(([, balance]) => balance);
      expect(between.some((balance) => balance * 10n >= level * 11n && balance > level)).toBe(true);
    });
  }
  // Never two notices of one moment.
  expect(new Set(told.map(([hour]) => hour)).size).toBe(told.length);
  // The first time the balance is at or below the lowest level, that is told.
  const lowest = [...levels].sort((a, b) => Number(a - b))[0] ?? 0n;
  const first = steps.find(([, balance]) => balance <= lowest);
  if (first !== undefined) expect(told).toContainEqual([first[0], lowest]);
}

test('any history: no level twice without recovery and cool-down, no two at once, the worst never missed', () => {
  const levels = fc.uniqueArray(fc.bigInt(0n, 30n), { minLength: 1, maxLength: 4 });
  const balances = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.bigInt(-5n, 40n)), { maxLength: 40 });
  fc.assert(
    fc.property(levels, balances, (levelsNanoUsd, moves) => {
      let hour = 0;
      const steps = moves.map(([pause, balance]) => {
        hour += pause;
        return [hour, balance] as const;
      });
      judge(levelsNanoUsd, steps, play(levelsNanoUsd, steps));
    }),
    { numRuns: 2_000 },
  );
});

test('a decision that changes nothing says so, and deciding again changes nothing', () => {
  const levels = fc.uniqueArray(fc.bigInt(0n, 30n), { maxLength: 4 });
  const state = fc.record({
    levelNanoUsd: fc.bigInt(0n, 30n),
    state: fc.constantFrom('fired' as const, 'recovered' as const),
    firedAtMs: fc.integer({ min: 0, max: 100 }),
  });
  const states = fc.uniqueArray(state, { maxLength: 4, selector: ({ levelNanoUsd }) => levelNanoUsd });
  fc.assert(
    fc.property(levels, states, fc.bigInt(-5n, 40n), (levelsNanoUsd, before, balanceNanoUsd) => {
      const question = { levelsNanoUsd, balanceNanoUsd, nowMs: 120, coolDownMs: 50 };
      const first = decideLowBalance({ ...question, states: before });
      if (!first.changed) expect(new Set(first.states)).toEqual(new Set(before));
      const second = decideLowBalance({ ...question, states: first.states });
      expect(second).toEqual({ changed: false, states: first.states });
    }),
  );
});
