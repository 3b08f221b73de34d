// Goal: calls of one account that are made in one turn of the event loop get, together, what each would get alone.
// Method: a real Redis; what is sent to it is looked at on its way, since what Redis refuses together is sent one by one
// and would look the same.
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { ledgerKeys } from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { describeJoinedHistories } from './ledger-property.ts';
import { describeLedgerTurns } from './ledger-turns.ts';
import { makeHoldId } from './make-hold-id.ts';
import { type OpenLedger, useLedger } from './use-ledger.ts';

let server: RedisServer;
let admin: Redis;
/** The calls of each script for a turn that was sent since the last look, and 1 for each script of a call alone. */
let sent: number[] = [];
/** How many commands about holds were made since then. */
let made = 0;

beforeAll(async () => {
  server = await startRedisServer();
  admin = await connect();
});
afterAll(async () => {
  admin?.disconnect();
  await server?.stop();
});

const connect = async () =>
  (await connectRedis({ url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000, onFault: () => {} })) as Redis;

const open: OpenLedger = async (clock: TestClock): Promise<LedgerUnderTest> => {
  await admin.flushall();
  const client = await connect();
  watch(client);
  const ledger = countCommands(createRedisLedger({ client, clock: () => clock.nowMs }));
  return { ledger, close: async () => client.disconnect() };
};

function countCommands(ledger: Ledger): Ledger {
  const ABOUT_HOLDS = ['hold', 'extend', 'settle', 'release', 'reclaim', 'refund', 'correct'] as const;
  const counted = ABOUT_HOLDS.map((name) => {
    const run = ledger[name] as (command: unknown) => Promise<unknown>;
    return [
      name,
      (command: unknown) => {
        made += 1;
        return run(command);
      },
    ];
  });
  return { ...ledger, ...Object.fromEntries(counted) };
}

const WORDS = { hold: 10, settle: 9, release: 5 };

function watch(client: Redis): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    const [, keys, ...rest] = command.args.map(String);
    const [, , ...items] = /^eval/.test(command.name) ? rest.slice(Number(keys)) : [];
    let count = 0;
    for (let at = 0; (items[at] ?? '') in WORDS; at += WORDS[items[at] as keyof typeof WORDS]) count += 1;
    if (count > 0 || items[0]?.startsWith('hold_')) sent.push(Math.max(count, 1));
    return send(command, stream);
  };
}

function takeSent(): number[] {
  const taken = sent;
  [sent, made] = [[], 0];
  return taken;
}

/** What is refused together is sent again, one by one. */
function expectSentOnce(): void {
  const expected = made;
  expect(takeSent().reduce((sum, count) => sum + count, 0)).toBe(expected);
}

describeJoinedHistories('Redis', open, expectSentOnce);
describeLedgerTurns('Redis', open);

