import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GrantCommand, HoldCommand, Ledger, QuotaCell, SettleCommand } from '../../src/ledger/ledger.ts';
import { expectSoundBooks, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';

const MAX = 2n ** 53n - 1n;
const DAY_MS = 86_400_000;

/** The edges of every rule: the last value allowed, the first refused, and what exactly the journal says. */
export function describeLedgerBoundaries(name: string, open: (clock: TestClock) => Promise<LedgerUnderTest>): void {
  describe(`boundaries of the ledger on ${name}`, () => {
    const accountId = 'acct_edge';
    let clock: TestClock;
    let ledger: Ledger;
    let close: () => Promise<void>;
    beforeEach(async () => {
      clock = { nowMs: START_MS };
      ({ ledger, close } = await open(clock));
      expect(await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n })).toEqual({
        result: 'opened',
      });
    });
    afterEach(async () => {
      await expectSoundBooks(ledger, accountId, clock.nowMs);
      await close();
    });

    const termsOf = (grantId: string, amountNanoUsd: bigint, terms: Partial<GrantCommand> = {}): GrantCommand => ({
      accountId,
      grantId,
      amountNanoUsd,
      kind: 'paid',
      priority: 50,
      effectiveAtMs: START_MS,
      expiresAtMs: START_MS + DAY_MS,
      ...terms,
    });
    const grantOf = async (grantId: string, amountNanoUsd: bigint, terms: Partial<GrantCommand> = {}) =>
      (await ledger.grant(termsOf(grantId, amountNanoUsd, terms))).result;
    const id = (number: number) => makeHoldId(START_MS, number);
    const common = { accountId, tokens: 100n, modelLabels: ['claude-opus-5-5', 'opus'], cells: [] };
    const holdOf = (number: number, amountNanoUsd: bigint, terms: Partial<HoldCommand> = {}) =>
      ledger.hold({ ...common, holdId: id(number), amountNanoUsd, leaseMs: 60_000, ...terms });
    const settleOf = (number: number, amountNanoUsd: bigint, terms: Partial<SettleCommand> = {}) =>
      ledger.settle({ ...common, holdId: id(number), amountNanoUsd, ...terms });
    const extendTo = (number: number, toNanoUsd: bigint, cells: QuotaCell[] = []) =>
      ledger.extend({ accountId, holdId: id(number), toNanoUsd, leaseMs: 60_000, modelLabels: ['opus'], cells });
    const cell = (quotaId: string, limit: bigint, terms: Partial<QuotaCell> = {}): QuotaCell => ({
      quotaId,
      window: 'day:2026-11-20',
      measure: 'usd',
      limit,
      mode: 'hard',
      ...terms,
    });
    const cellsOf = (cells: QuotaCell[]) => ledger.readCells(accountId, cells);
    const spentOf = async (...grantIds: string[]) => {
      const grants = await ledger.readGrants(accountId);
      return grantIds.map((grantId) => grants.find((grant) => grant.grantId === grantId)?.spentNanoUsd);
    };

    test('the journal says what each operation was about', async () => {
      const details = { note: 'why' };
      await grantOf('grant_a', 100n, { models: ['opus'], details });
      await ledger.setPolicy({ accountId, status: 'frozen' });
      await ledger.setPolicy({ accountId, status: 'open', mode: 'postpaid', creditLimitNanoUsd: 5n });
      for (const number of [1, 2, 3]) await holdOf(number, 10n);
      await extendTo(1, 12n);
      // As text or not, they are the same.
      await settleOf(1, 11n, { details: JSON.stringify(details) });
      await ledger.release({ accountId, holdId: id(2), details: JSON.stringify(details) });
      clock.nowMs += 60_000;
      await ledger.reclaim({ accountId, holdId: id(3), details });
      await settleOf(3, 4n, { details });
      await ledger.voidGrant({ accountId, grantId: 'grant_a', details });
      await ledger.closeAccount({ accountId });
      const policy = { status: 'open', mode: 'prepaid', creditLimitNanoUsd: '0' };
      const postpaid = { status: 'open', mode: 'postpaid', creditLimitNanoUsd: '5' };
      const entries = await ledger.readJournal(accountId, { afterSequence: 0, limit: 100 });
      const told = entries.map(({ operation, subjectId, amountNanoUsd, terms, details }) => ({
        operation,
        subjectId,
        amountNanoUsd,
        ...(terms === undefined ? {} : { terms }),
        ...(details === undefined ? {} : { details }),
      }));
      expect(told).toEqual([
        { operation: 'open', subjectId: accountId, amountNanoUsd: 0n, terms: policy },
        {
          operation: 'grant',
          subjectId: 'grant_a',
          amountNanoUsd: 100n,
          terms: {
            ordinal: 1,
            kind: 'paid',
            priority: 50,
            effectiveAtMs: START_MS,
            expiresAtMs: START_MS + DAY_MS,
            models: ['opus'],
          },
          details,
        },
        { operation: 'policy', subjectId: accountId, amountNanoUsd: 0n, terms: { ...policy, status: 'frozen' } },
        { operation: 'policy', subjectId: accountId, amountNanoUsd: 0n, terms: postpaid },
        ...[1, 2, 3].map((number) => ({
          operation: 'hold',
          subjectId: id(number),
          amountNanoUsd: 10n,
          terms: { deadlineMs: START_MS + 60_000 },
        })),
        { operation: 'extend', subjectId: id(1), amountNanoUsd: 2n },
        { operation: 'settle', subjectId: id(1), amountNanoUsd: 11n, details },
        { operation: 'release', subjectId: id(2), amountNanoUsd: 10n, details },
        { operation: 'reclaim', subjectId: id(3), amountNanoUsd: 10n, details },
        { operation: 'late', subjectId: id(3), amountNanoUsd: 4n, details },
        { operation: 'void', subjectId: 'grant_a', amountNanoUsd: 85n, details },
        { operation: 'close', subjectId: accountId, amountNanoUsd: 0n, terms: { ...postpaid, status: 'closed' } },
      ]);
    });

    test('expiry that no other operation notes is noted as a tick of the account', async () => {
      await grantOf('grant_a', 5n, { expiresAtMs: START_MS + 10 });
      clock.nowMs += 10;
      expect((await holdOf(1, 1n)).result).toBe('insufficient_credit');
      const [entry] = await ledger.readJournal(accountId, { afterSequence: 2, limit: 9 });
      expect(entry).toMatchObject({ operation: 'tick', subjectId: accountId, amountNanoUsd: 0n });
    });

    test('an account without books is none for any operation', async () => {
      const other = { accountId: 'acct_none' };
      const holdCommon = { ...common, ...other, holdId: id(1) };
      expect(await ledger.setPolicy({ ...other, status: 'frozen' })).toEqual({ result: 'no_account' });
      expect(await ledger.grant({ ...termsOf('grant_a', 1n), ...other })).toEqual({ result: 'no_account' });
      expect(await ledger.voidGrant({ ...other, grantId: 'grant_a' })).toEqual({ result: 'no_account' });
      const extend = { ...holdCommon, toNanoUsd: 1n, leaseMs: 1 };
      expect(await ledger.extend(extend)).toEqual({ result: 'no_account' });
      expect(await ledger.readGrants('acct_none')).toEqual([]);
      expect(await ledger.readHolds('acct_none')).toEqual([]);
      expect(await ledger.readBooks('acct_none')).toBeUndefined();
    });

    test('each part of a policy is set alone, and alone makes a change', async () => {
      expect(await ledger.setPolicy({ accountId, mode: 'postpaid' })).toEqual({ result: 'set' });
      expect(await ledger.setPolicy({ accountId, creditLimitNanoUsd: 7n })).toEqual({ result: 'set' });
      expect(await ledger.setPolicy({ accountId, mode: 'postpaid', creditLimitNanoUsd: 7n })).toEqual({
        result: 'unchanged',
      });
      expect(await ledger.readBalance(accountId)).toMatchObject({
        status: 'open',
        mode: 'postpaid',
        creditLimitNanoUsd: 7n,
        sequence: 3,
      });
    });

    describe('grants', () => {
      test.each([
        ['priority', { priority: 51 }],
        ['effect', { effectiveAtMs: START_MS - 1 }],
        ['expiry', { expiresAtMs: START_MS + DAY_MS + 1 }],
        ['models', { models: ['opus', 'haiku'] }],
        ['no models', { models: [] }],
        ['kind', { kind: 'promotional' }],
      ] as [string, Partial<GrantCommand>][])('with another %s conflict', async (_name, terms) => {
        await grantOf('grant_a', 5n, { models: ['opus'] });
        expect(await grantOf('grant_a', 5n, { models: ['opus'], ...terms })).toBe('conflict');
        expect(await grantOf('grant_a', 5n, { models: ['opus'] })).toBe('exists');
      });
      test('for every model and for none are two things', async () => {
        expect(await grantOf('grant_all', 5n)).toBe('granted');
        expect(await grantOf('grant_all', 5n, { models: [] })).toBe('conflict');
        expect(await grantOf('grant_none', 5n, { models: [] })).toBe('granted');
        expect(await grantOf('grant_none', 5n)).toBe('conflict');
        expect(await grantOf('grant_none', 5n, { models: [] })).toBe('exists');
        expect(await holdOf(1, 6n)).toMatchObject({ result: 'insufficient_credit', availableNanoUsd: 5n });
      });
      test.each([
        [-1, 'out_of_range'],
        [0, 'granted'],
        [99, 'granted'],
        [100, 'out_of_range'],
        [1.5, 'out_of_range'],
      ])('of priority %s are %s', async (priority, result) => {
        expect(await grantOf('grant_a', 1n, { priority })).toBe(result);
      });
      test('pay for a model that is any one of theirs', async () => {
        await grantOf('grant_a', 5n, { models: ['haiku', 'opus', 'sonnet'] });
        expect((await holdOf(1, 5n)).result).toBe('held');
        expect((await holdOf(2, 1n, { modelLabels: ['fable'] })).result).toBe('insufficient_credit');
      });
      test('tell what they have for other models where a hold does not fit', async () => {
        await grantOf('grant_a', 5n, { models: ['haiku'] });
        await grantOf('grant_b', 3n, { models: ['sonnet'], effectiveAtMs: START_MS + 1_000 });
        await grantOf('grant_c', 2n);
        const refusal = { result: 'insufficient_credit', availableNanoUsd: 2n, neededNanoUsd: 3n };
        expect(await holdOf(1, 3n)).toEqual({ ...refusal, elsewhereNanoUsd: 5n });
        expect((await holdOf(2, 1n)).result).toBe('held');
        expect(await extendTo(2, 3n)).toMatchObject({ availableNanoUsd: 1n, neededNanoUsd: 2n, elsewhereNanoUsd: 5n });
        clock.nowMs += 1_000;
        expect(await holdOf(3, 3n)).toMatchObject({ availableNanoUsd: 1n, elsewhereNanoUsd: 8n });
      });
      test('are read as of now', async () => {
        await grantOf('grant_a', 5n, { expiresAtMs: START_MS + 10 });
        clock.nowMs += 10;
        const [grant] = await ledger.readGrants(accountId);
        expect(grant).toMatchObject({ remainingNanoUsd: 0n, expiredNanoUsd: 5n });
      });
      test('end at the very instant at which a hold gives back', async () => {
        await grantOf('grant_a', 10n, { expiresAtMs: START_MS + 1_000 });
        await holdOf(1, 10n);
        clock.nowMs += 1_000;
        await settleOf(1, 4n);
        expect(await ledger.readBalance(accountId)).toMatchObject({ spentNanoUsd: 4n, expiredNanoUsd: 6n });
      });
    });

    describe('holds', () => {
      test('may be of all there is, and no more', async () => {
        await grantOf('grant_a', MAX);
        expect(await holdOf(1, MAX + 1n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect(await holdOf(1, -1n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect((await holdOf(1, MAX)).result).toBe('held');
        expect((await settleOf(1, MAX)).result).toBe('settled');
        expect(await holdOf(2, 1n)).toEqual({ result: 'insufficient_credit', availableNanoUsd: 0n, neededNanoUsd: 1n });
      });
      test.each([
        [-1n, 'out_of_range'],
        [0n, 'held'],
        [MAX, 'held'],
        [MAX + 1n, 'out_of_range'],
      ])('of %s tokens are %s', async (tokens, result) => {
        await grantOf('grant_a', 5n);
        expect((await holdOf(1, 1n, { tokens })).result).toBe(result);
      });
      test('name thirty-two cells at most', async () => {
        await grantOf('grant_a', 5n);
        const cells = Array.from({ length: 32 }, (_, number) => cell(`quota_${number}`, 9n));
        expect((await holdOf(1, 1n, { cells })).result).toBe('held');
      });
      test('from a minimum up take what several grants have together', async () => {
        await grantOf('grant_a', 3n, { priority: 10 });
        await grantOf('grant_b', 4n);
        expect(await holdOf(1, 100n, { minNanoUsd: 8n })).toEqual({
          result: 'insufficient_credit',
          availableNanoUsd: 7n,
          neededNanoUsd: 8n,
        });
        expect(await holdOf(1, 100n, { minNanoUsd: 2n })).toMatchObject({ result: 'held', amountNanoUsd: 7n });
        const [hold] = await ledger.readHolds(accountId);
        expect(hold?.allocations).toEqual([
          { grantId: 'grant_a', amountNanoUsd: 3n },
          { grantId: 'grant_b', amountNanoUsd: 4n },
        ]);
      });
      test('from a minimum up are bound by cells in money, not by those in tokens', async () => {
        await grantOf('grant_a', 100n);
        const cells = [cell('quota_tokens', 100n, { measure: 'tokens' }), cell('quota_usd', 30n)];
        expect(await holdOf(1, 50n, { minNanoUsd: 5n, cells })).toMatchObject({ result: 'held', amountNanoUsd: 30n });
        expect(await cellsOf(cells)).toEqual([
          { used: 0n, held: 100n },
          { used: 0n, held: 30n },
        ]);
      });
      test('count what is used and what is held against a limit', async () => {
        await grantOf('grant_a', 100n);
        const cells = [cell('quota_a', 20n, { endsAtMs: START_MS + DAY_MS })];
        await holdOf(1, 9n, { cells });
        await settleOf(1, 8n, { cells });
        await holdOf(2, 7n, { cells });
        const common = { result: 'quota_exceeded', quotaId: 'quota_a', window: 'day:2026-11-20' };
        const { endsAtMs } = cells[0] as QuotaCell;
        expect(await holdOf(3, 6n, { cells })).toEqual({ ...common, limit: 20n, room: 5n, endsAtMs });
        expect((await holdOf(3, 5n, { cells })).result).toBe('held');
        const lowered = [cell('quota_a', 10n)];
        expect(await holdOf(4, 1n, { cells: lowered })).toEqual({ ...common, limit: 10n, room: 0n });
      });
    });

    test('holds of tokens in a quota that refuses nothing end where no more can be counted', async () => {
      await grantOf('grant_a', 100n);
      const cells = [cell('quota_tokens', 1n, { measure: 'tokens', mode: 'shadow' })];
      expect(await holdOf(1, 1n, { tokens: MAX, cells })).toMatchObject({ result: 'held' });
      expect(await holdOf(2, 1n, { tokens: 1n, cells })).toEqual({ result: 'out_of_range', what: 'cells' });
      expect(await holdOf(2, 1n, { tokens: 0n, cells })).toMatchObject({ result: 'held' });
    });

    describe('extensions', () => {
      test('are refused in a frozen account, but not a heartbeat', async () => {
        await grantOf('grant_a', 100n);
        await holdOf(1, 10n);
        await ledger.setPolicy({ accountId, status: 'frozen' });
        expect(await extendTo(1, 11n)).toEqual({ result: 'frozen' });
        expect(await extendTo(1, 10n)).toMatchObject({ result: 'extended', amountNanoUsd: 10n });
      });
      test('to the same amount are a heartbeat without an entry; above all there can be, out of range', async () => {
        await grantOf('grant_a', MAX);
        await holdOf(1, 10n);
        clock.nowMs += 1_000;
        expect(await extendTo(1, 10n)).toMatchObject({ result: 'extended', balance: { sequence: 3 } });
        expect(await extendTo(1, MAX + 1n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect(await extendTo(1, MAX)).toMatchObject({ result: 'extended', amountNanoUsd: MAX });
      });
      test('prolong, add to the same grant and cell, and leave cells of another measure alone', async () => {
        await grantOf('grant_a', 100n);
        const usd = cell('quota_usd', 50n);
        const other = cell('quota_usd', 50n, { window: 'total' });
        const tokens = cell('quota_tokens', 500n, { measure: 'tokens' });
        await holdOf(1, 10n, { cells: [usd, other, tokens] });
        clock.nowMs += 30_000;
        expect((await extendTo(1, 25n, [usd, other, tokens])).result).toBe('extended');
        const [hold] = await ledger.readHolds(accountId);
        expect(hold).toMatchObject({
          amountNanoUsd: 25n,
          deadlineMs: START_MS + 90_000,
          allocations: [{ grantId: 'grant_a', amountNanoUsd: 25n }],
          cells: [
            { quotaId: 'quota_usd', window: 'day:2026-11-20', held: 25n },
            { quotaId: 'quota_usd', window: 'total', held: 25n },
            { quotaId: 'quota_tokens', held: 100n },
          ],
        });
        expect(await cellsOf([usd, other, tokens])).toEqual([
          { used: 0n, held: 25n },
          { used: 0n, held: 25n },
          { used: 0n, held: 100n },
        ]);
        await settleOf(1, 25n, { cells: [usd, other, tokens], tokens: 40n });
        expect(await cellsOf([usd, other, tokens])).toEqual([
          { used: 25n, held: 0n },
          { used: 25n, held: 0n },
          { used: 40n, held: 0n },
        ]);
      });
    });

    describe('ends', () => {
      test.each([
        ['release', 0],
        ['reclaim', 60_000],
      ] as const)('by %s give the cells back', async (end, afterMs) => {
        await grantOf('grant_a', 100n);
        const cells = [cell('quota_a', 50n), cell('quota_open', 2n, { measure: 'concurrency', window: 'total' })];
        await holdOf(1, 10n, { cells });
        await holdOf(2, 20n, { cells });
        clock.nowMs += afterMs;
        expect((await ledger[end]({ accountId, holdId: id(1) })).result).toMatch(/^(released|reclaimed)$/);
        expect(await cellsOf(cells)).toEqual([
          { used: 0n, held: 20n },
          { used: 0n, held: 1n },
        ]);
      });
      test('of a hold that is past the tombstones: nothing is charged, nothing is released', async () => {
        clock.nowMs = START_MS + 72 * 3_600_000;
        expect((await settleOf(1, 0n)).result).toBe('late');
        clock.nowMs += 1;
        expect(await settleOf(2, 1n)).toEqual({ result: 'too_old' });
        expect(await ledger.release({ accountId, holdId: id(2) })).toEqual({ result: 'done' });
        expect(await settleOf(3, 1n, { holdId: 'no id at all' })).toEqual({ result: 'too_old' });
      });
      test('at a released id conflict, whatever the amount', async () => {
        await grantOf('grant_a', 100n);
        await ledger.release({ accountId, holdId: id(1) });
        expect(await settleOf(1, 0n)).toEqual({ result: 'conflict' });
        expect(await settleOf(1, 5n)).toEqual({ result: 'conflict' });
      });
      test.each([
        ['an amount below zero', { amountNanoUsd: -1n }, 'amount'],
        ['an amount above all there can be', { amountNanoUsd: MAX + 1n }, 'amount'],
        ['tokens below zero', { tokens: -1n }, 'tokens'],
        ['tokens above all there can be', { tokens: MAX + 1n }, 'tokens'],
      ] as [string, Partial<SettleCommand>, string][])('of %s are refused', async (_name, terms, what) => {
        expect(await settleOf(1, 1n, terms)).toEqual({ result: 'out_of_range', what });
        expect(await settleOf(1, 1n, { tokens: MAX })).toMatchObject({ result: 'late' });
      });
      test('add up to what can be counted, and no further', async () => {
        expect(await settleOf(1, MAX - 1n, { tokens: 0n })).toMatchObject({ result: 'late', overageNanoUsd: MAX - 1n });
        expect(await settleOf(2, 2n)).toEqual({ result: 'out_of_range', what: 'charged' });
        expect((await settleOf(2, 1n)).result).toBe('late');
        expect(await ledger.readBalance(accountId)).toMatchObject({ chargedNanoUsd: MAX, debtNanoUsd: MAX });
      });
      test('use a quota as far as can be counted; beyond it they are charged all the same', async () => {
        const cells = [
          cell('quota_usd', 1n, { mode: 'soft' }),
          cell('quota_tokens', 1n, { measure: 'tokens', mode: 'soft' }),
        ];
        await settleOf(1, MAX, { tokens: MAX - 1n, cells });
        const call = { accountId, holdId: id(1), allocations: [], debtNanoUsd: MAX, fallbackGrantIds: [] };
        expect(await ledger.refund({ ...call, refundId: 'refund_a' })).toMatchObject({ result: 'refunded' });
        expect(await settleOf(2, 5n, { tokens: 7n, cells })).toMatchObject({ result: 'late' });
        expect(await settleOf(3, 5n, { tokens: 7n, cells })).toMatchObject({ result: 'late' });
        expect(await ledger.readBalance(accountId)).toMatchObject({ chargedNanoUsd: 10n });
        expect(await cellsOf(cells)).toEqual([
          { used: MAX, held: 0n },
          { used: MAX, held: 0n },
        ]);
      });
      test('beyond the hold draw on the grants that pay for the model, in order, each as far as it goes', async () => {
        await grantOf('grant_a', 10n, { priority: 10 });
        await grantOf('grant_haiku', 50n, { priority: 20, models: ['haiku'] });
        await grantOf('grant_b', 4n, { priority: 30 });
        await grantOf('grant_c', 9n, { priority: 40 });
        await grantOf('grant_d', 9n, { priority: 50 });
        await holdOf(1, 8n);
        expect(await settleOf(1, 17n)).toMatchObject({ result: 'settled', overageNanoUsd: 9n });
        expect(await spentOf('grant_a', 'grant_haiku', 'grant_b', 'grant_c', 'grant_d')).toEqual([10n, 0n, 4n, 3n, 0n]);
        expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 0n, chargedNanoUsd: 17n });
      });
      test('beyond the hold by one take one', async () => {
        await grantOf('grant_a', 9n);
        await holdOf(1, 8n);
        expect(await settleOf(1, 9n)).toMatchObject({ result: 'settled', overageNanoUsd: 1n });
        expect(await ledger.readBalance(accountId)).toMatchObject({ spentNanoUsd: 9n, debtNanoUsd: 0n });
        expect(await settleOf(2, 1n)).toMatchObject({
          result: 'late',
          overageNanoUsd: 1n,
          balance: { debtNanoUsd: 1n },
        });
        expect(await grantOf('grant_b', 1n)).toBe('granted');
        expect(await ledger.readBalance(accountId)).toMatchObject({ availableNanoUsd: 0n, debtNanoUsd: 0n });
      });
      test('on a credit limit are over by what neither grants nor the limit held', async () => {
        await ledger.setPolicy({ accountId, mode: 'postpaid', creditLimitNanoUsd: 10n });
        await holdOf(1, 6n);
        expect(await settleOf(1, 6n)).toMatchObject({ result: 'settled', overageNanoUsd: 0n });
        await holdOf(2, 4n);
        expect(await settleOf(2, 7n)).toMatchObject({ result: 'settled', overageNanoUsd: 3n });
        expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 13n, debtHeldNanoUsd: 0n });
        // Past its limit the account has no room; the refusal says nothing, not less than nothing.
        expect(await holdOf(3, 1n)).toMatchObject({ result: 'insufficient_credit', availableNanoUsd: 0n });
      });
    });
  });
}
