import type { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import type { LedgerUnderTest, TestClock } from './ledger-conformance.ts';
import { describeReloads } from './reload-conformance.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

async function open(clock: TestClock): Promise<LedgerUnderTest> {
  const times = { commandTimeoutMs: 5_000, startTimeoutMs: 5_000 };
  const client = await connectRedis({ url: server.url, ...times, onFault: () => {} });
  await (client as Redis).flushall();
  return { ledger: createRedisLedger({ client, clock: () => clock.nowMs }), close: async () => client.disconnect() };
}

describeReloads('Redis', open);
