import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { acknowledgeWrites } from '../../src/store/redis/acknowledge-writes.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { sendRedisLine } from '../support/redis-ping.ts';
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';
import { describeLedger, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { describeLedgerProperty } from './ledger-property.ts';

/** The rules are those of one Redis, which has them all; here it is the way there that is looked at. */
const RUNS = 30;

let sentinel: RedisSentinel;
beforeAll(async () => {
  sentinel = await startRedisSentinel();
});
afterAll(() => sentinel?.[Symbol.asyncDispose]());

const connect = (sendsAgain = true) =>
  connectRedis({
    url: sentinel.url,
    commandTimeoutMs: 5_000,
    startTimeoutMs: 10_000,
    sendsAgain,
    onFault: () => undefined,
  });

async function open(clock: TestClock): Promise<LedgerUnderTest> {
  await sendRedisLine((await sentinel.findPrimary()).socketPath, 'FLUSHALL');
  return openAsLeft(clock);
}

/** With administrative writes as the program makes them: each waits for a replica. */
async function openAsLeft(clock?: TestClock): Promise<LedgerUnderTest> {
  const [client, waiting] = await Promise.all([connect(), connect(false)]);
  const options = clock === undefined ? {} : { clock: () => clock.nowMs };
  const writes = createRedisLedger({ client: waiting, ...options });
  const acknowledgement = { client: waiting, writes, replicas: 1, timeoutMs: 5_000 };
  return {
    ledger: acknowledgeWrites(createRedisLedger({ client, ...options }), acknowledgement),
    async close() {
      client.disconnect();
      waiting.disconnect();
    },
  };
}

describeLedger('Redis with Sentinel', open);
describeLedgerProperty('Redis with Sentinel', open, RUNS);

// The last one: afterwards a server is gone.
test('the sentinels tell of a fail-over: nobody waits until the old primary refuses writes', async () => {
  const listeners = async (socketPath: string): Promise<number> =>
    (await sendRedisLine(socketPath, 'CLIENT LIST')).split(' sub=1 ').length - 1;
  const sum = async (): Promise<number> =>
    (await Promise.all(sentinel.sentinelSockets.map(listeners))).reduce((total, count) => total + count, 0);
  const before = await sum();
  const client = await connect();
  onTestFinished(() => client.disconnect());
  await until(async () => (await sum()) > before, { what: 'it listens to a sentinel' });
});

test('grants that were acknowledged survive a fail-over, every one', { timeout: 90_000 }, async () => {
  const { ledger, close } = await openAsLeft();
  onTestFinished(close);
  const accountId = createId('acct', Date.now());
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  const acknowledged: string[] = [];
  let stopped = false;
  let failures = 0;
  const grantOn = async (): Promise<void> => {
    while (!stopped) {
      const grantId = createId('grant', Date.now());
      const terms = { amountNanoUsd: 1_000n, kind: 'paid', priority: 50 } as const;
      const life = { effectiveAtMs: START_MS, expiresAtMs: Date.now() + 86_400_000 };
      const reply = await ledger.grant({ accountId, grantId, ...terms, ...life }).catch(() => undefined);
      if (reply?.result === 'granted') acknowledged.push(grantId);
      else failures += 1;
      // A refusal at once must not starve what would end it.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const lanes = Promise.all([grantOn(), grantOn(), grantOn()]);
  await until(() => acknowledged.length >= 100, { what: 'some are acknowledged' });
  await (await sentinel.findPrimary()).kill();
  const before = acknowledged.length;
  await until(() => acknowledged.length >= before + 50, { what: 'more are, after it', timeoutMs: 30_000 });
  stopped = true;
  await lanes;
  expect(failures).toBeGreaterThan(0);
  // The connection that reads may be found later than the one that writes.
  const grants = await until(() => ledger.readGrants(accountId));
  const present = new Set(grants.map(({ grantId }) => grantId));
  expect(acknowledged.filter((grantId) => !present.has(grantId))).toEqual([]);
});
