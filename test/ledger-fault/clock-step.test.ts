// Goal: a clock that jumps never expires credit early, never brings it back to life, never charges twice; at worst new
// calls are refused until the clocks agree again.
// Method: the store's clock is a parameter. It steps by an hour, forward and back, between the transitions of an account.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { expectSoundBooks, START_MS } from '../ledger/ledger-conformance.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const HOUR_MS = 3_600_000;
const clock = { nowMs: START_MS };

let server: RedisServer;
let client: RedisClient;
let folder: string;
const opened: (() => void)[] = [];
beforeAll(async () => {
  server = await startRedisServer();
  client = await connectRedis({ url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000, onFault: () => {} });
  folder = mkdtempSync(join(tmpdir(), 'tollgate-clock-'));
});
afterAll(async () => {
  for (const close of opened) close();
  client.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const STORES: [string, () => Ledger][] = [
  ['Redis', () => createRedisLedger({ client, clock: () => clock.nowMs })],
  [
    'the embedded store',
    () => {
      const database = openDatabase({ path: join(folder, 'ledger.sqlite'), parts: [LEDGER_SCHEMA] });
      opened.push(() => database.close());
      return createSqliteLedger({ database, clock: () => clock.nowMs });
    },
  ],
];

describe.each(STORES)("the store's clock steps, on %s", (_name, open) => {
  let ledger: Ledger;
  let accountId: string;
  let count = 0;
  beforeAll(() => {
    ledger = open();
  });
  beforeEach(async () => {
    clock.nowMs = START_MS;
    count += 1;
    accountId = `acct_c${count}`;
    await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    const terms = { accountId, kind: 'paid', priority: 50, effectiveAtMs: START_MS } as const;
    await ledger.grant({ ...terms, grantId: 'grant_short', amountNanoUsd: 10n, expiresAtMs: START_MS + HOUR_MS / 2 });
    await ledger.grant({ ...terms, grantId: 'grant_long', amountNanoUsd: 100n, expiresAtMs: START_MS + 24 * HOUR_MS });
  });

  const common = () => ({ accountId, tokens: 1n, modelLabels: [], cells: [] });
  const hold = (holdId: string) => ledger.hold({ ...common(), holdId, amountNanoUsd: 20n, leaseMs: 120_000 });
  const settle = (holdId: string, amountNanoUsd: bigint) => ledger.settle({ ...common(), holdId, amountNanoUsd });
  const grant = async (grantId: string) =>
    (await ledger.readGrants(accountId)).find((each) => each.grantId === grantId);

  test('back by an hour: time stands still, and what expired stays so', async () => {
    clock.nowMs = START_MS + HOUR_MS / 2;
    expect((await ledger.tick({ accountId })).result).toBe('advanced');
    clock.nowMs = START_MS - HOUR_MS / 2;
    expect(await grant('grant_short')).toMatchObject({ remainingNanoUsd: 0n, expiredNanoUsd: 10n });
    // A proxy whose clock went back as well, and one whose clock is right.
    expect((await hold(makeHoldId(clock.nowMs, 1))).result).toBe('bad_time');
    const holdId = makeHoldId(START_MS + HOUR_MS / 2, 2);
    expect((await hold(holdId)).result).toBe('held');
    expect((await ledger.reclaim({ accountId, holdId })).result).toBe('early');
    expect((await settle(holdId, 5n)).result).toBe('settled');
    expect((await settle(holdId, 5n)).result).toBe('duplicate');
    await expectSoundBooks(ledger, accountId, clock.nowMs);
  });

  test('forward by an hour and back: a call under way is charged once, new ones wait for the clocks to agree', async () => {
    const holdId = makeHoldId(START_MS, 3);
    expect((await hold(holdId)).result).toBe('held');
    clock.nowMs = START_MS + HOUR_MS;
    expect((await hold(makeHoldId(START_MS, 4))).result).toBe('bad_time');
    expect((await ledger.reclaim({ accountId, holdId })).result).toBe('reclaimed');
    clock.nowMs = START_MS + 1_000;
    expect((await settle(holdId, 15n)).result).toBe('late');
    expect((await settle(holdId, 15n)).result).toBe('duplicate');
    // The account's time stays where it was, an hour ahead, until the clock has caught up.
    expect((await hold(makeHoldId(clock.nowMs, 5))).result).toBe('bad_time');
    clock.nowMs = START_MS + HOUR_MS + 1_000;
    expect((await hold(makeHoldId(clock.nowMs, 6))).result).toBe('held');
    // Of the short grant only what was not held had expired at the step; what came back of it expired then.
    expect(await grant('grant_short')).toMatchObject({ remainingNanoUsd: 0n, spentNanoUsd: 0n, expiredNanoUsd: 10n });
    expect(await ledger.readBalance(accountId)).toMatchObject({ chargedNanoUsd: 15n });
    await expectSoundBooks(ledger, accountId, clock.nowMs);
  });

  test('back and forth at every step: charged once each, never past the credit', async () => {
    let charged = 0n;
    for (let number = 10; number < 40; number += 1) {
      clock.nowMs = START_MS + [0, 20_000, -HOUR_MS, 25_000, -1][number % 5]!;
      const holdId = makeHoldId(START_MS + 10_000, number);
      const held = await hold(holdId);
      expect(['held', 'insufficient_credit']).toContain(held.result);
      if (held.result !== 'held') continue;
      clock.nowMs -= HOUR_MS;
      expect((await settle(holdId, 12n)).result).toBe('settled');
      clock.nowMs += HOUR_MS;
      expect((await settle(holdId, 12n)).result).toBe('duplicate');
      charged += 12n;
    }
    expect(charged).toBe(96n);
    expect(await ledger.readBalance(accountId)).toMatchObject({ chargedNanoUsd: charged, heldNanoUsd: 0n });
    await expectSoundBooks(ledger, accountId, clock.nowMs);
  });
});
