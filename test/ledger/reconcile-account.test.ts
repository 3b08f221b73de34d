import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFold, foldEntry, writeFold } from '../../src/ledger/journal-fold.ts';
import type { JournalSource } from '../../src/ledger/journal-source.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { reconcileAccount } from '../../src/ledger/reconcile-account.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/connect-redis.ts';
import { createRedisJournalSource } from '../../src/store/redis/redis-journal-source.ts';
import { ledgerKeys } from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { START_MS } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';

const DAY_MS = 86_400_000;
const accountId = 'acct_a';
let clock: { nowMs: number };

/** A history with something of everything: ten entries. */
async function live(ledger: Ledger): Promise<void> {
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  const term = { accountId, priority: 50, effectiveAtMs: START_MS, expiresAtMs: START_MS + 300 * DAY_MS };
  await ledger.grant({ ...term, grantId: 'grant_a', amountNanoUsd: 20n, kind: 'paid', models: ['opus'] });
  await ledger.grant({ ...term, grantId: 'grant_b', amountNanoUsd: 5n, kind: 'promotional' });
  await ledger.grant({ ...term, grantId: 'grant_c', amountNanoUsd: 5n, kind: 'paid' });
  await ledger.voidGrant({ accountId, grantId: 'grant_c' });
  const cells = [
    { quotaId: 'q1', window: 'day:x', measure: 'usd', limit: 99n, mode: 'hard', endsAtMs: START_MS + DAY_MS },
    { quotaId: 'q2', window: 'total', measure: 'requests', limit: 99n, mode: 'hard' },
  ] as const;
  const call = (number: number, amountNanoUsd: bigint) => ({
    ...{ accountId, holdId: makeHoldId(clock.nowMs, number), amountNanoUsd, tokens: 1n, modelLabels: ['opus'], cells },
  });
  await ledger.hold({ ...call(1, 8n), leaseMs: 60_000 });
  await ledger.settle(call(1, 7n));
  await ledger.hold({ ...call(2, 4n), leaseMs: 60_000 });
  await ledger.extend({ ...call(2, 4n), toNanoUsd: 6n, leaseMs: 600_000 });
  await ledger.extend({ ...call(2, 4n), toNanoUsd: 0n, leaseMs: 900_000 });
  const allocations = [
    { grantId: 'grant_b', amountNanoUsd: 5n },
    { grantId: 'grant_a', amountNanoUsd: 2n },
  ];
  const charge = { holdId: makeHoldId(START_MS, 1), allocations, debtNanoUsd: 0n, fallbackGrantIds: [] };
  const made = await ledger.refund({ accountId, refundId: 'refund_1', ...charge, amountNanoUsd: 3n });
  expect(made.result).toBe('refunded');
}

interface Subject {
  ledger: Ledger;
  journal: JournalSource;
}
const reconcile = async (subject: Subject) => {
  const found = await reconcileAccount(subject, accountId);
  if (found === undefined) throw new Error('no books');
  return found;
};

