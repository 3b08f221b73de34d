import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AlertState, decideAlert } from '../../src/alerts/decide-alert.ts';
import { compareBurn } from '../../src/alerts/read-burn-rate.ts';
import {
  findExpiring,
  findLastPurchase,
  readBurnLevels,
  readExpiryLevels,
  readQuotaLevels,
  readRunwayLevels,
  readShareLevels,
} from '../../src/alerts/read-levels.ts';
import type { GrantState } from '../../src/domain/credit/credit-types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.parse('2026-11-21T12:30:00Z');

function grant(more: Partial<GrantState>): GrantState {
  return {
    grantId: 'grant_1',
    kind: 'paid',
    priority: 50,
    effectiveAtMs: 0,
    expiresAtMs: NOW_MS + 5 * DAY_MS,
    ordinal: 1,
    voided: false,
    grantedNanoUsd: 100n,
    remainingNanoUsd: 100n,
    heldNanoUsd: 0n,
    spentNanoUsd: 0n,
    expiredNanoUsd: 0n,
    voidedNanoUsd: 0n,
    ...more,
  };
}

describe('quotas', () => {
  const read = (used: bigint, limit = 100n) => readQuotaLevels([1_000_000, 800_000], [{ quotaId: 'q', used, limit }]);

  test('a share is reached at it, in order from the mildest, and over a tenth below', () => {
    const reached = (used: bigint) => read(used).map(({ isReached }) => isReached);
    expect(read(0n).map(({ level }) => level)).toEqual(['q:800000', 'q:1000000']);
    expect([reached(79n), reached(80n), reached(100n)]).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
    const over = (used: bigint) => read(used).map(({ isRecovered }) => isRecovered);
    expect([over(72n), over(71n), over(89n), over(90n)]).toEqual([
      [false, true],
      [true, true],
      [false, true],
      [false, false],
    ]);
  });

  test('a quota of zero is used to no share', () => {
    expect(read(0n, 0n)).toEqual([]);
  });

  test('a fall of two quotas is two notices, of each the worst', () => {
    const quotas = ['a', 'b'].map((quotaId) => ({ quotaId, used: 99n, limit: 100n }));
    const readings = readQuotaLevels([500_000, 900_000], quotas);
    const { fired } = decideAlert({ readings, states: [], nowMs: 1, quietMs: 1, isWhole: true, isEvent: false });
    expect(fired.map(({ level }) => level)).toEqual(['a:900000', 'b:900000']);
  });
});

describe('shares of the last purchase and hours left', () => {
  test('the last purchase is the newest paid grant that was not voided', () => {
    const grants = [
      grant({ ordinal: 3, grantedNanoUsd: 7n, kind: 'promotional' }),
      grant({ ordinal: 1, grantedNanoUsd: 1n }),
      grant({ ordinal: 2, grantedNanoUsd: 50n }),
      grant({ ordinal: 4, grantedNanoUsd: 9n, voided: true }),
    ];
    expect(findLastPurchase(grants)).toBe(50n);
    expect(findLastPurchase([])).toBeUndefined();
  });

  test('a share is reached at it; without a purchase there is none', () => {
    expect(readShareLevels(100_000, 5n, 50n)).toMatchObject([{ level: 'share:100000', isReached: true }]);
    expect(readShareLevels(100_000, 6n, 50n)).toMatchObject([{ isReached: false, isRecovered: true }]);
    expect(readShareLevels(100_000, 0n, undefined)).toEqual([]);
  });

  test('hours are reached at them; credit without an end is enough', () => {
    expect(readRunwayLevels(24, DAY_MS)).toMatchObject([{ isReached: true }]);
    expect(readRunwayLevels(24, DAY_MS + 1)).toMatchObject([{ isReached: false, isRecovered: false }]);
    expect(readRunwayLevels(24, undefined)).toMatchObject([{ isReached: false, isRecovered: true }]);
  });
});

describe('expiry', () => {
  const rule = { days: 7, minimumNanoUsd: 10n };

  test('only what is left, enough, and near', () => {
    const grants = [
      grant({ grantId: 'near' }),
      grant({ grantId: 'nearer', expiresAtMs: NOW_MS + 1 }),
      grant({ grantId: 'far', expiresAtMs: NOW_MS + 7 * DAY_MS + 1 }),
      grant({ grantId: 'over', expiresAtMs: NOW_MS }),
      grant({ grantId: 'little', remainingNanoUsd: 9n }),
      grant({ grantId: 'held', remainingNanoUsd: 0n, heldNanoUsd: 10n }),
    ];
    expect(findExpiring(rule, grants, NOW_MS).map(({ grantId }) => grantId)).toEqual(['near', 'held', 'nearer']);
  });

  test('each grant is told once, those of one look together', () => {
    let states: AlertState[] = [];
    const look = (ids: string[]) => {
      const readings = readExpiryLevels(ids.map((grantId) => grant({ grantId })));
      const decision = decideAlert({ readings, states, nowMs: 1, quietMs: 1, isWhole: true, isEvent: false });
      states = decision.states;
      return decision.fired.length;
    };
    expect([look(['a', 'b']), look(['a', 'b']), look(['a', 'b', 'c']), look(['c'])]).toEqual([1, 0, 1, 0]);
    expect(states).toHaveLength(1);
  });
});

