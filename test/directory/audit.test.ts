import { afterAll, beforeAll } from 'vitest';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisAudit } from '../../src/store/redis/redis-audit.ts';
import { AUDIT_SCHEMA } from '../../src/store/sqlite/audit-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteAudit } from '../../src/store/sqlite/sqlite-audit.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { describeAudit } from './audit-conformance.ts';

describeAudit('SQLite', async (bounds) => {
  const database = openDatabase({ path: ':memory:', parts: [AUDIT_SCHEMA] });
  return { audit: createSqliteAudit(database, bounds), close: async () => database.close() };
});

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

describeAudit('Redis', async (bounds) => {
  const connection = { url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000 };
  const client = await connectRedis({ ...connection, onFault: () => {} });
  await client.flushall();
  return { audit: createRedisAudit(client, bounds), close: async () => client.disconnect() };
});
