import { describe, expect, test } from 'vitest';
import { createId } from '../../../src/directory/create-id.ts';
import { LEDGER_TAGS, ledgerKeys, ledgerScriptKeys, ledgerTag } from '../../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { expectSoundBooks } from '../../ledger/ledger-conformance.ts';
import { HOUR_MS, useRedisLedger } from './use-redis-ledger.ts';

const on = useRedisLedger();

describe('without a clock of its own', () => {
  test("the server's time counts: an id of now holds, one a minute off does not", async () => {
    expect((await on.ledger.hold(on.holdOf())).result).toBe('held');
    const early = createId('hold', Date.now() - 60_000);
    expect((await on.ledger.hold(on.holdOf({ holdId: early }))).result).toBe('bad_time');
    const [opened] = await on.ledger.readJournal(on.accountId, { afterSequence: 0, limit: 1 });
    expect(Math.abs((opened?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect((await on.ledger.findDue(10)).holds).toEqual([]);
  });

  test('an entry is of the very millisecond, and a lease of nothing is due in it', async () => {
    const serverMs = async () => {
      const [seconds, micros] = await on.admin.time();
      return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    };
    for (let number = 0; number < 10; number += 1) {
      const accountId = createId('acct', Date.now());
      const beforeMs = await serverMs();
      await on.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
      const afterMs = await serverMs();
      const [{ atMs = 0 } = {}] = await on.ledger.readJournal(accountId, { afterSequence: 0, limit: 1 });
      expect([beforeMs <= atMs, atMs <= afterMs]).toEqual([true, true]);
    }
    const due = on.holdOf({ leaseMs: 0 });
    await on.ledger.hold(due);
    await on.ledger.hold(on.holdOf({ leaseMs: HOUR_MS }));
    expect((await on.ledger.findDue(10)).holds).toEqual([{ accountId: on.accountId, holdId: due.holdId }]);
  });
});

describe('keys', () => {
  test('of an account are on one slot and are the declared ones', async () => {
    const cells = [
      { quotaId: 'q', window: 'w', measure: 'usd', limit: 9n, mode: 'soft', endsAtMs: Date.now() } as const,
    ];
    const command = on.holdOf({ cells });
    await on.ledger.hold(command);
    await on.ledger.hold(on.holdOf());
    await on.ledger.settle({ ...on.settleOf(command.holdId, 3n), cells });
    const declared = ledgerScriptKeys(on.accountId, Date.now());
    const written = await on.admin.keys('*');
    expect(written.sort()).toEqual(written.filter((key) => declared.includes(key)).sort());
    for (const key of written) expect(key.startsWith(ledgerTag(on.accountId))).toBe(true);
  });

  test('that hold money have no life, those of ended holds 72 hours after their hour', async () => {
    const command = on.holdOf();
    await on.ledger.hold(command);
    await on.ledger.release({ accountId: on.accountId, holdId: command.holdId });
    const ended = ledgerKeys.endedHolds(on.accountId, Date.now());
    for (const key of await on.admin.keys('*'))
      if (key !== ended) expect([key, await on.admin.pttl(key)]).toEqual([key, -1]);
    const life = await on.admin.pttl(ended);
    expect(life).toBeGreaterThan(72 * HOUR_MS - 60_000);
    expect(life).toBeLessThanOrEqual(73 * HOUR_MS);
  });

  test('spread over all partitions', () => {
    const tags = new Set(Array.from({ length: 2_000 }, () => ledgerTag(createId('acct', Date.now()))));
    expect([...tags].sort()).toEqual([...LEDGER_TAGS]);
  });

  test('never move: an account is found in the partition it has always had', () => {
    // FNV-1a of these texts is published: 811c9dc5, e40c292c, bf9cf968; the partition is its last six bits.
    expect(ledgerTag('')).toBe('{tg:05}');
    expect(ledgerTag('a')).toBe('{tg:44}');
    expect(ledgerTag('foobar')).toBe('{tg:40}');
  });
});

describe('what is due', () => {
  test('is found over all partitions and bounded', async () => {
    const clock = { nowMs: Date.now() };
    const timed = createRedisLedger({ client: on.admin, clock: () => clock.nowMs });
    for (let index = 0; index < 20; index += 1) {
      on.accountId = createId('acct', Date.now());
      await timed.openAccount({ accountId: on.accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
      await on.grant(100n, timed);
      await timed.hold(on.holdOf({ holdId: createId('hold', clock.nowMs) }));
    }
    clock.nowMs += 25 * HOUR_MS;
    const due = await timed.findDue(1_000);
    expect(due.holds).toHaveLength(20);
    expect(due.accounts).toHaveLength(21);
    expect((await timed.findDue(7)).holds).toHaveLength(7);
    for (const hold of due.holds) expect((await timed.reclaim(hold)).result).toBe('reclaimed');
    for (const account of due.accounts) await timed.tick({ accountId: account });
    expect(await timed.findDue(1_000)).toEqual({ holds: [], accounts: [] });
  });
});

describe('old quota cells', () => {
  test('go 40 days after their window, unless a call is still in them', async () => {
    const clock = { nowMs: Date.now() };
    const timed = createRedisLedger({ client: on.admin, clock: () => clock.nowMs });
    await timed.grant({
      accountId: on.accountId,
      grantId: 'grant_long',
      amountNanoUsd: 1_000n,
      kind: 'paid',
      priority: 50,
      effectiveAtMs: 0,
      expiresAtMs: clock.nowMs + 1_000 * 24 * HOUR_MS,
    });
    const cellsOf = (quotaId: string) => [
      {
        quotaId,
        window: `hour:${clock.nowMs}`,
        measure: 'usd',
        limit: 99n,
        mode: 'hard',
        endsAtMs: clock.nowMs + HOUR_MS,
      } as const,
    ];
    const finished = on.holdOf({ cells: cellsOf('quota_finished') });
    await timed.hold(finished);
    await timed.settle({ ...on.settleOf(finished.holdId, 5n), cells: finished.cells });
    const running = on.holdOf({ cells: cellsOf('quota_running') });
    await timed.hold(running);

    const visit = (quotaId: string) =>
      timed.hold(on.holdOf({ holdId: createId('hold', clock.nowMs), cells: cellsOf(quotaId) }));
    clock.nowMs += 40 * 24 * HOUR_MS;
    await visit('quota_early');
    expect(await timed.readCells(on.accountId, finished.cells)).toEqual([{ used: 5n, held: 0n }]);
    clock.nowMs += HOUR_MS;
    await visit('quota_next');
    expect(await timed.readCells(on.accountId, finished.cells)).toEqual([{ used: 0n, held: 0n }]);
    expect(await timed.readCells(on.accountId, running.cells)).toEqual([{ used: 0n, held: 10n }]);
    expect(await on.admin.hlen(ledgerKeys.cells(on.accountId))).toBe(3);
    expect(await on.admin.zcard(ledgerKeys.cellEnds(on.accountId))).toBe(3);
    expect((await timed.release({ accountId: on.accountId, holdId: running.holdId })).result).toBe('released');
    expect((await timed.readHolds(on.accountId)).length).toBe(2);
    // One that was in use when its time came is looked at again as long after that.
    clock.nowMs += 40 * 24 * HOUR_MS - 1;
    await visit('quota_later');
    expect(await on.admin.hexists(ledgerKeys.cells(on.accountId), `quota_running@${running.cells[0]?.window}`)).toBe(1);
    clock.nowMs += 1;
    await visit('quota_last');
    expect(await on.admin.hexists(ledgerKeys.cells(on.accountId), `quota_running@${running.cells[0]?.window}`)).toBe(0);
  });
});

test('many live grants: the thousand-and-first is refused, one hold may span them all, and all come back', async () => {
  await on.admin.flushall();
  await on.ledger.openAccount({ accountId: on.accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  for (let index = 0; index < 1_000; index += 1) await on.grant(1n, on.ledger, `grant_${index}`);
  expect(await on.grant(1n)).toEqual({ result: 'out_of_range', what: 'grants' });
  const command = on.holdOf({ amountNanoUsd: 1_000n });
  expect(await on.ledger.hold(command)).toMatchObject({ result: 'held', balance: { availableNanoUsd: 0n } });
  expect((await on.ledger.settle(on.settleOf(command.holdId, 999n))).result).toBe('settled');
  expect(await on.balance()).toMatchObject({ availableNanoUsd: 1n, spentNanoUsd: 999n });
  expect((await on.grant(1n)).result).toBe('granted');
  await expectSoundBooks(on.ledger, on.accountId, Date.now());
});