describe('calls of one turn', () => {
  const on = useLedger(open);
  const start = async (credit = 1_000n): Promise<void> => {
    await on.grant('grant_a', credit);
    takeSent();
  };

  test('go together, and one that is alone by its own script', async () => {
    await start();
    const replies = await Promise.all([on.hold(1, 400n), on.hold(2, 400n), on.hold(3, 400n)]);
    expect(replies.map(({ result }) => result)).toEqual(['held', 'held', 'insufficient_credit']);
    expect(takeSent()).toEqual([3]);
    await on.settle(1, 100n);
    expect(takeSent()).toEqual([1]);
  });

  test('see what those before them did to the same hold', async () => {
    await start();
    const replies = await Promise.all([
      on.hold(1, 400n),
      on.hold(1, 400n),
      on.settle(1, 500n),
      on.settle(1, 500n),
      on.settle(1, 501n),
      on.end('release', 1),
      on.end('release', 2),
      on.hold(2, 400n),
      on.settle(3, 10n),
      on.hold(3, 10n),
    ]);
    expect(replies.map(({ result }) => result)).toEqual([
      ...['held', 'exists', 'settled', 'duplicate', 'conflict', 'done', 'released', 'done', 'late', 'done'],
    ]);
    expect(takeSent()).toEqual([10]);
    expect(await on.pockets('grant_a')).toEqual([490n, 0n, 510n, 0n, 0n]);
    const entries = await on.ledger.readJournal(on.accountId, { afterSequence: 2, limit: 9 });
    expect(entries.map(({ operation, subjectId }) => [operation, subjectId])).toEqual([
      ['hold', on.id(1)],
      ['settle', on.id(1)],
      ['release', on.id(2)],
      ['late', on.id(3)],
    ]);
    // What is known of them afterwards is what was written.
    expect(await on.ledger.readHolds(on.accountId)).toEqual([]);
    expect((await on.settle(1, 500n)).result).toBe('duplicate');
    expect((await on.hold(2, 1n)).result).toBe('done');
    expect(await on.ledger.findDue(9)).toEqual({ holds: [], accounts: [] });
  });

  test('are thirty-two at most in one script, in the order of sending', async () => {
    await start(70n);
    const replies = await Promise.all(Array.from({ length: 75 }, (_, number) => on.hold(number, 1n)));
    expect(takeSent()).toEqual([32, 32, 11]);
    expect(replies.map((reply) => reply.result === 'held')).toEqual(replies.map((_, number) => number < 70));
    const sequences = replies.flatMap((reply) => ('balance' in reply ? [reply.balance.sequence] : []));
    expect(sequences).toEqual(sequences.map((_, index) => index + 3));
  });

  test('come before what is sent after them, and after what is sent before', async () => {
    await start();
    const [hold, extended, settled, released, balance, grants, holds] = await Promise.all([
      on.hold(1, 10n),
      on.extend(1, 30n),
      on.settle(1, 25n),
      on.end('release', 2),
      on.ledger.readBalance(on.accountId),
      on.ledger.readGrants(on.accountId),
      on.ledger.readHolds(on.accountId),
    ]);
    expect(hold.result).toBe('held');
    expect(extended).toMatchObject({ result: 'extended', amountNanoUsd: 30n });
    expect([settled.result, released.result]).toEqual(['settled', 'released']);
    expect([balance?.chargedNanoUsd, grants[0]?.spentNanoUsd, holds]).toEqual([25n, 25n, []]);
  });

  test('of several accounts go by account', async () => {
    await start();
    const { ledger } = on;
    const other = { accountId: 'acct_other', tokens: 0n, modelLabels: [], cells: [] };
    await ledger.openAccount({ accountId: 'acct_other', mode: 'postpaid', creditLimitNanoUsd: 5n });
    const holdOf = (number: number) =>
      ledger.hold({ ...other, holdId: on.id(number), amountNanoUsd: 3n, leaseMs: 60_000 });
    const replies = await Promise.all([on.hold(1, 3n), holdOf(1), on.hold(2, 3n), holdOf(2), on.settle(1, 2n)]);
    expect(replies.map(({ result }) => result)).toEqual(['held', 'held', 'held', 'insufficient_credit', 'settled']);
    expect(takeSent()).toEqual([3, 2]);
  });

  test('of an account that there is not are told so, each', async () => {
    const release = (holdId: string) => on.ledger.release({ accountId: 'acct_none', holdId });
    const replies = await Promise.all([release(on.id(1)), release(on.id(2))]);
    expect(replies).toEqual([{ result: 'no_account' }, { result: 'no_account' }]);
  });

  test('whose ids are of several hours are remembered each with its hour', async () => {
    await start();
    const HOUR_MS = 3_600_000;
    const ids = [START_MS, START_MS - 30_000, START_MS - HOUR_MS].map((timeMs) => makeHoldId(timeMs, 1));
    const { accountId } = on;
    const ends = [...ids, 'hold_unreadable'].map((holdId) => on.ledger.release({ accountId, holdId }));
    const results = (await Promise.all(ends)).map(({ result }) => result);
    expect(results).toEqual(['released', 'released', 'released', 'done']);
    expect(takeSent()).toEqual([4]);
    for (const [hour, number] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const) {
      const key = ledgerKeys.endedHolds(accountId, START_MS - hour * HOUR_MS);
      expect(await admin.hlen(key)).toBe(number);
      if (number === 0) continue;
      const life = await admin.pttl(key);
      expect(life).toBeGreaterThan((73 - hour) * HOUR_MS - 5_000);
      expect(life).toBeLessThanOrEqual((73 - hour) * HOUR_MS);
    }
    expect(await admin.exists(ledgerKeys.endedHolds(accountId, 0))).toBe(0);
    const again = await Promise.all(ids.map((holdId) => on.ledger.release({ accountId, holdId })));
    expect(again.map(({ result }) => result)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  });

  test('leave a cell its end, which the hold alone knows', async () => {
    await start();
    const cell = { quotaId: 'q', window: 'w', measure: 'usd' } as const;
    const cells = [{ ...cell, limit: 50n, mode: 'hard', endsAtMs: START_MS + 5 } as const];
    const replies = await Promise.all([
      on.hold(1, 30n, { cells }),
      on.settle(1, 20n, { cells: [cell] as never }),
      on.hold(2, 30n, { cells }),
      on.hold(3, 1n, { cells }),
    ]);
    expect(replies.map(({ result }) => result)).toEqual(['held', 'settled', 'held', 'quota_exceeded']);
    expect(replies[2]).toMatchObject({ cells: [{ quotaId: 'q', used: 20n, held: 30n }] });
    expect(takeSent()).toEqual([4]);
    const ends = await admin.zrange(ledgerKeys.cellEnds(on.accountId), '0', '-1', 'WITHSCORES');
    expect(ends).toEqual(['q@w', `${START_MS + 5 + 40 * 86_400_000}`]);
  });

  test('begin with what is due by time, once', async () => {
    await on.grant('grant_a', 10n, { expiresAtMs: START_MS + 5 });
    await on.grant('grant_b', 10n);
    takeSent();
    on.clock.nowMs += 5;
    const replies = await Promise.all([on.hold(1, 11n), on.hold(2, 10n), on.end('release', 2)]);
    expect(replies.map(({ result }) => result)).toEqual(['insufficient_credit', 'held', 'released']);
    expect(takeSent()).toEqual([3]);
    const entries = await on.ledger.readJournal(on.accountId, { afterSequence: 3, limit: 9 });
    expect(entries.map(({ operation, sequence }) => [sequence, operation])).toEqual([
      [4, 'tick'],
      [5, 'hold'],
      [6, 'release'],
    ]);
    expect(await on.pockets('grant_a')).toEqual([0n, 0n, 0n, 10n, 0n]);
  });

  test('go by the clock of the server, one instant for all of them', async () => {
    await start();
    const ledger: Ledger = createRedisLedger({ client: admin });
    const { accountId } = on;
    const nowMs = Date.now();
    const ids = [1, 2, 3].map((number) => makeHoldId(nowMs, number));
    await Promise.all(ids.map((holdId) => ledger.release({ accountId, holdId })));
    const entries = await ledger.readJournal(accountId, { afterSequence: 2, limit: 9 });
    expect(new Set(entries.map(({ atMs }) => atMs)).size).toBe(1);
    expect(Math.abs((entries[0]?.atMs ?? 0) - nowMs)).toBeLessThan(60_000);
    on.clock.nowMs = entries[0]?.atMs ?? 0;
  });
});
