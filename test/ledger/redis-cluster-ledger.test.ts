import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFold, foldEntry } from '../../src/ledger/journal-fold.ts';
import { reconcileAccount } from '../../src/ledger/reconcile-account.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisJournalSource } from '../../src/store/redis/redis-journal-source.ts';
import { LEDGER_TAGS } from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { createRedisRestorer } from '../../src/store/redis/redis-restorer.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { describeLedger, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { describeJoinedHistories } from './ledger-property.ts';
import { makeHoldId } from './make-hold-id.ts';
import { describeReloads } from './reload-conformance.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const connect = (url = cluster.url) =>
  connectRedis({ url, commandTimeoutMs: 2_000, startTimeoutMs: 10_000, onFault: () => {} });

// Keys of different slots in one script are refused there, declared or not.
const open = async (clock: TestClock): Promise<LedgerUnderTest> => {
  await cluster.flush();
  const client = await connect();
  return { ledger: createRedisLedger({ client, clock: () => clock.nowMs }), close: async () => client.disconnect() };
};
describeLedger('Redis Cluster', open);
describeReloads('Redis Cluster', open);
describeJoinedHistories('Redis Cluster', open, undefined, 30);

test('an account is restored', async () => {
  await cluster.flush();
  const client = await connect();
  const [accountId, holdId] = ['acct_a', makeHoldId(START_MS, 1)];
  const ledger = createRedisLedger({ client, clock: () => START_MS });
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 9n });
  const call = { accountId, holdId, amountNanoUsd: 4n, tokens: 1n, modelLabels: [], cells: [] };
  await ledger.hold({ ...call, leaseMs: 60_000 });
  await ledger.settle(call);
  await ledger.hold({ ...call, holdId: makeHoldId(START_MS, 2), leaseMs: 60_000 });
  const entries = await ledger.readJournal(accountId, { afterSequence: 0, limit: 10 });
  const fold = createFold(accountId);
  for (const entry of entries) foldEntry(fold, entry);
  await cluster.flush();
  const restored = await createRedisRestorer(client).restore({ fold, snapshot: undefined, entries }, 0);
  expect(restored).toBe('restored');
  const found = await reconcileAccount({ ledger, journal: createRedisJournalSource(client) }, accountId);
  expect(found).toMatchObject({ sequence: 4, differences: [] });
  expect(await ledger.settle(call)).toEqual({ result: 'duplicate' });
  client.disconnect();
});

test('every partition is on a slot of its own, and every primary serves some', async () => {
  const client = (await connect(cluster.primaries[0]?.url)) as Redis;
  const slots = await Promise.all(LEDGER_TAGS.map((tag) => client.cluster('KEYSLOT', tag)));
  client.disconnect();
  expect(new Set(slots).size).toBe(LEDGER_TAGS.length);
  const thirds = new Set(slots.map((slot) => Math.floor((slot * cluster.primaries.length) / 16_384)));
  expect(thirds.size).toBe(cluster.primaries.length);
});
