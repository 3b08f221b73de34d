import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCharge } from '../../src/ledger/find-charge.ts';
import type { GrantCommand, HoldCommand, Ledger, RefundCommand } from '../../src/ledger/ledger.ts';
import { expectSoundBooks, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';

const DAY_MS = 86_400_000;

/** What every store does with a refund. */
export function describeRefunds(name: string, open: (clock: TestClock) => Promise<LedgerUnderTest>): void {
  describe(`refunds on ${name}`, () => {
    let clock: TestClock;
    let ledger: Ledger;
    let close: () => Promise<void>;
    let count = 0;
    let accountId: string;
    beforeEach(async () => {
      clock = { nowMs: START_MS };
      ({ ledger, close } = await open(clock));
      count += 1;
      accountId = `acct_refund${count}`;
      await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    });
    afterEach(async () => {
      await expectSoundBooks(ledger, accountId, clock.nowMs);
      await close();
    });

    const grantOf = (grantId: string, amountNanoUsd: bigint, terms: Partial<GrantCommand> = {}) =>
      ledger.grant({
        ...{ accountId, grantId, amountNanoUsd, kind: 'paid', priority: 50, effectiveAtMs: START_MS },
        expiresAtMs: START_MS + 365 * DAY_MS,
        ...terms,
      });
    /** Holds one amount, settles another. */
    const spend = async (number: number, held: bigint, charged: bigint, terms: Partial<HoldCommand> = {}) => {
      const call = { accountId, holdId: makeHoldId(clock.nowMs, number), tokens: 1n, modelLabels: ['opus'], cells: [] };
      expect((await ledger.hold({ ...call, amountNanoUsd: held, leaseMs: 120_000, ...terms })).result).toBe('held');
      expect((await ledger.settle({ ...call, amountNanoUsd: charged, ...terms })).result).toBe('settled');
      return call.holdId;
    };
    const refundOf = async (refundId: string, holdId: string, terms: Partial<RefundCommand> = {}) => {
      const charge = await findCharge(ledger, accountId, { holdId });
      const { allocations = [], debtNanoUsd = 0n } = charge ?? {};
      return ledger.refund({ accountId, refundId, holdId, allocations, debtNanoUsd, fallbackGrantIds: [], ...terms });
    };
    const pockets = async (grantId: string) => {
      const found = (await ledger.readGrants(accountId)).find((grant) => grant.grantId === grantId);
      return [found?.remainingNanoUsd, found?.spentNanoUsd, found?.expiredNanoUsd, found?.voidedNanoUsd];
    };

    test('give back to the grants that paid, the last one first, and the credit can be spent again', async () => {
      await grantOf('grant_a', 10n, { priority: 1 });
      await grantOf('grant_b', 10n, { priority: 2 });
      const holdId = await spend(1, 15n, 15n);
      expect(await refundOf('refund_1', holdId, { amountNanoUsd: 7n, details: { note: 'sorry' } })).toMatchObject({
        result: 'refunded',
        amountNanoUsd: 7n,
        refundedNanoUsd: 7n,
        balance: { availableNanoUsd: 12n, spentNanoUsd: 8n, chargedNanoUsd: 8n },
      });
      expect(await pockets('grant_a')).toEqual([2n, 8n, 0n, 0n]);
      expect(await pockets('grant_b')).toEqual([10n, 0n, 0n, 0n]);
      await spend(2, 12n, 12n);
      const [entry] = (await ledger.readJournal(accountId, { afterSequence: 5, limit: 1 })) ?? [];
      expect(entry).toMatchObject({
        operation: 'refund',
        subjectId: 'refund_1',
        amountNanoUsd: 7n,
        terms: { holdId },
        details: { note: 'sorry' },
        postings: [
          { kind: 'refund', grantId: 'grant_b', amountNanoUsd: 5n },
          { kind: 'refund', grantId: 'grant_a', amountNanoUsd: 2n },
        ],
      });
    });
    test('never give back more than the charge, over all refunds of the call', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 10n, 6n);
      expect((await refundOf('refund_1', holdId, { amountNanoUsd: 4n })).result).toBe('refunded');
      expect(await refundOf('refund_2', holdId, { amountNanoUsd: 3n })).toEqual({
        result: 'exceeds_charge',
        chargedNanoUsd: 6n,
        refundedNanoUsd: 4n,
      });
      expect(await refundOf('refund_3', holdId)).toMatchObject({
        result: 'refunded',
        amountNanoUsd: 2n,
        refundedNanoUsd: 6n,
      });
      expect((await refundOf('refund_4', holdId)).result).toBe('exceeds_charge');
      expect(await ledger.readBalance(accountId)).toMatchObject({ availableNanoUsd: 10n, chargedNanoUsd: 0n });
    });
    test('in parallel give back the charge once', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 10n, 10n);
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, index) => refundOf(`refund_${index}`, holdId, { amountNanoUsd: 3n })),
      );
      expect(replies.filter((reply) => reply.result === 'refunded')).toHaveLength(3);
      expect((await ledger.readBalance(accountId))?.availableNanoUsd).toBe(9n);
    });
    test('are made once under an id, even when everything else about the call is forgotten', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 10n, 6n);
      await refundOf('refund_1', holdId, { amountNanoUsd: 4n });
      clock.nowMs += 300 * DAY_MS;
      expect(await refundOf('refund_1', holdId, { amountNanoUsd: 4n })).toMatchObject({
        result: 'exists',
        amountNanoUsd: 4n,
        refundedNanoUsd: 4n,
        balance: { availableNanoUsd: 8n },
      });
      expect((await refundOf('refund_1', holdId)).result).toBe('exists');
      expect((await refundOf('refund_1', holdId, { amountNanoUsd: 5n })).result).toBe('conflict');
      expect((await refundOf('refund_1', makeHoldId(START_MS, 2), { amountNanoUsd: 4n })).result).toBe('conflict');
      expect((await refundOf('refund_2', holdId, { amountNanoUsd: 3n })).result).toBe('exceeds_charge');
    });
    test('of a charge that an expired grant paid expire at once', async () => {
      await grantOf('grant_a', 10n, { expiresAtMs: START_MS + DAY_MS });
      const holdId = await spend(1, 10n, 10n);
      clock.nowMs += DAY_MS;
      expect(await refundOf('refund_1', holdId)).toMatchObject({
        result: 'refunded',
        balance: { availableNanoUsd: 0n, expiredNanoUsd: 10n, chargedNanoUsd: 0n },
      });
      expect(await pockets('grant_a')).toEqual([0n, 0n, 10n, 0n]);
    });
    test('to a voided grant are voided, in a closed account they expire', async () => {
      await grantOf('grant_a', 10n, { priority: 1 });
      await grantOf('grant_b', 10n, { priority: 2 });
      const holdId = await spend(1, 15n, 15n);
      await ledger.voidGrant({ accountId, grantId: 'grant_b' });
      await refundOf('refund_1', holdId, { amountNanoUsd: 3n });
      expect(await pockets('grant_b')).toEqual([0n, 2n, 0n, 8n]);
      await ledger.closeAccount({ accountId });
      expect((await refundOf('refund_2', holdId)).result).toBe('refunded');
      expect(await pockets('grant_b')).toEqual([0n, 0n, 0n, 10n]);
      expect(await pockets('grant_a')).toEqual([0n, 0n, 10n, 0n]);
    });
    test('lower what is still owed first, and what was repaid since goes back to who repaid it', async () => {
      await grantOf('grant_a', 5n);
      const holdId = await spend(1, 5n, 12n);
      expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 7n });
      await refundOf('refund_1', holdId, { amountNanoUsd: 2n });
      expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 5n, chargedNanoUsd: 10n });
      await grantOf('grant_b', 9n);
      expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 0n, availableNanoUsd: 4n });
      expect((await refundOf('refund_2', holdId, { amountNanoUsd: 6n })).result).toBe('no_credit');
      expect(
        await refundOf('refund_2', holdId, { amountNanoUsd: 6n, fallbackGrantIds: ['grant_none', 'grant_b'] }),
      ).toMatchObject({ result: 'refunded', balance: { availableNanoUsd: 10n, debtNanoUsd: 0n } });
      expect(await pockets('grant_b')).toEqual([9n, 0n, 0n, 0n]);
      expect(await pockets('grant_a')).toEqual([1n, 4n, 0n, 0n]);
    });
    test('given back while other debt is owed repay that', async () => {
      await grantOf('grant_a', 10n);
      const paid = await spend(1, 4n, 4n);
      await spend(2, 6n, 9n);
      expect(await refundOf('refund_1', paid)).toMatchObject({
        result: 'refunded',
        balance: { availableNanoUsd: 1n, debtNanoUsd: 0n, chargedNanoUsd: 9n },
      });
    });
    test('leave quota cells as they are', async () => {
      await grantOf('grant_a', 10n);
      const cell = { quotaId: 'quota_a', window: 'total', measure: 'usd', limit: 10n, mode: 'hard' } as const;
      const holdId = await spend(1, 10n, 10n, { cells: [cell] });
      await refundOf('refund_1', holdId);
      expect(await ledger.readCells(accountId, [cell])).toEqual([{ used: 10n, held: 0n }]);
    });
    test('of what was not charged are refused', async () => {
      await grantOf('grant_a', 10n);
      const charge = { allocations: [{ grantId: 'grant_a', amountNanoUsd: 4n }], debtNanoUsd: 0n };
      const open = makeHoldId(clock.nowMs, 1);
      const call = { accountId, holdId: open, tokens: 1n, modelLabels: [], cells: [] };
      await ledger.hold({ ...call, amountNanoUsd: 4n, leaseMs: 120_000 });
      expect((await refundOf('refund_1', open, charge)).result).toBe('not_settled');
      await ledger.release({ accountId, holdId: open });
      expect((await refundOf('refund_1', open, charge)).result).toBe('not_settled');
      const settled = await spend(2, 4n, 3n);
      expect((await refundOf('refund_1', settled, charge)).result).toBe('not_settled');
      expect((await refundOf('refund_1', settled, { allocations: [] })).result).toBe('not_settled');
      expect((await refundOf('refund_1', await spend(3, 1n, 0n))).result).toBe('exceeds_charge');
      expect((await refundOf('refund_1', settled, { amountNanoUsd: 0n })).result).toBe('out_of_range');
      expect((await refundOf('refund_1', settled, { amountNanoUsd: 2n ** 53n })).result).toBe('out_of_range');
      expect(await refundOf('refund_1', settled, { debtNanoUsd: -1n })).toEqual({
        result: 'out_of_range',
        what: 'charge',
      });
      expect((await refundOf('refund_1', settled, { accountId: 'acct_none' })).result).toBe('no_account');
      expect((await ledger.readBalance(accountId))?.availableNanoUsd).toBe(7n);
    });
    test('of a charge that came late are as of any other, and of one unit as of many', async () => {
      await grantOf('grant_a', 10n);
      const holdId = makeHoldId(clock.nowMs, 1);
      await ledger.settle({ accountId, holdId, amountNanoUsd: 3n, tokens: 1n, modelLabels: [], cells: [] });
      expect(await refundOf('refund_1', holdId, { amountNanoUsd: 1n })).toMatchObject({ refundedNanoUsd: 1n });
      expect(await refundOf('refund_2', holdId)).toMatchObject({ amountNanoUsd: 2n, refundedNanoUsd: 3n });
    });
    test('of a call that was released or reclaimed are refused, also of nothing', async () => {
      await grantOf('grant_a', 10n);
      const call = { accountId, tokens: 1n, modelLabels: [], cells: [], amountNanoUsd: 4n, leaseMs: 0 };
      for (const [number, end] of [ledger.release, ledger.reclaim].entries()) {
        const holdId = makeHoldId(clock.nowMs, number);
        await ledger.hold({ ...call, holdId });
        await end({ accountId, holdId });
        expect(await refundOf(`refund_${number}`, holdId)).toEqual({ result: 'not_settled' });
      }
    });
    test('may be of all there can be, and name a thousand grants', async () => {
      const most = 2n ** 53n - 1n;
      const holdId = makeHoldId(clock.nowMs, 1);
      await ledger.settle({ accountId, holdId, amountNanoUsd: most, tokens: 1n, modelLabels: [], cells: [] });
      const parts = (count: number) => Array.from({ length: count }, () => ({ grantId: 'grant_a', amountNanoUsd: 0n }));
      const names = (count: number) => parts(count).map(({ grantId }) => grantId);
      const refused = (what: string) => ({ result: 'out_of_range', what });
      expect(await refundOf('refund_1', holdId, { allocations: parts(1_001) })).toEqual(refused('allocations'));
      expect(await refundOf('refund_1', holdId, { fallbackGrantIds: names(1_001) })).toEqual(refused('grants'));
      expect(await refundOf('refund_1', holdId, { debtNanoUsd: most + 1n })).toEqual(refused('charge'));
      expect(await refundOf('refund_1', holdId, { amountNanoUsd: most + 1n })).toEqual(refused('amount'));
      const all = { allocations: parts(1_000), fallbackGrantIds: names(1_000), amountNanoUsd: most };
      expect(await refundOf('refund_1', holdId, all)).toMatchObject({ result: 'refunded', amountNanoUsd: most });
      expect(await ledger.readBalance(accountId)).toMatchObject({ chargedNanoUsd: 0n, debtNanoUsd: 0n });
    });

    describe('where the grants that paid cannot take it back', () => {
      /** Call 1 was paid by grant_a alone, of which all but `spent` has been given back since, for another call. */
      const spentElsewhere = async (spent: bigint) => {
        await grantOf('grant_a', 5n);
        const first = await spend(1, 5n, 5n);
        const second = await spend(2, 0n, 5n - spent);
        await grantOf('grant_b', 20n);
        await ledger.voidGrant({ accountId, grantId: 'grant_a' });
        await refundOf('refund_second', second, { fallbackGrantIds: ['grant_a'] });
        expect(await pockets('grant_a')).toEqual([0n, spent, 0n, 5n - spent]);
        return first;
      };
      test('it lowers what is owed before a grant that had no part in the call gains', async () => {
        const first = await spentElsewhere(1n);
        await spend(3, 16n, 22n);
        expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 6n });
        expect(await refundOf('refund_first', first, { fallbackGrantIds: ['grant_b'] })).toMatchObject({
          result: 'refunded',
          balance: { debtNanoUsd: 2n },
        });
        expect(await pockets('grant_b')).toEqual([0n, 20n, 0n, 0n]);
      });
      test('a grant is not asked for more than it has spent because it is named twice', async () => {
        const first = await spentElsewhere(3n);
        expect(await refundOf('refund_first', first, { fallbackGrantIds: ['grant_a'] })).toEqual({
          result: 'no_credit',
        });
      });
      test('debt is not lowered twice', async () => {
        const first = await spentElsewhere(3n);
        const owing = await spend(3, 18n, 21n);
        expect(await ledger.readBalance(accountId)).toMatchObject({ debtNanoUsd: 3n });
        const { allocations = [] } = (await findCharge(ledger, accountId, { holdId: first })) ?? {};
        // As if one call had cost both: what it owes, and what grant_a can take back in part only.
        await expect(
          refundOf('refund_both', makeHoldId(START_MS, 99), { allocations, debtNanoUsd: 3n }),
        ).resolves.toEqual({ result: 'no_credit' });
        expect((await refundOf('refund_owing', owing, { amountNanoUsd: 3n })).result).toBe('refunded');
      });
      test('grants gain in the order in which they are asked', async () => {
        await grantOf('grant_a', 5n, { priority: 10 });
        await grantOf('grant_b', 5n, { priority: 20 });
        const first = await spend(1, 10n, 10n);
        await refundOf('refund_1', first, { amountNanoUsd: 5n });
        const second = await spend(2, 5n, 7n);
        await grantOf('grant_c', 2n, { priority: 5 });
        // What grant_c repaid goes to grant_a, which has then spent 3 of the 5 that the first call drew on it.
        await refundOf('refund_2', second, { amountNanoUsd: 2n, fallbackGrantIds: ['grant_a'] });
        await refundOf('refund_3', first, { amountNanoUsd: 5n, fallbackGrantIds: ['grant_b'] });
        const { sequence = 0 } = (await ledger.readBalance(accountId)) ?? {};
        const [entry] = await ledger.readJournal(accountId, { afterSequence: sequence - 1, limit: 1 });
        expect(entry?.postings).toEqual([
          { kind: 'refund', grantId: 'grant_a', amountNanoUsd: 3n },
          { kind: 'refund', grantId: 'grant_b', amountNanoUsd: 2n },
        ]);
      });
    });
    test('a charge is found by its hold or its request, wherever it lies in the journal', async () => {
      await grantOf('grant_a', 1_000n);
      const ulid = makeHoldId(clock.nowMs + 30_000, 77).slice('hold_'.length);
      for (let number = 1; number <= 40; number += 1) {
        clock.nowMs += 1_000;
        await spend(number, 2n, 1n, {
          details: { request_id: `req_${number === 30 ? ulid : number}`, upstream_request_id: `req_up${number}` },
        } as object);
      }
      const holdId = makeHoldId(START_MS + 30_000, 30);
      const found = { holdId, sequence: 62, amountNanoUsd: 1n, debtNanoUsd: 0n };
      expect(await findCharge(ledger, accountId, { holdId })).toMatchObject(found);
      expect(await findCharge(ledger, accountId, { requestId: `req_${ulid}` })).toMatchObject(found);
      expect(await findCharge(ledger, accountId, { holdId: makeHoldId(START_MS, 99) })).toBeUndefined();
      expect(await findCharge(ledger, accountId, { requestId: 'req_up30' })).toMatchObject(found);
      expect(await findCharge(ledger, accountId, { requestId: 'req_up1' })).toMatchObject({ sequence: 4 });
      expect(await findCharge(ledger, accountId, { requestId: 'req_none' })).toBeUndefined();
    });
  });
}
