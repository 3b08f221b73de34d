import { expect, test } from 'vitest';
import { roundUpToDollars } from '../../src/domain/money.ts';
import { proposeThreshold } from '../../src/reports/propose-threshold.ts';
import { usageCounts } from '../../src/reports/report-counts.ts';

const USD = 1_000_000_000n;
const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 21);

/** What hours have cost, by how long ago they began. */
function storeOf(costs: readonly [hoursAgo: number, usd: bigint][]) {
  const cells = new Map(
    costs.map(([hoursAgo, usd]) => {
      const counts = { ...usageCounts.create(), cost_other: usd * USD };
      return [`${NOW_MS - hoursAgo * HOUR_MS} ["m","t","u","k"]`, usageCounts.write(counts)];
    }),
  );
  return { readDays: async () => cells };
}

test('nothing is proposed where nothing was used', async () => {
  expect(await proposeThreshold(storeOf([]), 'acct_a', NOW_MS)).toBeUndefined();
});

test('two days at the mean, of three days at least', async () => {
  expect(await proposeThreshold(storeOf([[5, 30n]]), 'acct_a', NOW_MS)).toEqual({
    ...{ thresholdNanoUsd: 20n * USD, days: 3, perDayNanoUsd: 10n * USD },
  });
  const old = storeOf([
    [5, 7n],
    [24 * 6 + 5, 7n],
    [24 * 8, 1000n],
  ]);
  expect(await proposeThreshold(old, 'acct_a', NOW_MS)).toMatchObject({ days: 7, thresholdNanoUsd: 4n * USD });
});

test('three busy hours at least, where one in twenty is busier', async () => {
  // 72 hours: the 95th percentile is the 69th from below, the fourth from above.
  const busy = storeOf([10n, 10n, 9n, 8n, 1n].map((usd, index) => [index + 1, usd]));
  expect(await proposeThreshold(busy, 'acct_a', NOW_MS)).toMatchObject({ thresholdNanoUsd: 26n * USD });
  const steady = storeOf([20n, 20n, 20n, 18n].map((usd, index) => [index * 20 + 1, usd]));
  expect((await proposeThreshold(steady, 'acct_a', NOW_MS))?.thresholdNanoUsd).toBe(54n * USD);
});

test('whole dollars, upwards', () => {
  expect([0n, 1n, USD, USD + 1n].map(roundUpToDollars)).toEqual([0n, USD, USD, 2n * USD]);
});
