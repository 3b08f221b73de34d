import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCellKey } from '../../src/domain/credit/account-books.ts';
import { findBrokenInvariants } from '../../src/domain/credit/find-broken-invariants.ts';
import { foldJournal } from '../../src/domain/credit/fold-journal.ts';
import type { GrantCommand, HoldCommand, Ledger, QuotaCell, SettleCommand } from '../../src/ledger/ledger.ts';
import { makeHoldId } from './make-hold-id.ts';

/** A clock that tests set. */
export interface TestClock {
  nowMs: number;
}

export interface LedgerUnderTest {
  ledger: Ledger;
  close(): Promise<void>;
}

export const START_MS = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 86_400_000;
const USD = 1_000_000_000n;

/** Every store behind the Ledger interface passes this suite; so does the model made of the pure rules. */
export function describeLedger(name: string, open: (clock: TestClock) => Promise<LedgerUnderTest>): void {
  describe(`ledger on ${name}`, () => {
    let clock: TestClock;
    let ledger: Ledger;
    let close: () => Promise<void>;
    let accountId: string;
    let count = 0;

    beforeEach(async () => {
      clock = { nowMs: START_MS };
      ({ ledger, close } = await open(clock));
      count += 1;
      accountId = `acct_${count}`;
      await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    });
    afterEach(async () => {
      await expectSoundBooks(ledger, accountId, clock.nowMs);
      await close();
    });

    const grantOf = (grantId: string, amountNanoUsd: bigint, terms: Partial<GrantCommand> = {}) =>
      ledger.grant({
        accountId,
        grantId,
        amountNanoUsd,
        kind: 'paid',
        priority: 50,
        effectiveAtMs: START_MS,
        expiresAtMs: START_MS + 365 * DAY_MS,
        ...terms,
      });
    const holdOf = (number: number, amountNanoUsd: bigint, terms: Partial<HoldCommand> = {}) =>
      ledger.hold({
        accountId,
        holdId: makeHoldId(clock.nowMs, number),
        amountNanoUsd,
        tokens: 100n,
        leaseMs: 120_000,
        modelLabels: ['claude-opus-5-5', 'opus'],
        cells: [],
        ...terms,
      });
    const settleOf = (holdId: string, amountNanoUsd: bigint, terms: Partial<SettleCommand> = {}) =>
      ledger.settle({
        accountId,
        holdId,
        amountNanoUsd,
        tokens: 40n,
        modelLabels: ['claude-opus-5-5', 'opus'],
        cells: [],
        ...terms,
      });
    const balance = async () => {
      const found = await ledger.readBalance(accountId);
      if (found === undefined) throw new Error('no balance');
      return found;
    };
    const grantState = async (grantId: string) => {
      const found = (await ledger.readGrants(accountId)).find((grant) => grant.grantId === grantId);
      if (found === undefined) throw new Error(`no grant ${grantId}`);
      return found;
    };

    describe('accounts', () => {
      test('opening twice keeps the books', async () => {
        await grantOf('grant_a', 5n);
        expect(await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n })).toEqual({
          result: 'exists',
        });
        expect((await balance()).availableNanoUsd).toBe(5n);
      });
      test('every call on an account without books answers no_account', async () => {
        const other = 'acct_none';
        const id = makeHoldId(clock.nowMs, 1);
        const common = { accountId: other, modelLabels: [], cells: [], tokens: 0n };
        expect((await ledger.hold({ ...common, holdId: id, amountNanoUsd: 1n, leaseMs: 1 })).result).toBe('no_account');
        expect((await ledger.settle({ ...common, holdId: id, amountNanoUsd: 1n })).result).toBe('no_account');
        expect((await ledger.release({ accountId: other, holdId: id })).result).toBe('no_account');
        expect((await ledger.reclaim({ accountId: other, holdId: id })).result).toBe('no_account');
        expect((await ledger.tick({ accountId: other })).result).toBe('no_account');
        expect((await ledger.closeAccount({ accountId: other })).result).toBe('no_account');
        expect(await ledger.readBalance(other)).toBeUndefined();
        expect(await ledger.readJournal(other, { afterSequence: 0, limit: 10 })).toEqual([]);
      });
      test('a frozen account takes credit and settles but holds nothing new', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 4n);
        expect(await ledger.setPolicy({ accountId, status: 'frozen' })).toEqual({ result: 'set' });
        expect(await ledger.setPolicy({ accountId, status: 'frozen' })).toEqual({ result: 'unchanged' });
        expect((await holdOf(2, 1n)).result).toBe('frozen');
        expect((await grantOf('grant_b', 1n)).result).toBe('granted');
        expect((await settleOf(makeHoldId(clock.nowMs, 1), 3n)).result).toBe('settled');
        await ledger.setPolicy({ accountId, status: 'open' });
        expect((await holdOf(3, 1n)).result).toBe('held');
      });
      test('closing expires what is left; an open hold still settles and the rest of it expires', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 4n);
        const closed = await ledger.closeAccount({ accountId });
        expect(closed).toMatchObject({
          result: 'closed_now',
          balance: { expiredNanoUsd: 6n, heldNanoUsd: 4n, status: 'closed' },
        });
        expect((await ledger.closeAccount({ accountId })).result).toBe('closed');
        expect((await grantOf('grant_b', 1n)).result).toBe('closed');
        expect((await holdOf(2, 1n)).result).toBe('closed');
        expect((await ledger.setPolicy({ accountId, status: 'open' })).result).toBe('closed');
        await settleOf(makeHoldId(clock.nowMs, 1), 3n);
        expect(await balance()).toMatchObject({
          spentNanoUsd: 3n,
          expiredNanoUsd: 7n,
          availableNanoUsd: 0n,
          heldNanoUsd: 0n,
        });
      });
    });

    describe('grants', () => {
      test('add to the balance once: the same id again exists, with other terms it conflicts', async () => {
        expect(await grantOf('grant_a', 10n)).toMatchObject({ result: 'granted', balance: { availableNanoUsd: 10n } });
        expect(await grantOf('grant_a', 10n)).toMatchObject({ result: 'exists', balance: { availableNanoUsd: 10n } });
        expect(await grantOf('grant_a', 11n)).toEqual({ result: 'conflict' });
        expect(await grantOf('grant_a', 10n, { kind: 'promotional' })).toEqual({ result: 'conflict' });
        expect(await balance()).toMatchObject({ grantedNanoUsd: 10n, availableNanoUsd: 10n });
      });
      test('amounts outside the range are refused and change nothing', async () => {
        expect(await grantOf('grant_a', 0n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect(await grantOf('grant_a', -1n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect(await grantOf('grant_a', 2n ** 53n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect((await grantOf('grant_a', 2n ** 53n - 1n)).result).toBe('granted');
        expect(await grantOf('grant_b', 1n)).toEqual({ result: 'out_of_range', what: 'granted' });
        expect(await grantOf('grant_c', 1n, { priority: 100 })).toEqual({ result: 'out_of_range', what: 'priority' });
        expect((await balance()).availableNanoUsd).toBe(2n ** 53n - 1n);
      });
      test('amounts with fifteen digits stay exact', async () => {
        await grantOf('grant_a', 100_000_000_000_001n);
        await holdOf(1, 100_000_000_000_000n);
        expect(await balance()).toMatchObject({ availableNanoUsd: 1n, heldNanoUsd: 100_000_000_000_000n });
        await settleOf(makeHoldId(clock.nowMs, 1), 99_999_999_999_999n);
        expect(await grantState('grant_a')).toMatchObject({ remainingNanoUsd: 2n, spentNanoUsd: 99_999_999_999_999n });
      });
      test('one that expires before its effect, or has expired, is refused', async () => {
        expect((await grantOf('grant_a', 1n, { effectiveAtMs: START_MS + 5, expiresAtMs: START_MS + 5 })).result).toBe(
          'bad_time',
        );
        expect((await grantOf('grant_a', 1n, { effectiveAtMs: START_MS - 9, expiresAtMs: START_MS })).result).toBe(
          'bad_time',
        );
      });
      test('one not yet in effect is pending, then available at its very instant', async () => {
        await grantOf('grant_a', 7n, { effectiveAtMs: START_MS + 1_000 });
        expect(await balance()).toMatchObject({ availableNanoUsd: 0n, pendingNanoUsd: 7n });
        clock.nowMs += 999;
        expect((await holdOf(1, 1n)).result).toBe('insufficient_credit');
        clock.nowMs += 1;
        expect((await holdOf(2, 7n)).result).toBe('held');
      });
      test('expire at their very instant, the held part only when it comes back', async () => {
        await grantOf('grant_a', 10n, { expiresAtMs: START_MS + 60_000 });
        const holdId = makeHoldId(clock.nowMs, 1);
        await holdOf(1, 4n);
        clock.nowMs += 59_999;
        expect((await balance()).availableNanoUsd).toBe(6n);
        clock.nowMs += 1;
        expect(await balance()).toMatchObject({ availableNanoUsd: 0n, heldNanoUsd: 4n, expiredNanoUsd: 6n });
        await settleOf(holdId, 3n);
        expect(await balance()).toMatchObject({
          heldNanoUsd: 0n,
          spentNanoUsd: 3n,
          expiredNanoUsd: 7n,
          debtNanoUsd: 0n,
        });
      });
      test('burn by priority, expiry, promotional before paid, effect, creation', async () => {
        const soon = START_MS + 10 * DAY_MS;
        const late = START_MS + 20 * DAY_MS;
        await grantOf('grant_late', 1n, { expiresAtMs: late });
        await grantOf('grant_paid', 1n, { expiresAtMs: soon });
        await grantOf('grant_promotional', 1n, { expiresAtMs: soon, kind: 'promotional' });
        await grantOf('grant_earlier', 1n, { expiresAtMs: soon, effectiveAtMs: START_MS - 5 });
        await grantOf('grant_first', 1n, { expiresAtMs: late, priority: 10 });
        await grantOf('grant_last', 1n, { expiresAtMs: soon, priority: 90 });
        await grantOf('grant_twin', 1n, { expiresAtMs: soon });
        await holdOf(1, 7n);
        const [hold] = await ledger.readHolds(accountId);
        expect(hold?.allocations.map((part) => part.grantId)).toEqual([
          'grant_first',
          'grant_promotional',
          'grant_earlier',
          'grant_paid',
          'grant_twin',
          'grant_late',
          'grant_last',
        ]);
      });
      test('several that are due at once expire in order of creation', async () => {
        await grantOf('grant_b', 7n, { expiresAtMs: START_MS + 2_000 });
        await grantOf('grant_a', 5n, { expiresAtMs: START_MS + 1_000 });
        clock.nowMs += 2_000;
        await ledger.tick({ accountId });
        const [entry] = await ledger.readJournal(accountId, { afterSequence: 3, limit: 1 });
        expect(entry?.postings.map((posting) => posting.grantId)).toEqual(['grant_b', 'grant_a']);
      });
      test('stacked ones each run their own clock', async () => {
        await grantOf('grant_six_months', 5n, { expiresAtMs: START_MS + 180 * DAY_MS });
        await grantOf('grant_year', 5n, { expiresAtMs: Date.UTC(2027, 10, 20, 12) });
        clock.nowMs = START_MS + 180 * DAY_MS;
        expect(await balance()).toMatchObject({ availableNanoUsd: 5n, expiredNanoUsd: 5n });
        clock.nowMs = Date.UTC(2027, 10, 20, 12);
        expect(await balance()).toMatchObject({ availableNanoUsd: 0n, expiredNanoUsd: 10n });
      });
      test('one with a model scope pays for its models only', async () => {
        await grantOf('grant_haiku', 5n, { models: ['haiku'], expiresAtMs: START_MS + DAY_MS });
        await grantOf('grant_any', 3n);
        expect(await holdOf(1, 4n)).toMatchObject({
          result: 'insufficient_credit',
          availableNanoUsd: 3n,
          neededNanoUsd: 4n,
        });
        expect((await holdOf(2, 8n, { modelLabels: ['claude-haiku-5-5', 'haiku'] })).result).toBe('held');
        expect(await grantState('grant_any')).toMatchObject({ heldNanoUsd: 3n });
      });
      test('voiding takes what is left now and what comes back later, never what is spent', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 4n);
        expect(await ledger.voidGrant({ accountId, grantId: 'grant_a' })).toMatchObject({
          result: 'voided',
          balance: { voidedNanoUsd: 6n, heldNanoUsd: 4n, availableNanoUsd: 0n },
        });
        expect((await ledger.voidGrant({ accountId, grantId: 'grant_a' })).result).toBe('already_voided');
        expect((await ledger.voidGrant({ accountId, grantId: 'grant_z' })).result).toBe('no_grant');
        await settleOf(makeHoldId(clock.nowMs, 1), 1n);
        expect(await grantState('grant_a')).toMatchObject({
          voidedNanoUsd: 9n,
          spentNanoUsd: 1n,
          remainingNanoUsd: 0n,
        });
      });
    });

    describe('holds', () => {
      test('reserve, and are refused when credit is short, naming what there is and what it takes', async () => {
        await grantOf('grant_a', 10n);
        expect(await holdOf(1, 6n)).toMatchObject({
          result: 'held',
          amountNanoUsd: 6n,
          balance: { availableNanoUsd: 4n, heldNanoUsd: 6n },
        });
        expect(await holdOf(2, 5n)).toEqual({ result: 'insufficient_credit', availableNanoUsd: 4n, neededNanoUsd: 5n });
        expect((await holdOf(3, 4n)).result).toBe('held');
      });
      test('are made once: a resend finds the hold, a closed id is done', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 6n);
        expect(await holdOf(1, 6n)).toMatchObject({
          result: 'exists',
          amountNanoUsd: 6n,
          balance: { heldNanoUsd: 6n },
        });
        await settleOf(makeHoldId(clock.nowMs, 1), 2n);
        expect(await holdOf(1, 6n)).toEqual({ result: 'done' });
        expect((await balance()).heldNanoUsd).toBe(0n);
      });
      test('span grants, spend from the front and give back from the back', async () => {
        await grantOf('grant_a', 5n, { expiresAtMs: START_MS + DAY_MS });
        await grantOf('grant_b', 5n);
        await holdOf(1, 8n);
        await settleOf(makeHoldId(clock.nowMs, 1), 6n);
        expect(await grantState('grant_a')).toMatchObject({ spentNanoUsd: 5n, remainingNanoUsd: 0n });
        expect(await grantState('grant_b')).toMatchObject({ spentNanoUsd: 1n, remainingNanoUsd: 4n });
      });
      test('take what fits from a minimum up', async () => {
        await grantOf('grant_a', 10n);
        expect(await holdOf(1, 20n, { minNanoUsd: 8n })).toMatchObject({ result: 'held', amountNanoUsd: 10n });
        expect(await holdOf(2, 20n, { minNanoUsd: 1n })).toMatchObject({
          result: 'insufficient_credit',
          neededNanoUsd: 1n,
        });
      });
      test('of nothing are allowed with nothing', async () => {
        expect((await holdOf(1, 0n)).result).toBe('held');
        expect(await settleOf(makeHoldId(clock.nowMs, 1), 0n)).toMatchObject({ result: 'settled', overageNanoUsd: 0n });
      });
      test('with an id off by more than thirty seconds are refused', async () => {
        await grantOf('grant_a', 10n);
        expect((await holdOf(1, 1n, { holdId: makeHoldId(clock.nowMs - 30_001, 1) })).result).toBe('bad_time');
        expect((await holdOf(1, 1n, { holdId: makeHoldId(clock.nowMs + 30_001, 1) })).result).toBe('bad_time');
        expect((await holdOf(1, 1n, { holdId: 'hold_x' })).result).toBe('bad_time');
        expect((await holdOf(1, 1n, { holdId: makeHoldId(clock.nowMs - 30_000, 1) })).result).toBe('held');
      });
      test('out of range are refused', async () => {
        expect(await holdOf(1, -1n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect(await holdOf(1, 2n ** 53n)).toEqual({ result: 'out_of_range', what: 'amount' });
        expect(await holdOf(1, 1n, { tokens: -1n })).toEqual({ result: 'out_of_range', what: 'tokens' });
      });
      test('are enlarged to a total, once, and prolonged by a heartbeat without an entry', async () => {
        await grantOf('grant_a', 10n);
        const holdId = makeHoldId(clock.nowMs, 1);
        await holdOf(1, 4n);
        const extend = (toNanoUsd: bigint) =>
          ledger.extend({ accountId, holdId, toNanoUsd, leaseMs: 120_000, modelLabels: ['opus'], cells: [] });
        expect(await extend(7n)).toMatchObject({
          result: 'extended',
          amountNanoUsd: 7n,
          balance: { availableNanoUsd: 3n },
        });
        expect(await extend(7n)).toMatchObject({
          result: 'extended',
          amountNanoUsd: 7n,
          balance: { availableNanoUsd: 3n },
        });
        expect(await extend(11n)).toMatchObject({
          result: 'insufficient_credit',
          availableNanoUsd: 3n,
          neededNanoUsd: 4n,
        });
        const before = (await balance()).sequence;
        clock.nowMs += 60_000;
        expect(await extend(0n)).toMatchObject({ result: 'extended', amountNanoUsd: 7n });
        expect((await balance()).sequence).toBe(before);
        expect((await ledger.readHolds(accountId))[0]?.deadlineMs).toBe(clock.nowMs + 120_000);
        expect(
          (await ledger.extend({ accountId, holdId: 'hold_x', toNanoUsd: 0n, leaseMs: 1, modelLabels: [], cells: [] }))
            .result,
        ).toBe('no_hold');
      });
      test('cannot be kept alive for longer than a day', async () => {
        await grantOf('grant_a', 10n);
        const holdId = makeHoldId(clock.nowMs, 1);
        await holdOf(1, 4n);
        clock.nowMs += DAY_MS - 1_000;
        await ledger.extend({ accountId, holdId, toNanoUsd: 0n, leaseMs: 120_000, modelLabels: [], cells: [] });
        expect((await ledger.readHolds(accountId))[0]?.deadlineMs).toBe(START_MS + DAY_MS);
      });
    });

    describe('settles', () => {
      test('charge the true cost once', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 6n);
        const holdId = makeHoldId(clock.nowMs, 1);
        expect(await settleOf(holdId, 2n)).toMatchObject({
          result: 'settled',
          overageNanoUsd: 0n,
          balance: { availableNanoUsd: 8n, heldNanoUsd: 0n, spentNanoUsd: 2n, chargedNanoUsd: 2n },
        });
        expect(await settleOf(holdId, 2n)).toEqual({ result: 'duplicate' });
        expect(await settleOf(holdId, 3n)).toEqual({ result: 'conflict' });
        expect((await ledger.release({ accountId, holdId })).result).toBe('done');
        expect((await balance()).chargedNanoUsd).toBe(2n);
      });
      test('beyond the hold draw on live credit, then become debt', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 6n);
        expect(await settleOf(makeHoldId(clock.nowMs, 1), 9n)).toMatchObject({
          result: 'settled',
          overageNanoUsd: 3n,
          balance: { availableNanoUsd: 1n, debtNanoUsd: 0n },
        });
        await holdOf(2, 1n);
        expect(await settleOf(makeHoldId(clock.nowMs, 2), 5n)).toMatchObject({
          overageNanoUsd: 4n,
          balance: { availableNanoUsd: 0n, debtNanoUsd: 4n, chargedNanoUsd: 14n },
        });
        expect((await holdOf(3, 1n)).result).toBe('insufficient_credit');
      });
      test('debt is repaid first by the next credit', async () => {
        await holdOf(1, 0n);
        await settleOf(makeHoldId(clock.nowMs, 1), 4n);
        expect(await grantOf('grant_a', 3n)).toMatchObject({
          balance: { availableNanoUsd: 0n, debtNanoUsd: 1n, spentNanoUsd: 3n },
        });
        expect(await grantOf('grant_b', 3n)).toMatchObject({
          balance: { availableNanoUsd: 2n, debtNanoUsd: 0n, chargedNanoUsd: 4n },
        });
      });
      test('debt is repaid by credit that takes effect later, and by what a hold gives back', async () => {
        await grantOf('grant_later', 2n, { effectiveAtMs: START_MS + 1_000 });
        await grantOf('grant_a', 5n);
        await holdOf(1, 5n);
        await holdOf(2, 0n);
        await settleOf(makeHoldId(clock.nowMs, 2), 4n);
        expect((await balance()).debtNanoUsd).toBe(4n);
        clock.nowMs += 1_000;
        expect(await balance()).toMatchObject({ debtNanoUsd: 2n, availableNanoUsd: 0n });
        await ledger.release({ accountId, holdId: makeHoldId(START_MS, 1) });
        expect(await balance()).toMatchObject({ debtNanoUsd: 0n, availableNanoUsd: 3n });
      });
      test('of a single nano-dollar make the account due when later credit takes effect', async () => {
        await grantOf('grant_later', 2n, { effectiveAtMs: START_MS + 1_000 });
        await holdOf(1, 0n);
        await settleOf(makeHoldId(clock.nowMs, 1), 1n);
        clock.nowMs += 999;
        expect((await ledger.findDue(9)).accounts).toEqual([]);
        clock.nowMs += 1;
        expect((await ledger.findDue(9)).accounts).toEqual([accountId]);
      });
      test('of a hold that was never seen are charged late, once', async () => {
        await grantOf('grant_a', 10n);
        const holdId = makeHoldId(clock.nowMs - 60_000, 1);
        expect(await settleOf(holdId, 4n)).toMatchObject({
          result: 'late',
          balance: { availableNanoUsd: 6n, chargedNanoUsd: 4n },
        });
        expect(await settleOf(holdId, 4n)).toEqual({ result: 'duplicate' });
        expect(await settleOf(holdId, 5n)).toEqual({ result: 'conflict' });
      });
      test('older than the tombstones are too old to know', async () => {
        await grantOf('grant_a', 10n);
        const life = 72 * 3_600_000;
        expect((await settleOf(makeHoldId(clock.nowMs - life - 1, 1), 4n)).result).toBe('too_old');
        expect((await settleOf(makeHoldId(clock.nowMs - life, 2), 4n)).result).toBe('late');
      });
      test('out of range are refused', async () => {
        await holdOf(1, 0n);
        expect((await settleOf(makeHoldId(clock.nowMs, 1), -1n)).result).toBe('out_of_range');
        expect((await settleOf(makeHoldId(clock.nowMs, 1), 2n ** 53n)).result).toBe('out_of_range');
        expect((await ledger.readHolds(accountId)).length).toBe(1);
      });
      test("carry the caller's facts into the journal", async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 6n);
        const details = { model: 'claude-opus-5-5', tokens: { input: 12 }, text: 'ä"\\\n😀' };
        await settleOf(makeHoldId(clock.nowMs, 1), 2n, { details });
        const entries = await ledger.readJournal(accountId, { afterSequence: 3, limit: 10 });
        expect(entries).toEqual([
          {
            accountId,
            sequence: 4,
            atMs: clock.nowMs,
            operation: 'settle',
            subjectId: makeHoldId(clock.nowMs, 1),
            amountNanoUsd: 2n,
            postings: [
              { kind: 'settle', grantId: 'grant_a', amountNanoUsd: 2n },
              { kind: 'unhold', grantId: 'grant_a', amountNanoUsd: 4n },
            ],
            cells: [],
            details,
          },
        ]);
      });
    });

    describe('releases and reclaims', () => {
      test('give everything back, once', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 6n);
        const holdId = makeHoldId(clock.nowMs, 1);
        expect(await ledger.release({ accountId, holdId })).toMatchObject({
          result: 'released',
          balance: { availableNanoUsd: 10n },
        });
        expect((await ledger.release({ accountId, holdId })).result).toBe('duplicate');
        expect((await settleOf(holdId, 2n)).result).toBe('conflict');
        expect((await ledger.reclaim({ accountId, holdId })).result).toBe('done');
      });
      test('a release that arrives before its hold keeps the hold from coming alive', async () => {
        await grantOf('grant_a', 10n);
        const holdId = makeHoldId(clock.nowMs, 1);
        expect((await ledger.release({ accountId, holdId })).result).toBe('released');
        expect((await holdOf(1, 6n)).result).toBe('done');
        expect((await balance()).heldNanoUsd).toBe(0n);
      });
      test('a lease that has ended is reclaimed, not before, and a late settle is charged once', async () => {
        await grantOf('grant_a', 10n);
        await holdOf(1, 6n);
        const holdId = makeHoldId(clock.nowMs, 1);
        clock.nowMs += 119_999;
        expect((await ledger.findDue(10)).holds).toEqual([]);
        expect((await ledger.reclaim({ accountId, holdId })).result).toBe('early');
        clock.nowMs += 1;
        expect((await ledger.findDue(10)).holds).toEqual([{ accountId, holdId }]);
        expect(await ledger.reclaim({ accountId, holdId })).toMatchObject({
          result: 'reclaimed',
          amountNanoUsd: 6n,
          balance: { availableNanoUsd: 10n },
        });
        expect((await ledger.reclaim({ accountId, holdId })).result).toBe('done');
        expect((await ledger.release({ accountId, holdId })).result).toBe('done');
        expect(await settleOf(holdId, 7n)).toMatchObject({ result: 'late', balance: { availableNanoUsd: 3n } });
        expect((await settleOf(holdId, 7n)).result).toBe('duplicate');
        expect((await ledger.reclaim({ accountId, holdId: makeHoldId(clock.nowMs, 9) })).result).toBe('no_hold');
      });
      test('an account with credit that has expired is due', async () => {
        await grantOf('grant_a', 10n, { expiresAtMs: START_MS + 1_000 });
        expect((await ledger.findDue(10)).accounts).toEqual([]);
        clock.nowMs += 1_000;
        expect((await ledger.findDue(10)).accounts).toEqual([accountId]);
        expect(await ledger.tick({ accountId })).toMatchObject({
          result: 'advanced',
          balance: { expiredNanoUsd: 10n },
        });
        expect((await ledger.tick({ accountId })).result).toBe('idle');
        expect((await ledger.findDue(10)).accounts).toEqual([]);
      });
    });

    describe('credit limit', () => {
      test('holds on a limit leave debt that the next grant repays', async () => {
        await ledger.setPolicy({ accountId, mode: 'postpaid', creditLimitNanoUsd: 10n });
        await grantOf('grant_a', 3n);
        expect(await holdOf(1, 8n)).toMatchObject({
          result: 'held',
          balance: { heldNanoUsd: 3n, debtHeldNanoUsd: 5n },
        });
        expect(await holdOf(2, 6n)).toMatchObject({ result: 'insufficient_credit', availableNanoUsd: 5n });
        expect(await settleOf(makeHoldId(clock.nowMs, 1), 7n)).toMatchObject({
          overageNanoUsd: 0n,
          balance: { debtNanoUsd: 4n, debtHeldNanoUsd: 0n },
        });
        expect(await grantOf('grant_b', 10n)).toMatchObject({ balance: { debtNanoUsd: 0n, availableNanoUsd: 6n } });
      });
    });

    describe('quota cells', () => {
      const cell = (quotaId: string, limit: bigint, terms: Partial<QuotaCell> = {}): QuotaCell => ({
        quotaId,
        window: 'day:2026-11-20',
        measure: 'usd',
        limit,
        mode: 'hard',
        endsAtMs: START_MS + DAY_MS / 2,
        ...terms,
      });
      const name = (quotaId: string, window = 'day:2026-11-20') => ({ quotaId, window });

      test('are checked with the credit, all or nothing', async () => {
        await grantOf('grant_a', 100n * USD);
        const cells = [cell('quota_team', 10n), cell('quota_key', 5n)];
        expect(await holdOf(1, 5n, { cells })).toMatchObject({
          result: 'held',
          cells: [{ used: 0n, held: 5n }, { held: 5n }],
        });
        expect(await holdOf(2, 1n, { cells })).toEqual({
          result: 'quota_exceeded',
          quotaId: 'quota_key',
          window: 'day:2026-11-20',
          limit: 5n,
          room: 0n,
          endsAtMs: START_MS + DAY_MS / 2,
        });
        expect(await ledger.readCells(accountId, [name('quota_team'), name('quota_key')])).toEqual([
          { used: 0n, held: 5n },
          { used: 0n, held: 5n },
        ]);
        await settleOf(makeHoldId(clock.nowMs, 1), 3n, { cells });
        expect(await ledger.readCells(accountId, [name('quota_team'), name('quota_key')])).toEqual([
          { used: 3n, held: 0n },
          { used: 3n, held: 0n },
        ]);
        expect((await holdOf(3, 2n, { cells })).result).toBe('held');
      });
      test('are told of once in an entry, whatever is done to them, a name that JSON escapes among them', async () => {
        await grantOf('grant_a', 100n * USD);
        const zone = { window: 'month:2026-11-20@20:Europe/Berlin' };
        const cells = [
          cell('quota_a', 10n, zone),
          cell('quota_b', 9n, { measure: 'requests', window: 'tab\t"\\' }),
          cell('quota_c', 9n, { measure: 'concurrency', window: 'total' }),
        ];
        await holdOf(1, 5n, { cells });
        await settleOf(makeHoldId(clock.nowMs, 1), 3n, { cells });
        const [held, settled] = (await ledger.readJournal(accountId, { afterSequence: 0, limit: 9 })).slice(-2);
        const [a, b, c] = cells.map(({ quotaId, window }) => ({ quotaId, window }));
        expect(held?.cells).toEqual([
          { ...a, held: 5n, used: 0n },
          { ...b, held: 1n, used: 0n },
          { ...c, held: 1n, used: 0n },
        ]);
        expect(settled?.cells).toEqual([
          { ...a, held: -5n, used: 3n },
          { ...b, held: -1n, used: 1n },
          { ...c, held: -1n, used: 0n },
        ]);
      });
      test('count tokens, requests and open calls', async () => {
        await grantOf('grant_a', 100n);
        const cells = [
          cell('quota_tokens', 250n, { measure: 'tokens' }),
          cell('quota_requests', 3n, { measure: 'requests' }),
          cell('quota_open', 2n, { measure: 'concurrency', window: 'total' }),
        ];
        await holdOf(1, 1n, { cells });
        await holdOf(2, 1n, { cells });
        expect(await holdOf(3, 1n, { cells })).toMatchObject({
          result: 'quota_exceeded',
          quotaId: 'quota_tokens',
          room: 50n,
        });
        expect(await holdOf(3, 1n, { cells, tokens: 50n })).toMatchObject({
          result: 'quota_exceeded',
          quotaId: 'quota_open',
          room: 0n,
        });
        await settleOf(makeHoldId(clock.nowMs, 1), 1n, { cells });
        await ledger.release({ accountId, holdId: makeHoldId(clock.nowMs, 2) });
        expect(await ledger.readCells(accountId, cells)).toEqual([
          { used: 40n, held: 0n },
          { used: 1n, held: 0n },
          { used: 0n, held: 0n },
        ]);
      });
      test('count as many requests as a batch has, and in the end as many as were served', async () => {
        await grantOf('grant_a', 100n);
        const cells = [
          cell('quota_requests', 5n, { measure: 'requests', count: 4 }),
          cell('quota_open', 2n, { measure: 'concurrency', window: 'total', count: 4 }),
          cell('quota_usd', 50n, { count: 4 }),
        ];
        expect((await holdOf(1, 7n, { cells })).result).toBe('held');
        expect(await ledger.readCells(accountId, cells)).toMatchObject([{ held: 4n }, { held: 1n }, { held: 7n }]);
        expect(await holdOf(2, 1n, { cells })).toMatchObject({
          result: 'quota_exceeded',
          quotaId: 'quota_requests',
          room: 1n,
        });
        const served = (count: number) => cells.map((each) => ({ ...each, count }));
        expect((await holdOf(3, 1n, { cells: served(1) })).result).toBe('held');
        await settleOf(makeHoldId(clock.nowMs, 1), 5n, { cells: served(3) });
        await settleOf(makeHoldId(clock.nowMs, 3), 0n, { cells: served(0) });
        expect(await ledger.readCells(accountId, cells)).toEqual([
          { used: 3n, held: 0n },
          { used: 0n, held: 0n },
          { used: 5n, held: 0n },
        ]);
      });
      test('soft and shadow ones count and refuse nothing; zero blocks', async () => {
        await grantOf('grant_a', 100n);
        expect(
          (
            await holdOf(1, 5n, {
              cells: [cell('quota_a', 1n, { mode: 'soft' }), cell('quota_b', 0n, { mode: 'shadow' })],
            })
          ).result,
        ).toBe('held');
        expect(await ledger.readCells(accountId, [name('quota_a')])).toEqual([{ used: 0n, held: 5n }]);
        expect((await holdOf(2, 0n, { cells: [cell('quota_c', 0n)] })).result).toBe('quota_exceeded');
      });
      test('follow an extension, and a settle moves the window the call began in', async () => {
        await grantOf('grant_a', 100n);
        const cells = [cell('quota_a', 10n)];
        const holdId = makeHoldId(clock.nowMs, 1);
        await holdOf(1, 5n, { cells });
        const extend = { accountId, holdId, leaseMs: 1, modelLabels: [], cells };
        expect(await ledger.extend({ ...extend, toNanoUsd: 11n })).toMatchObject({
          result: 'quota_exceeded',
          room: 5n,
        });
        expect((await ledger.extend({ ...extend, toNanoUsd: 10n })).result).toBe('extended');
        clock.nowMs += DAY_MS;
        await settleOf(holdId, 9n, { cells });
        expect(await ledger.readCells(accountId, [name('quota_a')])).toEqual([{ used: 9n, held: 0n }]);
      });
      test('a minimum fits the room of a cell', async () => {
        await grantOf('grant_a', 100n);
        expect(await holdOf(1, 50n, { minNanoUsd: 5n, cells: [cell('quota_a', 10n)] })).toMatchObject({
          result: 'held',
          amountNanoUsd: 10n,
        });
      });
      test('more than thirty-two are refused', async () => {
        const cells = Array.from({ length: 33 }, (_, index) => cell(`quota_${index}`, 10n));
        expect(await holdOf(1, 0n, { cells })).toEqual({ result: 'out_of_range', what: 'cells' });
      });
    });

    test('time does not run backwards', async () => {
      await grantOf('grant_a', 10n, { expiresAtMs: START_MS + 60_000 });
      clock.nowMs += 60_000;
      expect((await balance()).expiredNanoUsd).toBe(10n);
      clock.nowMs -= 30_000;
      expect(await balance()).toMatchObject({ availableNanoUsd: 0n, expiredNanoUsd: 10n });
      expect((await grantOf('grant_b', 1n, { effectiveAtMs: START_MS, expiresAtMs: START_MS + 50_000 })).result).toBe(
        'bad_time',
      );
    });

    test('parallel holds on limited credit admit exactly what the credit covers', async () => {
      await grantOf('grant_a', 100n);
      const replies = await Promise.all(Array.from({ length: 64 }, (_, index) => holdOf(index, 7n)));
      expect(replies.filter((reply) => reply.result === 'held')).toHaveLength(14);
      expect((await balance()).availableNanoUsd).toBe(2n);
    });

    test('the journal is contiguous, in pages', async () => {
      await grantOf('grant_a', 10n);
      for (let number = 1; number <= 5; number += 1) await holdOf(number, 1n);
      const first = await ledger.readJournal(accountId, { afterSequence: 0, limit: 4 });
      const rest = await ledger.readJournal(accountId, { afterSequence: 4, limit: 100 });
      expect([...first, ...rest].map((entry) => entry.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    });
  });
}

