// Goal: while Redis is away calls go on up to the grace budget, and once it is back every one is charged, exactly.
// Method: two real processes on one Redis and one upstream, which is killed under load until both budgets are used up;
// then it comes back, and the sums are held against each other.
import { expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { isCharge, nano } from '../support/check-journal.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 300,
  messages: [{ role: 'user', content: 'Say something about toll roads.' }],
};
const BUDGET_USD = '0.02';
const LANES = 2;

test('Redis is killed under load: calls go on up to the budget of each process, and all is charged once', {
  timeout: 120_000,
}, async () => {
  const redis = await startRedisServer();
  const environment = { GRACE_BUDGET_USD: BUDGET_USD };
  try {
    await using one = await startTollgate({ redisUrl: redis.url, environment });
    await using other = await startTollgate({ redisUrl: redis.url, environment, api: one.api });
    const caller = await one.createCaller({ creditUsd: '5' });
    const both = [one, other];
    const loads = both.map((tollgate) => runLoad(tollgate, caller));
    await until(() => loads.every(({ answered }) => answered(200) >= 10), { what: 'calls are served' });
    await redis.kill();
    await until(async () => (await Promise.all(both.map(isUsedUp))).every(Boolean), {
      what: 'both budgets are used up',
      timeoutMs: 60_000,
    });
    for (const tollgate of both) {
      expect(await readMetric(tollgate, 'tollgate_grace_taken_usd')).toBeLessThanOrEqual(Number(BUDGET_USD));
      expect((await fetch(`${tollgate.baseUrl}/readyz`)).status).toBe(200);
      expect((await tollgate.send(caller, undefined, { method: 'GET', path: '/v1/models' })).status).toBe(503);
    }
    await redis.restart();
    const before = loads.map(({ answered }) => answered(200));
    await until(() => loads.every(({ answered }, index) => answered(200) >= (before[index] ?? 0) + 10), {
      what: 'calls are served as before',
      timeoutMs: 60_000,
    });
    await Promise.all(loads.map(({ stop }) => stop()));
    for (const { answers } of loads) expect(answers().filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await until(async () => (await readMetric(other, 'tollgate_outbox_depth')) === 0);
    // Exactly what the upstream has billed.
    await one.expectSettled();
    await expectWithinBudget(one, caller);
  } finally {
    await redis.stop();
  }
});

function runLoad(tollgate: RunningTollgate, caller: Caller) {
  const statuses: number[] = [];
  let stopped = false;
  const lane = async (): Promise<void> => {
    while (!stopped) {
      const response = await tollgate.send(caller, REQUEST);
      await response.text();
      statuses.push(response.status);
      // A refusal at once must not starve what would end it.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  return {
    answers: () => statuses,
    answered: (status: number) => statuses.filter((each) => each === status).length,
    async stop() {
      stopped = true;
      await lanes;
    },
  };
}

/** Some were admitted by it, and then many in a row were not. */
async function isUsedUp(tollgate: RunningTollgate): Promise<boolean> {
  const [admitted, refused] = await Promise.all(
    ['admitted', 'refused'].map((result) => readMetric(tollgate, `tollgate_grace_calls_total{result="${result}"}`)),
  );
  return (admitted ?? 0) > 0 && (refused ?? 0) >= 5;
}

async function readMetric({ adminUrl }: RunningTollgate, series: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

async function expectWithinBudget(tollgate: RunningTollgate, { accountId }: Caller): Promise<void> {
  const charges = (await tollgate.admin.readJournal(accountId)).filter(({ operation }) => isCharge(operation));
  const graced = charges.filter(({ details }) => details?.grace === true);
  expect(graced.length).toBeGreaterThan(1);
  expect(new Set(graced.map(({ operation }) => operation))).toEqual(new Set(['late']));
  const sum = graced.reduce((total, { amount_usd }) => total + nano(amount_usd), 0n);
  expect(sum).toBeGreaterThan(0n);
  expect(sum).toBeLessThanOrEqual(2n * nano(BUDGET_USD));
}
