import type { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { describeGrantLimit } from './grant-limit.ts';
import { describeLedgerBoundaries } from './ledger-boundaries.ts';
import { describeLedger, type LedgerUnderTest, type TestClock } from './ledger-conformance.ts';
import { describeLedgerProperty } from './ledger-property.ts';
import { describeLedgerRules } from './ledger-rules.ts';

let server: RedisServer;
let admin: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  admin = (await connect()) as Redis;
});
afterAll(async () => {
  admin?.disconnect();
  await server?.stop();
});

const connect = () =>
  connectRedis({ url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000, onFault: () => {} });

async function open(clock: TestClock): Promise<LedgerUnderTest> {
  await admin.flushall();
  const client = await connect();
  return { ledger: createRedisLedger({ client, clock: () => clock.nowMs }), close: async () => client.disconnect() };
}

describeLedger('Redis', open);
describeLedgerBoundaries('Redis', open);
describeLedgerRules('Redis', open);
describeLedgerProperty('Redis', open);
describeGrantLimit('Redis', open);
