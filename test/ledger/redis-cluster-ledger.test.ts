import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { LEDGER_TAGS } from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { describeLedger } from './ledger-conformance.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const connect = (url = cluster.url) =>
  connectRedis({ url, commandTimeoutMs: 2_000, startTimeoutMs: 10_000, onFault: () => {} });

// Keys of different slots in one script are refused there, declared or not.
describeLedger('Redis Cluster', async (clock) => {
  await cluster.flush();
  const client = await connect();
  return { ledger: createRedisLedger({ client, clock: () => clock.nowMs }), close: async () => client.disconnect() };
});

test('every partition is on a slot of its own, and every primary serves some', async () => {
  const client = (await connect(cluster.primaries[0]?.url)) as Redis;
  const slots = await Promise.all(LEDGER_TAGS.map((tag) => client.cluster('KEYSLOT', tag)));
  client.disconnect();
  expect(new Set(slots).size).toBe(LEDGER_TAGS.length);
  const thirds = new Set(slots.map((slot) => Math.floor((slot * cluster.primaries.length) / 16_384)));
  expect(thirds.size).toBe(cluster.primaries.length);
});