/** Invariants hold, and the fold of the journal is the state that the store shows. */
export async function expectSoundBooks(ledger: Ledger, accountId: string, nowMs: number): Promise<void> {
  const balance = await ledger.readBalance(accountId);
  if (balance === undefined) return;
  const entries = await ledger.readJournal(accountId, { afterSequence: 0, limit: 1_000_000 });
  const folded = foldJournal(accountId, entries);
  expect(findBrokenInvariants(folded, Math.max(nowMs, folded.lastMs))).toEqual([]);
  expect(folded.sequence).toBe(balance.sequence);
  expect([...folded.grants.values()].sort(byOrdinal)).toEqual((await ledger.readGrants(accountId)).sort(byOrdinal));
  const holds = await ledger.readHolds(accountId);
  const withoutLease = ({ deadlineMs: _deadlineMs, ...hold }: (typeof holds)[number]) => hold;
  expect([...folded.holds.values()].sort(byId).map(withoutLease)).toEqual(holds.sort(byId).map(withoutLease));
  const names = [...folded.cells.keys()].map(readCellKey);
  expect([...folded.cells.values()]).toEqual(await ledger.readCells(accountId, names));
  expect(folded.totals.grantedNanoUsd).toBe(balance.grantedNanoUsd);
  expect(folded.debtNanoUsd).toBe(balance.debtNanoUsd);
  expect(folded.chargedNanoUsd).toBe(balance.chargedNanoUsd);
}

function byOrdinal(left: { ordinal: number }, right: { ordinal: number }): number {
  return left.ordinal - right.ordinal;
}
function byId(left: { holdId: string }, right: { holdId: string }): number {
  return left.holdId < right.holdId ? -1 : 1;
}
