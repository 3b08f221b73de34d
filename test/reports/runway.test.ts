import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GrantState } from '../../src/domain/credit/credit-types.ts';
import { readBurn } from '../../src/reports/read-burn.ts';
import { createReportKeeper } from '../../src/reports/report-keeper.ts';
import { findRunway } from '../../src/reports/runway.ts';
import { createRunwayWatch } from '../../src/reports/runway-watch.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let grants = 0;
const grantOf = (terms: Partial<GrantState> & { remainingNanoUsd: bigint }): GrantState => {
  grants += 1;
  return {
    ...{ grantId: `grant_${grants}`, kind: 'paid', priority: 50, ordinal: grants, voided: false },
    ...{ effectiveAtMs: NOW_MS - DAY_MS, expiresAtMs: NOW_MS + 365 * DAY_MS, grantedNanoUsd: 0n },
    ...{ heldNanoUsd: 0n, spentNanoUsd: 0n, expiredNanoUsd: 0n, voidedNanoUsd: 0n },
    ...terms,
  };
};
const inDays = (days: number): number => NOW_MS + days * DAY_MS;

describe('the runway', () => {
  test('ends when all is spent', () => {
    const [first, second] = [grantOf({ remainingNanoUsd: 30n }), grantOf({ remainingNanoUsd: 15n })];
    expect(findRunway([first, second], 10n, NOW_MS)).toEqual({ endsAtMs: inDays(4.5), unused: [] });
  });

  test('spends what expires first, and tells what is left of it', () => {
    const soon = grantOf({ remainingNanoUsd: 100n, expiresAtMs: inDays(3) });
    const later = grantOf({ remainingNanoUsd: 20n });
    expect(findRunway([later, soon], 10n, NOW_MS)).toEqual({
      endsAtMs: inDays(5),
      unused: [{ grantId: soon.grantId, expiresAtMs: inDays(3), amountNanoUsd: 70n }],
    });
  });

  test('ends before credit that takes effect too late, whose end is told too', () => {
    const now = grantOf({ remainingNanoUsd: 10n });
    const later = grantOf({ remainingNanoUsd: 100n, effectiveAtMs: inDays(2), expiresAtMs: inDays(4) });
    expect(findRunway([now, later], 10n, NOW_MS)).toEqual({
      endsAtMs: inDays(1),
      unused: [{ grantId: later.grantId, expiresAtMs: inDays(4), amountNanoUsd: 80n }],
    });
    const inTime = { ...later, effectiveAtMs: inDays(0.5) };
    expect(findRunway([now, inTime], 10n, NOW_MS).endsAtMs).toBe(inDays(4.5));
  });

  test('without any use lasts as long as the terms, and without credit is over', () => {
    const grant = grantOf({ remainingNanoUsd: 10n, expiresAtMs: inDays(30) });
    expect(findRunway([grant], 0n, NOW_MS)).toEqual({
      endsAtMs: inDays(30),
      unused: [{ grantId: grant.grantId, expiresAtMs: inDays(30), amountNanoUsd: 10n }],
    });
    const gone = [grantOf({ remainingNanoUsd: 0n }), grantOf({ remainingNanoUsd: 9n, expiresAtMs: NOW_MS })];
    expect(findRunway(gone, 5n, NOW_MS)).toEqual({ endsAtMs: NOW_MS, unused: [] });
    const endless = grantOf({ remainingNanoUsd: 2n ** 53n, expiresAtMs: inDays(36_500) });
    expect(findRunway([endless], 1n, NOW_MS)).toEqual({ endsAtMs: undefined, unused: [] });
  });

  test('burns all that does not expire, at any terms in effect', () => {
    const grant = fc.record({
      remainingNanoUsd: fc.bigInt({ min: 1n, max: 10n ** 12n }),
      days: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(
        fc.array(grant, { minLength: 1, maxLength: 8 }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        (drawn, perDay) => {
          const all = drawn.map(({ remainingNanoUsd, days }) =>
            grantOf({ remainingNanoUsd, expiresAtMs: inDays(days) }),
          );
          const { endsAtMs = Number.NaN, unused } = findRunway(all, perDay, NOW_MS);
          const had = all.reduce((sum, { remainingNanoUsd }) => sum + remainingNanoUsd, 0n);
          const lost = unused.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n);
          const burnt = (perDay * BigInt(endsAtMs - NOW_MS)) / BigInt(DAY_MS);
          // Each grant ends on a whole millisecond.
          const slack = (perDay / BigInt(DAY_MS) + 2n) * BigInt(2 * all.length);
          const difference = had - lost - burnt;
          expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual(slack);
        },
      ),
    );
  });
});

describe('the burn', () => {
  const burnOf = (costs: [hoursAgo: number, cost: bigint][]) => {
    const cells = new Map(
      costs.map(([hoursAgo, cost]) => [`${NOW_MS - hoursAgo * HOUR_MS} ["m",null,null,null]`, `1 0 0 0 0 0 0 ${cost}`]),
    );
    return readBurn({ readDays: async () => cells }, 'acct_a', NOW_MS);
  };
  test('is the average of the days that were used, three to seven', async () => {
    expect(await burnOf([])).toEqual({ days: 3, perDayNanoUsd: 0n, dearestDayNanoUsd: 0n });
    expect(await burnOf([[1, 30n]])).toEqual({ days: 3, perDayNanoUsd: 10n, dearestDayNanoUsd: 30n });
    expect(
      await burnOf([
        [1, 30n],
        [90, 10n],
      ]),
    ).toEqual({ days: 4, perDayNanoUsd: 10n, dearestDayNanoUsd: 30n });
    const week: [number, bigint][] = [
      [1, 7n],
      [5, 14n],
      [30, 14n],
      [167, 7n],
      [169, 700n],
    ];
    expect(await burnOf(week)).toEqual({ days: 7, perDayNanoUsd: 6n, dearestDayNanoUsd: 21n });
  });
});

describe('accounts in use', () => {
  test('are folded and looked at in the background, one that fails without the others', async () => {
    const clock = { nowMs: NOW_MS };
    const looked: string[] = [];
    const warnings: string[] = [];
    const watch = createRunwayWatch({
      ledger: {
        readGrants: async (accountId) => {
          looked.push(accountId);
          return [grantOf({ remainingNanoUsd: 30n })];
        },
      },
      store: { readDays: async () => new Map([[`${NOW_MS - HOUR_MS} ["m",null,null,null]`, '1 0 0 0 0 0 0 30']]) },
      nowMs: () => clock.nowMs,
    });
    const keeper = createReportKeeper({
      fold: {
        foldAccount: async (accountId) => {
          if (accountId === 'acct_broken') throw new Error('down');
          return 1;
        },
      },
      runways: watch,
      every: () => () => {},
      logger: { warn: (_facts, text) => void warnings.push(text) },
    });
    for (const accountId of ['acct_broken', 'acct_a', 'acct_a']) keeper.note(accountId);
    await keeper.run();
    expect([looked, warnings.length]).toEqual([['acct_a'], 1]);
    expect(watch.findEndMs('acct_a')).toBe(inDays(3));
    expect(watch.findEndMs('acct_broken')).toBeUndefined();
    await keeper.run();
    keeper.note('acct_a');
    await keeper.run();
    expect(looked).toEqual(['acct_a']);
    clock.nowMs += 2 * HOUR_MS;
    expect(watch.findEndMs('acct_a')).toBeUndefined();
    keeper.note('acct_a');
    await keeper.run();
    expect(looked).toEqual(['acct_a', 'acct_a']);
    await keeper.stop();
  });
});
