import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DirectoryUnavailable } from '../../src/directory/directory.ts';
import type { BatchRecord, StoredRegistry } from '../../src/directory/stored-registry.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisStored } from '../../src/store/redis/redis-stored.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteStored } from '../../src/store/sqlite/sqlite-stored.ts';
import { STORED_SCHEMA } from '../../src/store/sqlite/stored-schema.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const batch = (id: string, changes: Partial<BatchRecord> = {}): BatchRecord => ({
  id,
  accountId: 'acct_a',
  keyId: 'key_a',
  requestId: 'req_a',
  createdAtMs: 5,
  state: 'creating',
  items: 2,
  customIdsDigest: 'd',
  holds: [
    {
      holdId: `hold_${id}`,
      model: 'm',
      modelLabels: ['m', 'haiku'],
      amountNanoUsd: 9_007_199_254_740_991n,
      items: 2,
      promptBytes: 10,
      cells: [{ quotaId: 'quota_a', window: 'total', measure: 'usd' }],
    },
  ],
  ...changes,
});
const opened = (record: BatchRecord, upstreamId: string): BatchRecord & { upstreamId: string } => ({
  ...record,
  state: 'open',
  upstreamId,
});

function describeRegistry(name: string, openRegistry: () => Promise<StoredRegistry>): void {
  describe(`the registry of batches and files on ${name}`, () => {
    const claim = (registry: StoredRegistry, nowMs: number, limit = 10) =>
      registry.claimDueBatches({ nowMs, untilMs: nowMs + 100, limit });

    test('keeps a batch whole from its creation to its settlement', async () => {
      const registry = await openRegistry();
      await registry.addBatch(batch('batch_1'), 10);
      await registry.addBatch(batch('batch_1', { items: 99 }), 0);
      expect(await registry.findBatch('up_1')).toBeUndefined();
      expect(await registry.listBatches('acct_a', { limit: 5 })).toEqual({ entries: [], hasMore: false });

      const open = opened(batch('batch_1'), 'up_1');
      expect(await registry.openBatch(open, 20)).toBe('opened');
      expect(await registry.openBatch(open, 20)).toBe('opened');
      expect(await registry.findBatch('up_1')).toEqual(open);
      expect(await registry.listBatches('acct_a', { limit: 5 })).toEqual({ entries: ['up_1'], hasMore: false });
      expect(await registry.listBatches('acct_b', { limit: 5 })).toEqual({ entries: [], hasMore: false });

      const settled = { ...open, state: 'settled' as const };
      await registry.settleBatch(settled);
      expect(await registry.findBatch('up_1')).toEqual(settled);
      await registry.postponeBatch('batch_1', 1);
      expect(await claim(registry, 1_000)).toEqual([]);
      await registry.removeBatch(settled);
      expect(await registry.findBatch('up_1')).toBeUndefined();
      expect(await registry.openBatch(open, 1)).toBe('gone');
      expect((await registry.listBatches('acct_a', { limit: 5 }))?.entries).toEqual([]);
    });

    test('gives one upstream batch to one record, and lets a record have another', async () => {
      const registry = await openRegistry();
      for (const id of ['batch_1', 'batch_2']) await registry.addBatch(batch(id), 10);
      const adopted = { ...opened(batch('batch_1'), 'up_1'), isAdopted: true as const };
      expect(await registry.openBatch(adopted, 10)).toBe('opened');
      expect((await registry.listBatches('acct_a', { limit: 5 }))?.entries).toEqual([]);
      expect(await registry.openBatch(opened(batch('batch_2'), 'up_1'), 10)).toBe('taken');
      expect(await registry.openBatch(opened(batch('batch_1'), 'up_2'), 10)).toBe('opened');
      expect((await registry.listBatches('acct_a', { limit: 5 }))?.entries).toEqual(['up_2']);
      expect(await registry.findBatch('up_1')).toBeUndefined();
      expect(await registry.openBatch(opened(batch('batch_2'), 'up_1'), 10)).toBe('opened');
    });

    test('hands out what is due once, until the claim ends', async () => {
      const registry = await openRegistry();
      for (const [index, id] of ['batch_1', 'batch_2', 'batch_3'].entries()) {
        await registry.addBatch(batch(id), 10 * (index + 1));
      }
      expect(await claim(registry, 9)).toEqual([]);
      expect((await claim(registry, 25, 1)).map(({ id }) => id)).toEqual(['batch_1']);
      expect((await claim(registry, 25)).map(({ id }) => id)).toEqual(['batch_2']);
      expect((await claim(registry, 30)).map(({ id }) => id)).toEqual(['batch_3']);
      await registry.postponeBatch('batch_3', 40);
      await registry.postponeBatch('batch_gone', 40);
      expect((await claim(registry, 40)).map(({ id }) => id)).toEqual(['batch_3']);
      expect((await claim(registry, 125)).map(({ id }) => id)).toEqual(['batch_1', 'batch_2']);
    });

    test('pages through files, newest first, in both directions', async () => {
      const registry = await openRegistry();
      const ids = ['file_1', 'file_2', 'file_3', 'file_4', 'file_5'];
      for (const id of [...ids, 'file_1']) await registry.addFile('acct_a', id);
      await registry.addFile('acct_b', 'file_other');
      const page = (options: object) => registry.listFiles('acct_a', { limit: 2, ...options });
      expect(await page({})).toEqual({ entries: ['file_5', 'file_4'], hasMore: true });
      expect(await page({ afterId: 'file_4' })).toEqual({ entries: ['file_3', 'file_2'], hasMore: true });
      expect(await page({ afterId: 'file_2' })).toEqual({ entries: ['file_1'], hasMore: false });
      expect(await page({ beforeId: 'file_1' })).toEqual({ entries: ['file_3', 'file_2'], hasMore: true });
      expect(await page({ beforeId: 'file_4' })).toEqual({ entries: ['file_5'], hasMore: false });
      expect(await page({ afterId: 'file_other' })).toBeUndefined();
      expect(await page({ beforeId: 'file_other' })).toBeUndefined();
    });

    test('knows whose a file is', async () => {
      const registry = await openRegistry();
      await registry.addFile('acct_a', 'file_1');
      await registry.addFile('acct_a', 'file_2');
      expect(await registry.findForeignFile('acct_a', [])).toBeUndefined();
      expect(await registry.findForeignFile('acct_a', ['file_2', 'file_1'])).toBeUndefined();
      expect(await registry.findForeignFile('acct_a', ['file_1', 'file_x', 'file_y'])).toBe('file_x');
      expect(await registry.findForeignFile('acct_b', ['file_1'])).toBe('file_1');
      await registry.removeFile('acct_b', 'file_1');
      expect(await registry.findForeignFile('acct_a', ['file_1'])).toBeUndefined();
      await registry.removeFile('acct_a', 'file_1');
      expect(await registry.findForeignFile('acct_a', ['file_1'])).toBe('file_1');
    });
  });
}

describeRegistry('SQLite', async () => createSqliteStored(openDatabase({ path: ':memory:', parts: [STORED_SCHEMA] })));

let server: RedisServer;
let client: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  client = (await connectRedis({
    url: server.url,
    commandTimeoutMs: 2_000,
    startTimeoutMs: 5_000,
    onFault: () => {},
  })) as Redis;
});
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});
describeRegistry('Redis', async () => {
  await client.flushall();
  return createRedisStored(client);
});

test('a store that is gone is a fault, on SQLite and on Redis', async () => {
  const database = openDatabase({ path: ':memory:', parts: [STORED_SCHEMA] });
  const embedded = createSqliteStored(database);
  database.connection.exec('PRAGMA query_only = ON');
  await expect(embedded.addFile('acct_a', 'file_1')).rejects.toBeInstanceOf(DirectoryUnavailable);
  database.close();
  const lost = (await connectRedis({
    url: server.url,
    commandTimeoutMs: 500,
    startTimeoutMs: 5_000,
    onFault: () => {},
  })) as Redis;
  const stored = createRedisStored(lost);
  lost.disconnect();
  await expect(stored.findBatch('up_1')).rejects.toBeInstanceOf(DirectoryUnavailable);
});
