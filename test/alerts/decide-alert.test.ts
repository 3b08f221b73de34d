import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AlertState, decideAlert, SEEN_EVERY_MS } from '../../src/alerts/decide-alert.ts';
import { readBalanceLevels, recoveryBalance } from '../../src/alerts/read-levels.ts';

const HOUR_MS = 3_600_000;
const COOL_DOWN_MS = 24 * HOUR_MS;

/** Decides on a balance as the watch does. */
function decide(
  levels: readonly bigint[],
  states: readonly AlertState[],
  balance: bigint,
  nowMs: number,
  quietMs = COOL_DOWN_MS,
) {
  const readings = readBalanceLevels(levels, balance);
  return decideAlert({ readings, states, nowMs, quietMs, isWhole: true, isEvent: false });
}

/** Feeds balances, given as [hour, balance], and answers what fired and what recovered, as [hour, level]. */
function playBoth(levels: readonly bigint[], steps: readonly (readonly [number, bigint])[]) {
  let states: AlertState[] = [];
  const told: [number, bigint][] = [];
  const over: [number, bigint][] = [];
  for (const [hour, balance] of steps) {
    const decision = decide(levels, states, balance, hour * HOUR_MS);
    for (const { level } of decision.fired) told.push([hour, BigInt(level)]);
    for (const { level } of decision.recovered) over.push([hour, BigInt(level)]);
    states = decision.states;
  }
  return { told, over };
}

function play(levels: readonly bigint[], steps: readonly (readonly [number, bigint])[]): [number, bigint][] {
  return playBoth(levels, steps).told;
}

describe('decideAlert of balances', () => {
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

  test('forgets a level that is configured no more, and tells nobody', () => {
    const states: AlertState[] = [{ level: '7', state: 'fired', firedAtMs: 0 }];
    expect(decide([], states, 1n, 1)).toEqual({ changed: true, states: [], fired: [], recovered: [] });
  });

  test('tells once that it is over, when no level is fired any more', () => {
    const steps = [
      [0, 5n],
      [1, 54n],
      [2, 56n],
      [3, 111n],
      [4, 500n],
    ] as const;
    expect(playBoth([100n, 50n, 10n], steps)).toEqual({ told: [[0, 10n]], over: [[3, 100n]] });
  });

  test('what comes and goes in the quiet time is neither told nor over', () => {
    const steps = [
      [0, 99n],
      [1, 200n],
      [2, 99n],
      [3, 200n],
    ] as const;
    expect(playBoth([100n], steps)).toEqual({ told: [[0, 100n]], over: [[1, 100n]] });
  });

  test('a level that recovered and is not quiet any more is forgotten', () => {
    const states: AlertState[] = [{ level: '100', state: 'recovered', firedAtMs: 0 }];
    expect(decide([100n], states, 200n, COOL_DOWN_MS - 1).states).toEqual(states);
    expect(decide([100n], states, 200n, COOL_DOWN_MS)).toMatchObject({ changed: true, states: [] });
  });

  test('the recovery balance is 1.1 times the level, rounded up', () => {
    expect([0n, 1n, 9n, 10n, 11n, 1_000n].map(recoveryBalance)).toEqual([1n, 2n, 10n, 11n, 13n, 1_100n]);
  });
});

/** Pauses in hours, and balances, to instants and balances. */
function toSteps(moves: readonly [number, bigint][]): (readonly [number, bigint])[] {
  let hour = 0;
  return moves.map(([pause, balance]) => {
    hour += pause;
    return [hour, balance] as const;
  });
}

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
      const steps = toSteps(moves);
      judge(levelsNanoUsd, steps, play(levelsNanoUsd, steps));
    }),
    { numRuns: 2_000 },
  );
});

test('any history: it is told to be over once at most for each telling, and only where all have recovered', () => {
  const levels = fc.uniqueArray(fc.bigInt(0n, 30n), { minLength: 1, maxLength: 4 });
  const balances = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.bigInt(-5n, 40n)), { maxLength: 40 });
  fc.assert(
    fc.property(levels, balances, (levelsNanoUsd, moves) => {
      const steps = toSteps(moves);
      const { told, over } = playBoth(levelsNanoUsd, steps);
      const events = [...told.map(([at]) => [at, 'told'] as const), ...over.map(([at]) => [at, 'over'] as const)];
      events.sort(([one], [other]) => one - other);
      const kinds = events.map(([, kind]) => kind);
      kinds.forEach((kind, index) => {
        if (kind === 'over') expect(kinds[index - 1]).toBe('told');
      });
      for (const [at] of over) {
        const balance = steps.find(([time]) => time === at)?.[1] ?? 0n;
        const firedBefore = told.filter(([time]) => time < at).map(([, level]) => level);
        const worst = firedBefore.at(-1) ?? 0n;
        expect(balance).toBeGreaterThanOrEqual(recoveryBalance(worst));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a decision that changes nothing says so, and deciding again changes nothing', () => {
  const levels = fc.uniqueArray(fc.bigInt(0n, 30n), { maxLength: 4 });
  const state = fc.record({
    level: fc.bigInt(0n, 30n).map(String),
    state: fc.constantFrom('fired' as const, 'recovered' as const),
    firedAtMs: fc.integer({ min: 0, max: 100 }),
  });
  const states = fc.uniqueArray(state, { maxLength: 4, selector: ({ level }) => level });
  fc.assert(
    fc.property(levels, states, fc.bigInt(-5n, 40n), (levelsNanoUsd, before, balance) => {
      const first = decide(levelsNanoUsd, before, balance, 120, 50);
      if (!first.changed) expect(new Set(first.states)).toEqual(new Set(before));
      const second = decide(levelsNanoUsd, first.states, balance, 120, 50);
      expect(second).toEqual({ changed: false, states: first.states, fired: [], recovered: [] });
    }),
  );
});

describe('decideAlert of events', () => {
  const at = (states: readonly AlertState[], nowMs: number, isReached = true) =>
    decideAlert({
      readings: [{ level: 'refused', subject: 'refused', isReached, isRecovered: !isReached }],
      states,
      nowMs,
      quietMs: COOL_DOWN_MS,
      isWhole: false,
      isEvent: true,
    });

  test('an event that goes on is told once in a quiet time, and noted in between', () => {
    const first = at([], 0);
    expect(first.fired).toHaveLength(1);
    expect(at(first.states, SEEN_EVERY_MS - 1).changed).toBe(false);
    const noted = at(first.states, SEEN_EVERY_MS);
    expect(noted).toMatchObject({ changed: true, fired: [], states: [{ firedAtMs: 0, seenAtMs: SEEN_EVERY_MS }] });
    expect(at(noted.states, COOL_DOWN_MS - 1).fired).toEqual([]);
    expect(at(noted.states, COOL_DOWN_MS).fired).toHaveLength(1);
  });

  test('other events of the rule are kept as they were', () => {
    const other: AlertState = { level: 'answered', state: 'fired', firedAtMs: 5 };
    expect(at([other], 6).states).toContain(other);
  });

  test('what is over is told, once', () => {
    const over = at(at([], 0).states, 10, false);
    expect(over.recovered).toHaveLength(1);
    expect(at(over.states, 20, false)).toMatchObject({ changed: false, recovered: [] });
  });
});
