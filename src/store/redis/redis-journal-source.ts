import type { JournalSource } from '../../ledger/journal-source.ts';
import type { RedisClient } from './connect-redis.ts';
import { EXPORT_LEASE_KEY, LEDGER_TAGS, ledgerKeys, ledgerTag } from './redis-keys.ts';
import { createRedisLedgerContext, type RedisLedgerContext } from './redis-ledger-context.ts';

/** The journal in Redis for an exporter. `client` stays the caller's to close. */
export function createRedisJournalSource(client: RedisClient): JournalSource {
  const context = createRedisLedgerContext(client);
  const { run, ask } = context;
  const nothing = (): void => undefined;
  return {
    claim: (owner, leaseMs) =>
      run('tollgateClaimExport', [EXPORT_LEASE_KEY], [owner, `${leaseMs}`], ([word]) => word === 'yours'),
    unclaim: (owner) => run('tollgateReleaseExport', [EXPORT_LEASE_KEY], [owner], nothing),
    findUnexported: async (limit) => {
      const found = await findOverAll(context, ledgerKeys.unexported, '+inf', limit);
      return { accounts: found.map(({ accountId }) => accountId), oldestAtMs: found[0]?.atMs };
    },
    readExportState: async (accountId) => {
      const tag = ledgerTag(accountId);
      const number = (text: string | null): number => Number(text ?? 0);
      const [exported, trimmed, sequence] = await Promise.all([
        ask((each) => each.hget(ledgerKeys.exported(tag), accountId), number),
        ask((each) => each.hget(ledgerKeys.trimmed(tag), accountId), number),
        ask((each) => each.hget(ledgerKeys.account(accountId), 'sequence'), number),
      ]);
      return { exported, trimmed, sequence };
    },
    readSinkCursor: (sink, accountId) =>
      ask(
        (each) => each.hget(ledgerKeys.exportedTo(ledgerTag(accountId)), `${sink}|${accountId}`),
        (text) => (text === null ? undefined : Number(text)),
      ),
    writeSinkCursor: (sink, accountId, sequence) =>
      ask((each) => each.hset(ledgerKeys.exportedTo(ledgerTag(accountId)), `${sink}|${accountId}`, sequence), nothing),
    markExported: (accountId, sequence, firstAtMs) => {
      const tag = ledgerTag(accountId);
      const tagged = [ledgerKeys.exported(tag), ledgerKeys.unexported(tag), ledgerKeys.trimDue(tag)];
      const args = [accountId, `${sequence}`, `${firstAtMs}`];
      return run('tollgateMarkExported', [ledgerKeys.account(accountId), ...tagged], args, nothing);
    },
    restartExport: async (accountId) => {
      const tag = ledgerTag(accountId);
      const trimmed = await ask(
        (each) => each.hget(ledgerKeys.trimmed(tag), accountId),
        (text) => text ?? '0',
      );
      await ask((each) => each.hset(ledgerKeys.exported(tag), accountId, trimmed), nothing);
    },
    ...createTrimming(context),
  };
}

type Trimming = Pick<JournalSource, 'findTrimmable' | 'readSnapshot' | 'trim' | 'scheduleTrim'>;

function createTrimming(context: RedisLedgerContext): Trimming {
  const { run, ask } = context;
  return {
    findTrimmable: async (beforeMs, limit) => {
      const found = await findOverAll(context, ledgerKeys.trimDue, `(${beforeMs}`, limit);
      return found.map(({ accountId }) => accountId);
    },
    readSnapshot: (accountId) =>
      ask(
        (each) => each.get(ledgerKeys.snapshot(accountId)),
        (text) => text ?? undefined,
      ),
    trim: (accountId, throughSequence, snapshot) => {
      const tag = ledgerTag(accountId);
      const tagged = [ledgerKeys.exported(tag), ledgerKeys.trimmed(tag), ledgerKeys.snapshot(accountId)];
      const args = [accountId, `${throughSequence}`, snapshot, `${throughSequence + 1}-0`];
      const keys = [ledgerKeys.journal(accountId), ...tagged];
      return run('tollgateTrimJournal', keys, args, ([word]) => word === 'trimmed');
    },
    scheduleTrim: async (accountId, oldestAtMs) => {
      const key = ledgerKeys.trimDue(ledgerTag(accountId));
      await ask(
        (each) => (oldestAtMs === undefined ? each.zrem(key, accountId) : each.zadd(key, oldestAtMs, accountId)),
        () => undefined,
      );
    },
  };
}

/** The members of a sorted set of every partition, lowest score first over all. */
async function findOverAll(
  { ask }: RedisLedgerContext,
  keyOf: (tag: string) => string,
  upTo: string,
  limit: number,
): Promise<{ accountId: string; atMs: number }[]> {
  const found = await Promise.all(
    LEDGER_TAGS.map((tag) =>
      ask((client) => client.zrangebyscore(keyOf(tag), '-inf', upTo, 'WITHSCORES', 'LIMIT', 0, limit), readScored),
    ),
  );
  return found
    .flat()
    .sort((left, right) => left.atMs - right.atMs)
    .slice(0, limit);
}

function readScored(words: readonly string[]): { accountId: string; atMs: number }[] {
  return Array.from({ length: words.length / 2 }, (_, index) => ({
    accountId: words[2 * index] ?? '',
    atMs: Number(words[2 * index + 1]),
  }));
}