describe('reconciliation on SQLite', () => {
  let database: Database;
  let subject: Subject;
  beforeEach(async () => {
    clock = { nowMs: START_MS };
    database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
    const ledger = createSqliteLedger({ database, clock: () => clock.nowMs });
    subject = { ledger, journal: createSqliteJournalSource(database) };
    await live(ledger);
  });
  const alter = (sql: string) => database.connection.exec(sql);

  test('of sound books finds nothing, and changes nothing', async () => {
    const before = await subject.ledger.readBooks(accountId);
    expect(await reconcile(subject)).toEqual({
      ...{ accountId, sequence: 10, fromSequence: 0, entries: 10, driftNanoUsd: 0n },
      ...{ differences: [], truncated: false },
    });
    expect(await subject.ledger.readBooks(accountId)).toEqual(before);
    expect(await reconcileAccount(subject, 'acct_none')).toBeUndefined();
  });
  test('of an idle account does not wait for what is due', async () => {
    clock.nowMs += 400 * DAY_MS;
    expect((await reconcile(subject)).differences).toEqual([]);
  });
  test.each([
    ['UPDATE books SET spent = spent + 2, charged = charged + 2', 'account: chargedNanoUsd', 4n],
    ["UPDATE books SET status = 'frozen'", 'account: status', 0n],
    [
      "UPDATE credit_grant SET spent = spent + 1, remaining = remaining - 1 WHERE grant_id = 'grant_a'",
      'grant grant_a: spentNanoUsd',
      0n,
    ],
    ["UPDATE credit_grant SET models = NULL WHERE grant_id = 'grant_a'", 'grant grant_a: models', 0n],
    ["DELETE FROM credit_grant WHERE grant_id = 'grant_c'", 'grant grant_c', 0n],
    ['DELETE FROM hold', `hold ${makeHoldId(START_MS, 2)}`, 0n],
    ['UPDATE quota_cell SET used = used + 1', 'cell q2@total: used', 0n],
    ["DELETE FROM quota_cell WHERE window = 'day:x'", 'cell q1@day:x: used', 0n],
    ['DELETE FROM refund', 'refund refund_1', 0n],
    ['UPDATE refund SET amount = 4', 'refund refund_1: amountNanoUsd', 0n],
  ])('tells %s', async (sql, what, drift) => {
    alter(sql);
    const found = await reconcile(subject);
    expect(found.differences.map((difference) => difference.what)).toContain(what);
    expect(found.driftNanoUsd).toBe(drift);
  });
  test('tells an entry that was changed, one that is missing, and one at the end', async () => {
    alter("UPDATE journal SET amount = amount + 1 WHERE operation = 'settle'");
    expect((await reconcile(subject)).differences).toEqual([{ what: 'sum of charges', journal: '5', store: '4' }]);
    alter("UPDATE journal SET amount = amount - 1 WHERE operation = 'settle'");
    alter('DELETE FROM journal WHERE sequence = 10');
    expect((await reconcile(subject)).differences).toEqual([
      { what: 'journal entry after a sequence', journal: 'none', store: '10' },
    ]);
    alter('DELETE FROM journal WHERE sequence = 4');
    expect((await reconcile(subject)).differences).toEqual([
      { what: 'journal entry after a sequence', journal: '5', store: '4' },
    ]);
  });
  test('tells an entry that cannot be', async () => {
    alter(`UPDATE journal SET postings = replace(postings, '"2"', '"900"') WHERE operation = 'settle'`);
    const { differences } = await reconcile(subject);
    expect(differences[0]?.what).toBe('journal entry 7');
  });
  test('compares as of one entry while the account goes on', async () => {
    const busy: Subject = {
      journal: subject.journal,
      ledger: {
        ...subject.ledger,
        readJournal: async (id, options) => {
          const page = await subject.ledger.readJournal(id, options);
          await subject.ledger.grant({
            ...{ accountId, grantId: `grant_${page.length}`, amountNanoUsd: 1n, kind: 'paid', priority: 1 },
            ...{ effectiveAtMs: START_MS, expiresAtMs: START_MS + DAY_MS },
          });
          return page;
        },
      },
    };
    expect(await reconcile(busy)).toMatchObject({ sequence: 10, differences: [] });
    expect((await reconcile(subject)).sequence).toBe(11);
  });
});

describe('reconciliation on Redis', () => {
  let server: RedisServer;
  let client: RedisClient;
  let subject: Subject;
  beforeAll(async () => {
    server = await startRedisServer();
    const connection = { url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000 };
    client = await connectRedis({ ...connection, onFault: () => {} });
  });
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });
  beforeEach(async () => {
    clock = { nowMs: START_MS };
    await client.flushall();
    const ledger = createRedisLedger({ client, clock: () => clock.nowMs });
    subject = { ledger, journal: createRedisJournalSource(client) };
    await live(ledger);
  });
  const trim = async (through: number) => {
    const entries = await subject.ledger.readJournal(accountId, { afterSequence: 0, limit: 100 });
    const fold = createFold(accountId);
    for (const entry of entries.slice(0, through)) foldEntry(fold, entry);
    await subject.journal.markExported(accountId, through, START_MS);
    expect(await subject.journal.trim(accountId, through, writeFold(fold))).toBe(true);
  };

  test('of sound books finds nothing', async () => {
    expect(await reconcile(subject)).toMatchObject({ sequence: 10, entries: 10, differences: [], driftNanoUsd: 0n });
    expect(await reconcileAccount(subject, 'acct_none')).toBeUndefined();
  });
  test('goes on from the snapshot once entries are trimmed', async () => {
    await trim(6);
    expect(await reconcile(subject)).toMatchObject({ fromSequence: 6, entries: 4, differences: [] });
    await client.del(ledgerKeys.snapshot(accountId));
    expect((await reconcile(subject)).differences).toContainEqual({
      ...{ what: 'journal entry after a sequence', journal: '7', store: '1' },
    });
  });
  test('a trim in its midst does not look like a gap', async () => {
    let trimmed = false;
    const busy: Subject = {
      ledger: subject.ledger,
      journal: {
        ...subject.journal,
        readSnapshot: async (id) => {
          const snapshot = await subject.journal.readSnapshot(id);
          if (!trimmed) await trim(6);
          trimmed = true;
          return snapshot;
        },
      },
    };
    expect(await reconcile(busy)).toMatchObject({ fromSequence: 6, differences: [] });
  });
  test.each([
    ['account', 'spent', '9', 'account: spentNanoUsd'],
    ['liveGrants', 'grant_a', undefined, 'grant grant_a'],
    ['cells', 'q2@total', '7;1', 'cell q2@total: used'],
    ['refunds', 'hold|', '1', 'given back of '],
  ] as const)('tells a %s that was changed', async (name, field, value, what) => {
    const key = ledgerKeys[name](accountId);
    if (value === undefined) await client.hdel(key, field);
    else await client.hset(key, field, value);
    expect((await reconcile(subject)).differences.map((difference) => difference.what)).toContain(what);
  });
});
