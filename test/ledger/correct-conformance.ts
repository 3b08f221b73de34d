import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCharge } from '../../src/ledger/find-charge.ts';
import type { CorrectCommand, GrantCommand, Ledger } from '../../src/ledger/ledger.ts';
import { expectSoundBooks, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';

const DAY_MS = 86_400_000;

/** What every store does with a correction. */
export function describeCorrections(name: string, open: (clock: TestClock) => Promise<LedgerUnderTest>): void {
  describe(`corrections on ${name}`, () => {
    let clock: TestClock;
    let ledger: Ledger;
    let close: () => Promise<void>;
    let count = 0;
    let accountId: string;
    beforeEach(async () => {
      clock = { nowMs: START_MS };
      ({ ledger, close } = await open(clock));
      count += 1;
      accountId = `acct_correct${count}`;
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
    const holdOf = async (number: number, amountNanoUsd: bigint) => {
      const holdId = makeHoldId(clock.nowMs, number);
      const call = { accountId, holdId, amountNanoUsd, tokens: 1n, modelLabels: ['opus'], cells: [] };
      await ledger.hold({ ...call, leaseMs: 120_000 });
      return holdId;
    };
    const spend = async (number: number, amountNanoUsd: bigint) => {
      const holdId = await holdOf(number, amountNanoUsd);
      await ledger.settle({ accountId, holdId, amountNanoUsd, tokens: 1n, modelLabels: ['opus'], cells: [] });
      return holdId;
    };
    const correctTo = async (
      correctionId: string,
      holdId: string,
      toNanoUsd: bigint,
      terms: Partial<CorrectCommand> = {},
    ) => {
      const charge = await findCharge(ledger, accountId, { holdId });
      return ledger.correct({
        ...{ accountId, correctionId, holdId, toNanoUsd, fallbackGrantIds: ['grant_a', 'grant_b'] },
        allocations: charge?.allocations ?? [],
        debtNanoUsd: charge?.debtNanoUsd ?? 0n,
        ...terms,
      });
    };
    const lastEntry = async () => (await ledger.readJournal(accountId, { afterSequence: 0, limit: 100 })).at(-1);

    test('downwards are a refund to the grants that paid', async () => {
      await grantOf('grant_a', 4n, { priority: 1 });
      await grantOf('grant_b', 10n);
      const holdId = await spend(1, 9n);
      expect(await correctTo('correction_1', holdId, 3n, { details: { note: 'invoice' } })).toMatchObject({
        result: 'corrected',
        changeNanoUsd: -6n,
        balance: { availableNanoUsd: 11n, chargedNanoUsd: 3n },
      });
      expect(await lastEntry()).toMatchObject({
        ...{ operation: 'refund', subjectId: 'correction_1', amountNanoUsd: 6n, terms: { holdId } },
        postings: [
          { kind: 'refund', grantId: 'grant_b', amountNanoUsd: 5n },
          { kind: 'refund', grantId: 'grant_a', amountNanoUsd: 1n },
        ],
        details: { note: 'invoice' },
      });
    });
    test('upwards are a charge, drawn in burn order whatever its model scope, then owed', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 8n);
      await grantOf('grant_b', 3n, { priority: 1, models: ['haiku'] });
      expect(await correctTo('correction_1', holdId, 15n)).toMatchObject({
        result: 'corrected',
        changeNanoUsd: 7n,
        balance: { availableNanoUsd: 0n, debtNanoUsd: 2n, chargedNanoUsd: 15n },
      });
      expect(await lastEntry()).toMatchObject({
        ...{ operation: 'charge', subjectId: 'correction_1', amountNanoUsd: 7n, terms: { holdId } },
        postings: [
          { kind: 'draw', grantId: 'grant_b', amountNanoUsd: 3n },
          { kind: 'draw', grantId: 'grant_a', amountNanoUsd: 2n },
          { kind: 'debt', amountNanoUsd: 2n },
        ],
      });
    });
    test('of one id are done once', async () => {
      await grantOf('grant_a', 20n);
      const holdId = await spend(1, 5n);
      const other = await spend(2, 5n);
      await correctTo('correction_1', holdId, 8n);
      expect(await correctTo('correction_1', holdId, 8n)).toMatchObject({
        result: 'exists',
        changeNanoUsd: 3n,
        balance: { chargedNanoUsd: 13n },
      });
      expect(await correctTo('correction_1', other, 8n)).toEqual({ result: 'conflict' });
      await correctTo('correction_2', holdId, 1n);
      expect(await correctTo('correction_2', holdId, 1n)).toMatchObject({ result: 'exists', changeNanoUsd: -7n });
      expect(await correctTo('correction_3', holdId, 1n)).toMatchObject({ result: 'unchanged' });
      expect((await ledger.readBalance(accountId))?.chargedNanoUsd).toBe(6n);
    });
    test('count what refunds and earlier corrections moved', async () => {
      await grantOf('grant_a', 30n);
      const holdId = await spend(1, 10n);
      const charge = { allocations: [{ grantId: 'grant_a', amountNanoUsd: 10n }], debtNanoUsd: 0n };
      await ledger.refund({
        accountId,
        refundId: 'refund_1',
        holdId,
        amountNanoUsd: 4n,
        ...charge,
        fallbackGrantIds: [],
      });
      expect(await correctTo('correction_1', holdId, 25n)).toMatchObject({ changeNanoUsd: 19n });
      expect(await correctTo('correction_2', holdId, 2n)).toMatchObject({
        changeNanoUsd: -23n,
        balance: { availableNanoUsd: 28n, chargedNanoUsd: 2n },
      });
      expect(await correctTo('correction_3', holdId, 12n)).toMatchObject({ changeNanoUsd: 10n });
      // A refund of all that is left gives back what the correction charged besides as well.
      expect(
        await ledger.refund({ accountId, refundId: 'refund_2', holdId, ...charge, fallbackGrantIds: ['grant_a'] }),
      ).toMatchObject({ result: 'refunded', amountNanoUsd: 12n, balance: { availableNanoUsd: 30n } });
    });
    test('downwards of what a correction had charged need a grant that was spent', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 4n);
      await correctTo('correction_1', holdId, 9n);
      expect(await correctTo('correction_2', holdId, 4n, { fallbackGrantIds: ['grant_none'] })).toEqual({
        result: 'no_credit',
      });
      expect(await correctTo('correction_2', holdId, 4n)).toMatchObject({ balance: { availableNanoUsd: 6n } });
    });
    test('of a released call charge it after all', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await holdOf(1, 6n);
      expect(await correctTo('correction_1', holdId, 2n)).toEqual({ result: 'not_settled' });
      await ledger.release({ accountId, holdId });
      expect(await correctTo('correction_1', holdId, 2n)).toMatchObject({
        ...{ result: 'corrected', changeNanoUsd: 2n },
        balance: { availableNanoUsd: 8n, chargedNanoUsd: 2n },
      });
      const late = { accountId, holdId, amountNanoUsd: 2n, tokens: 1n, modelLabels: [], cells: [] };
      expect((await ledger.settle(late)).result).toBe('conflict');
    });
    test('of a reclaimed call wait for its settle', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await holdOf(1, 6n);
      clock.nowMs += 120_001;
      await ledger.reclaim({ accountId, holdId });
      expect(await correctTo('correction_1', holdId, 2n)).toEqual({ result: 'not_settled' });
      await ledger.settle({ accountId, holdId, amountNanoUsd: 3n, tokens: 1n, modelLabels: [], cells: [] });
      expect(await correctTo('correction_1', holdId, 2n)).toMatchObject({ changeNanoUsd: -1n });
    });
    test('may be of one unit, and to nothing', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 4n);
      expect(await correctTo('correction_1', holdId, 5n)).toMatchObject({
        changeNanoUsd: 1n,
        balance: { chargedNanoUsd: 5n, availableNanoUsd: 5n },
      });
      expect(await correctTo('correction_2', holdId, 0n)).toMatchObject({
        changeNanoUsd: -5n,
        balance: { chargedNanoUsd: 0n, availableNanoUsd: 10n },
      });
      const entries = await ledger.readJournal(accountId, { afterSequence: 4, limit: 9 });
      expect(entries.map(({ operation, amountNanoUsd }) => [operation, amountNanoUsd])).toEqual([
        ['charge', 1n],
        ['refund', 5n],
      ]);
      expect(entries[0]?.postings).toEqual([{ kind: 'draw', grantId: 'grant_a', amountNanoUsd: 1n }]);
    });
    test('that charge more note what they draw, down to the last unit', async () => {
      await grantOf('grant_a', 5n);
      await grantOf('grant_b', 5n);
      const holdId = await spend(1, 4n);
      await correctTo('correction_1', holdId, 6n);
      const { sequence = 0 } = (await ledger.readBalance(accountId)) ?? {};
      const [entry] = await ledger.readJournal(accountId, { afterSequence: sequence - 1, limit: 1 });
      expect(entry).toMatchObject({
        operation: 'charge',
        amountNanoUsd: 2n,
        postings: [
          { kind: 'draw', grantId: 'grant_a', amountNanoUsd: 1n },
          { kind: 'draw', grantId: 'grant_b', amountNanoUsd: 1n },
        ],
      });
    });
    test('in a closed account become debt, or expire', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 4n);
      await ledger.closeAccount({ accountId });
      expect(await correctTo('correction_1', holdId, 6n)).toMatchObject({ balance: { debtNanoUsd: 2n } });
      expect(await correctTo('correction_2', holdId, 1n)).toMatchObject({
        balance: { debtNanoUsd: 0n, availableNanoUsd: 0n, expiredNanoUsd: 9n, chargedNanoUsd: 1n },
      });
    });
    test('are refused where the charge told is another, or amounts are out of range', async () => {
      await grantOf('grant_a', 10n);
      const holdId = await spend(1, 4n);
      expect(await correctTo('correction_1', holdId, 2n, { allocations: [] })).toEqual({ result: 'not_settled' });
      expect(await correctTo('correction_1', holdId, -1n)).toEqual({ result: 'out_of_range', what: 'amount' });
      expect(await correctTo('correction_1', holdId, 2n ** 53n)).toEqual({ result: 'out_of_range', what: 'amount' });
      await spend(2, 1n);
      expect(await correctTo('correction_1', holdId, 2n ** 53n - 1n)).toEqual({
        result: 'out_of_range',
        what: 'charged',
      });
      expect(await correctTo('correction_1', holdId, 2n ** 53n - 2n)).toMatchObject({ result: 'corrected' });
      expect(await correctTo('correction_2', holdId, 0n, { debtNanoUsd: -1n })).toEqual({
        result: 'out_of_range',
        what: 'charge',
      });
      expect((await correctTo('correction_2', holdId, 0n, { accountId: 'acct_none' })).result).toBe('no_account');
    });
    test('leave quota cells as they are', async () => {
      await grantOf('grant_a', 10n);
      const cell = { quotaId: 'quota_a', window: 'total', measure: 'usd', limit: 10n, mode: 'hard' } as const;
      const holdId = makeHoldId(clock.nowMs, 1);
      const call = { accountId, holdId, amountNanoUsd: 4n, tokens: 1n, modelLabels: [], cells: [cell] };
      await ledger.hold({ ...call, leaseMs: 120_000 });
      await ledger.settle(call);
      await correctTo('correction_1', holdId, 9n);
      expect(await ledger.readCells(accountId, [cell])).toEqual([{ used: 4n, held: 0n }]);
    });
  });
}
