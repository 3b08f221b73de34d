import { readBatchRecord, writeBatchRecord } from '../../directory/batch-record.ts';
import type { StoredList, StoredPage, StoredRegistry } from '../../directory/stored-registry.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts } from './define-scripts.ts';
import { readWord } from './read-reply.ts';
import { createRedisDirectoryContext, type RedisDirectoryContext } from './redis-directory-context.ts';
import { storedKeys } from './redis-keys.ts';

const NOBODY = (): void => undefined;

/** The registry in Redis, for any number of processes. `client` stays the caller's to close. */
export function createRedisStored(client: RedisClient): StoredRegistry {
  defineScripts(client);
  const context = createRedisDirectoryContext(client, NOBODY);
  const { batches, byUpstreamId, due, ordinal, ofAccount } = storedKeys;
  const put = async (...args: [id: string, how: string, record: string, dueAt: string]): Promise<void> =>
    void (await context.run('tollgatePutBatch', [batches, due], args));
  return {
    addBatch: (record, dueAtMs) => put(record.id, 'new', writeBatchRecord(record), `${dueAtMs}`),
    async openBatch(record, dueAtMs) {
      const { id, accountId, upstreamId, isAdopted } = record;
      const keys = [batches, byUpstreamId, due, ofAccount('batches', accountId), ordinal];
      const args = [id, upstreamId, writeBatchRecord(record), `${dueAtMs}`, isAdopted ? '' : '1'];
      return readWord(await context.run('tollgateOpenBatch', keys, args), 0) as 'opened' | 'taken' | 'gone';
    },
    async findBatch(upstreamId) {
      const id = await context.ask((redis) => redis.hget(byUpstreamId, upstreamId));
      const text = id === null ? null : await context.ask((redis) => redis.hget(batches, id));
      return text === null ? undefined : readBatchRecord(text);
    },
    listBatches: (accountId, page) => listItems(context, ofAccount('batches', accountId), page),
    async claimDueBatches({ nowMs, untilMs, limit }) {
      const args = [`${nowMs}`, `${untilMs}`, `${limit}`];
      return (await context.run('tollgateClaimBatches', [batches, due], args)).map(readBatchRecord);
    },
    postponeBatch: (id, dueAtMs) => put(id, 'due', '', `${dueAtMs}`),
    settleBatch: (record) => put(record.id, 'settled', writeBatchRecord(record), ''),
    async removeBatch({ id, accountId, upstreamId = '' }) {
      const keys = [batches, byUpstreamId, due, ofAccount('batches', accountId)];
      await context.run('tollgateRemoveBatch', keys, [id, upstreamId]);
    },
    addFile: async (accountId, fileId) =>
      void (await context.run('tollgateAddFile', [ofAccount('files', accountId), ordinal], [fileId])),
    removeFile: async (accountId, fileId) =>
      void (await context.ask((redis) => redis.zrem(ofAccount('files', accountId), fileId))),
    async findForeignFile(accountId, fileIds) {
      if (fileIds.length === 0) return undefined;
      const scores = await context.ask((redis) => redis.zmscore(ofAccount('files', accountId), ...fileIds));
      return fileIds.find((_, index) => scores[index] === null);
    },
    listFiles: (accountId, page) => listItems(context, ofAccount('files', accountId), page),
  };
}

async function listItems(
  context: RedisDirectoryContext,
  key: string,
  { limit, afterId, beforeId }: StoredPage,
): Promise<StoredList<string> | undefined> {
  const cursor = afterId ?? beforeId;
  const score = cursor === undefined ? '+inf' : await context.ask((redis) => redis.zscore(key, cursor));
  if (score === null) return undefined;
  const rows = await context.ask((redis) =>
    beforeId === undefined
      ? redis.zrevrangebyscore(key, `(${score}`, '-inf', 'LIMIT', 0, limit + 1)
      : redis.zrangebyscore(key, `(${score}`, '+inf', 'LIMIT', 0, limit + 1),
  );
  const entries = rows.slice(0, limit);
  return { entries: beforeId === undefined ? entries : entries.reverse(), hasMore: rows.length > limit };
}
