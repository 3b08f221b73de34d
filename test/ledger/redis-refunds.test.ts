import { afterAll, beforeAll } from 'vitest';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { describeCorrections } from './correct-conformance.ts';
import type { LedgerUnderTest, TestClock } from './ledger-conformance.ts';
import { describeRefunds } from './refund-conformance.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

async function open(clock: TestClock): Promise<LedgerUnderTest> {
  const client = await connectRedis({
    ...{ url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000 },
    onFault: () => {},
  });
  return { ledger: createRedisLedger({ client, clock: () => clock.nowMs }), close: async () => client.disconnect() };
}

describeRefunds('Redis', open);
describeCorrections('Redis', open);
