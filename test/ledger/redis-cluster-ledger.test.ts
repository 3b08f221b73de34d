import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { LEDGER_TAGS } from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { describeLedger } from './ledger-conformance.ts';

let node: RedisServer;
beforeAll(async () => {
  node = await startRedisServer({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] });
  const bare = (await connect(node.url)) as Redis;
  await bare.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await bare.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  bare.disconnect();
});
afterAll(() => node?.stop());

const connect = (url: string) =>
  connectRedis({ url, commandTimeoutMs: 2_000, startTimeoutMs: 10_000, onFault: () => {} });

// Keys of different slots in one script are refused there, declared or not.
describeLedger('Redis Cluster', async (clock) => {
  const client = await connect(`redis+cluster://127.0.0.1:${node.port}`);
  await client.flushall();
  return { ledger: createRedisLedger({ client, clock: () => clock.nowMs }), close: async () => client.disconnect() };
});

test('every partition is on a slot of its own', async () => {
  const client = (await connect(node.url)) as Redis;
  const slots = await Promise.all(LEDGER_TAGS.map((tag) => client.cluster('KEYSLOT', tag)));
  client.disconnect();
  expect(new Set(slots).size).toBe(LEDGER_TAGS.length);
});