describe('burn', () => {
  const rule = { factorThousandths: 3_000, minimumNanoUsd: 100n };
  const at = (hourNanoUsd: bigint, usualNanoUsd: bigint | undefined) =>
    readBurnLevels(rule, { hourNanoUsd, usualNanoUsd })[0];

  test('is reached at the factor and at the minimum, and judged only with a history', () => {
    expect(at(299n, 100n)?.isReached).toBe(false);
    expect(at(300n, 100n)?.isReached).toBe(true);
    expect(at(99n, 0n)?.isReached).toBe(false);
    expect(at(100n, 0n)?.isReached).toBe(true);
    expect(at(1_000n, undefined)?.isReached).toBe(false);
    expect([at(240n, 100n)?.isRecovered, at(239n, 100n)?.isRecovered]).toEqual([false, true]);
  });

  test('the dearer of this hour and the last is compared with the same of each day', () => {
    const midnightMs = Date.parse('2026-11-21T00:00:00Z');
    const hour = (daysAgo: number, hours: number) => midnightMs - daysAgo * DAY_MS + hours * HOUR_MS;
    const hours = new Map([
      [hour(0, 12), 60n],
      [hour(0, 11), 100n],
      [hour(0, 10), 9_999n],
      [hour(1, 12), 20n],
      [hour(1, 11), 40n],
      [hour(2, 11), 20n],
      [hour(2, 12), 60n],
      [hour(2, 3), 9_999n],
    ]);
    expect(compareBurn(hours, NOW_MS)).toEqual({ hourNanoUsd: 100n, usualNanoUsd: 50n });
  });

  test('hours that begin at half past are taken as they are', () => {
    const halfPast = new Map([0, 1, 2].map((day) => [NOW_MS - day * DAY_MS, 10n * BigInt(day + 1)]));
    expect(compareBurn(halfPast, NOW_MS)).toEqual({ hourNanoUsd: 10n, usualNanoUsd: 25n });
    expect(compareBurn(halfPast, NOW_MS + HOUR_MS - 1).hourNanoUsd).toBe(10n);
  });

  test('without a day of history there is no usual', () => {
    expect(compareBurn(new Map([[NOW_MS - 20 * HOUR_MS, 5n]]), NOW_MS).usualNanoUsd).toBeUndefined();
    expect(compareBurn(new Map(), NOW_MS)).toEqual({ hourNanoUsd: 0n, usualNanoUsd: undefined });
  });

  test('any use that is the same each day is never out of line', () => {
    const costs = fc.array(fc.bigInt(0n, 1_000_000n), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(costs, fc.integer({ min: 0, max: DAY_MS - 1 }), (day, offsetMs) => {
        const startMs = Date.parse('2026-11-10T00:00:00Z');
        const hours = new Map(Array.from({ length: 240 }, (_, n) => [startMs + n * HOUR_MS, day[n % 24] ?? 0n]));
        const burn = compareBurn(hours, startMs + 9 * DAY_MS + offsetMs);
        const [reading] = readBurnLevels({ factorThousandths: 1_100, minimumNanoUsd: 2n }, burn);
        expect(reading?.isReached && burn.hourNanoUsd > 20n).toBe(false);
      }),
    );
  });
});

/** Plays a value around a level of each kind that has one, and judges by the history alone. */
test('any history of a quota: never told twice without having been a tenth below and quiet, a real rise always', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.bigInt(0n, 120n)), { maxLength: 40 }),
      (moves) => {
        let states: AlertState[] = [];
        let hour = 0;
        let lastToldAt: number | undefined;
        let wasBelow = true;
        for (const [pause, used] of moves) {
          hour += pause;
          const readings = readQuotaLevels([800_000], [{ quotaId: 'q', used, limit: 100n }]);
          const nowMs = hour * HOUR_MS;
          const decision = decideAlert({ readings, states, nowMs, quietMs: DAY_MS, isWhole: true, isEvent: false });
          states = decision.states;
          const isQuiet = lastToldAt !== undefined && hour - lastToldAt < 24;
          expect(decision.fired.length === 1).toBe(used >= 80n && wasBelow && !isQuiet);
          if (decision.fired.length === 1) {
            lastToldAt = hour;
            wasBelow = false;
          } else if (used < 72n) wasBelow = true;
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
