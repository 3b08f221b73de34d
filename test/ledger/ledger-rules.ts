import { describe, expect, test } from 'vitest';
import type { CorrectCommand, QuotaCell, RefundCommand } from '../../src/ledger/ledger.ts';
import { START_MS } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';
import { DAY_MS, LEASE_MS, type LedgerSetup, type OpenLedger, useLedger } from './use-ledger.ts';

const HOUR_MS = 3_600_000;

/** What can have become of a hold of 5 when a message about it arrives. */
const STATES: Record<string, (on: LedgerSetup, number: number) => Promise<unknown>> = {
  unknown: async () => {},
  open: (on, number) => on.hold(number, 5n),
  settled: async (on, number) => {
    await on.hold(number, 5n);
    await on.settle(number, 4n);
  },
  late: (on, number) => on.settle(number, 4n),
  released: async (on, number) => {
    await on.hold(number, 5n);
    await on.end('release', number);
  },
  reclaimed: async (on, number) => {
    await on.hold(number, 5n, { leaseMs: 0 });
    await on.end('reclaim', number);
  },
};

/** The messages that can arrive. */
const EVENTS: ((on: LedgerSetup, number: number) => Promise<{ result: string }>)[] = [
  (on, number) => on.settle(number, 4n),
  (on, number) => on.settle(number, 3n),
  (on, number) => on.end('release', number),
  (on, number) => on.end('reclaim', number),
  (on, number) => on.hold(number, 5n),
];

/** Hold 2 was charged 4, of which refund_1 gave 1 back. */
const charged = (on: LedgerSetup) => ({
  ...{ accountId: on.accountId, holdId: on.id(2), debtNanoUsd: 0n, fallbackGrantIds: [] },
  allocations: [{ grantId: 'grant_a', amountNanoUsd: 4n }],
});
const ELSEWHERE = [{ grantId: 'grant_x', amountNanoUsd: 4n }];
const refundOf = (on: LedgerSetup, terms: Partial<RefundCommand>): RefundCommand => ({
  ...charged(on),
  refundId: 'refund_1',
  ...terms,
});
const correctionOf = (on: LedgerSetup, terms: Partial<CorrectCommand>): CorrectCommand => ({
  ...charged(on),
  ...{ correctionId: 'correction_1', toNanoUsd: 1n },
  ...terms,
});

/** Commands that change nothing by themselves, on an account with a hold 1 of 5, a settled 2 and a released 3. */
const IDLE: [reply: string, command: (on: LedgerSetup) => Promise<{ result: string }>][] = [
  ['exists', (on) => on.grant('grant_a', 100n, { expiresAtMs: START_MS + 9 * DAY_MS })],
  ['conflict', (on) => on.grant('grant_a', 101n)],
  ['bad_time', (on) => on.grant('grant_b', 1n, { expiresAtMs: START_MS })],
  ['out_of_range', (on) => on.grant('grant_b', 0n)],
  ['exists', (on) => on.hold(1, 5n)],
  ['done', (on) => on.hold(2, 5n)],
  ['bad_time', (on) => on.hold(8, 5n, { holdId: 'hold_x' })],
  ['insufficient_credit', (on) => on.hold(8, 1_000n)],
  ['extended', (on) => on.extend(1, 5n)],
  ['no_hold', (on) => on.extend(8, 5n)],
  ['insufficient_credit', (on) => on.extend(1, 1_000n)],
  ['duplicate', (on) => on.settle(2, 4n)],
  ['conflict', (on) => on.settle(3, 4n)],
  ['too_old', (on) => on.settle(8, 4n, { holdId: 'hold_x' })],
  ['out_of_range', (on) => on.settle(1, -1n)],
  ['duplicate', (on) => on.end('release', 3)],
  ['done', (on) => on.end('release', 2)],
  ['early', (on) => on.end('reclaim', 1)],
  ['done', (on) => on.end('reclaim', 2)],
  ['no_hold', (on) => on.end('reclaim', 8)],
  ['exists', (on) => on.ledger.refund(refundOf(on, { amountNanoUsd: 1n }))],
  ['conflict', (on) => on.ledger.refund(refundOf(on, { amountNanoUsd: 2n }))],
  ['not_settled', (on) => on.ledger.refund(refundOf(on, { refundId: 'refund_2', holdId: on.id(1) }))],
  ['exceeds_charge', (on) => on.ledger.refund(refundOf(on, { refundId: 'refund_2', amountNanoUsd: 4n }))],
  ['no_credit', (on) => on.ledger.refund(refundOf(on, { refundId: 'refund_2', allocations: ELSEWHERE }))],
  ['exists', (on) => on.ledger.correct(correctionOf(on, { correctionId: 'refund_1' }))],
  ['conflict', (on) => on.ledger.correct(correctionOf(on, { correctionId: 'refund_1', holdId: on.id(1) }))],
  ['unchanged', (on) => on.ledger.correct(correctionOf(on, { toNanoUsd: 3n }))],
  ['not_settled', (on) => on.ledger.correct(correctionOf(on, { holdId: on.id(1) }))],
  ['no_credit', (on) => on.ledger.correct(correctionOf(on, { allocations: ELSEWHERE, toNanoUsd: 0n }))],
  ['unchanged', (on) => on.ledger.setPolicy({ accountId: on.accountId, status: 'open' })],
  ['no_grant', (on) => on.ledger.voidGrant({ accountId: on.accountId, grantId: 'grant_x' })],
  ['already_voided', (on) => on.ledger.voidGrant({ accountId: on.accountId, grantId: 'grant_void' })],
  ['advanced', (on) => on.ledger.tick({ accountId: on.accountId })],
];

/** The rules of the ledger as tables: every store keeps them. */
export function describeLedgerRules(name: string, open: OpenLedger): void {
  describe(`rules of the ledger on ${name}`, () => {
    const on = useLedger(open);
    const cell = (quotaId: string, limit: bigint, terms: Partial<QuotaCell> = {}): QuotaCell => ({
      ...{ quotaId, window: 'day:2026-11-20', measure: 'usd', limit, mode: 'hard' },
      ...terms,
    });

    describe('a call is charged once, whatever arrives in whatever order', () => {
      test.each([
        // When the hold is     settle 4     settle 3    release      reclaim    hold      and is charged in all
        ['unknown', ['late', 'late', 'released', 'no_hold', 'held'], 7n],
        ['open', ['settled', 'settled', 'released', 'early', 'exists'], 7n],
        ['settled', ['duplicate', 'conflict', 'done', 'done', 'done'], 20n],
        ['late', ['duplicate', 'conflict', 'done', 'done', 'done'], 20n],
        ['released', ['conflict', 'conflict', 'duplicate', 'done', 'done'], 0n],
        ['reclaimed', ['late', 'late', 'done', 'done', 'done'], 7n],
      ] as const)('%s: %s', async (state, results, chargedNanoUsd) => {
        await on.grant('grant_a', 1_000n);
        for (const number of EVENTS.keys()) await STATES[state]?.(on, number);
        const replies = [];
        for (const [number, event] of EVENTS.entries()) replies.push((await event(on, number)).result);
        expect(replies).toEqual(results);
        expect(await on.balance()).toMatchObject({ chargedNanoUsd, spentNanoUsd: chargedNanoUsd });
        // Said a second time nothing changes any more.
        const before = await on.balance();
        for (const [number, event] of EVENTS.entries()) await event(on, number);
        expect(await on.balance()).toEqual(before);
      });
      test('a hold that nobody reclaimed for days is still settled from what it holds', async () => {
        await on.grant('grant_a', 10n, { expiresAtMs: START_MS + 30 * DAY_MS });
        await on.hold(1, 6n);
        on.clock.nowMs += 80 * HOUR_MS;
        expect(await on.settle(1, 4n)).toMatchObject({ result: 'settled', overageNanoUsd: 0n });
        expect(await on.pockets('grant_a')).toEqual([6n, 0n, 4n, 0n, 0n]);
      });
    });

    describe('what is due by time is done and noted whatever else is asked', () => {
      test.each(IDLE)('%s (%#)', async (result, command) => {
        await on.grant('grant_a', 100n, { expiresAtMs: START_MS + 9 * DAY_MS });
        await on.grant('grant_void', 1n);
        await on.ledger.voidGrant({ accountId: on.accountId, grantId: 'grant_void' });
        await on.hold(1, 5n);
        await on.hold(2, 5n);
        await on.settle(2, 4n);
        await on.end('release', 3);
        await on.ledger.refund(refundOf(on, { amountNanoUsd: 1n }));
        await on.grant('grant_due', 7n, { expiresAtMs: START_MS + 1_000 });
        const { sequence } = await on.balance();
        on.clock.nowMs += 1_000;
        const reply: { result: string; balance?: { sequence: number } } = await command(on);
        expect(reply.result).toBe(result);
        // A reply that shows the account shows it with that entry.
        if (reply.balance !== undefined) expect(reply.balance.sequence).toBe(sequence + 1);
        const [tick, ...others] = await on.ledger.readJournal(on.accountId, { afterSequence: sequence, limit: 9 });
        expect(tick).toMatchObject({ operation: 'tick', subjectId: on.accountId, atMs: START_MS + 1_000 });
        expect(tick?.postings).toEqual([{ kind: 'expire', grantId: 'grant_due', amountNanoUsd: 7n }]);
        expect(others).toEqual([]);
      });
    });

    describe('accounts', () => {
      test('open with their mode and credit limit', async () => {
        const accountId = 'acct_postpaid';
        await on.ledger.openAccount({ accountId, mode: 'postpaid', creditLimitNanoUsd: 7n });
        expect(await on.ledger.readBalance(accountId)).toMatchObject({ mode: 'postpaid', creditLimitNanoUsd: 7n });
        const [entry] = await on.ledger.readJournal(accountId, { afterSequence: 0, limit: 1 });
        expect(entry?.terms).toEqual({ status: 'open', mode: 'postpaid', creditLimitNanoUsd: '7' });
      });
      test('that close lose credit not yet in effect as well, and still know a grant sent again', async () => {
        await on.grant('grant_later', 5n, { effectiveAtMs: START_MS + HOUR_MS });
        await on.ledger.closeAccount({ accountId: on.accountId });
        expect(await on.balance()).toMatchObject({ pendingNanoUsd: 0n, expiredNanoUsd: 5n });
        expect((await on.grant('grant_later', 5n, { effectiveAtMs: START_MS + HOUR_MS })).result).toBe('exists');
      });
      test('that close lose their credit in the order in which it was granted', async () => {
        await on.grant('grant_b', 1n, { priority: 90 });
        await on.grant('grant_a', 2n, { priority: 10 });
        await on.grant('grant_c', 3n, { priority: 50 });
        await on.ledger.closeAccount({ accountId: on.accountId });
        expect((await on.lastEntry()).postings.map((posting) => posting.grantId)).toEqual([
          'grant_b',
          'grant_a',
          'grant_c',
        ]);
      });
      test('that are closed owe what a running call costs beyond its hold', async () => {
        await on.grant('grant_a', 10n);
        await on.hold(1, 4n);
        await on.ledger.closeAccount({ accountId: on.accountId });
        expect(await on.settle(1, 6n)).toMatchObject({ result: 'settled', overageNanoUsd: 2n });
        expect(await on.balance()).toMatchObject({ debtNanoUsd: 2n, spentNanoUsd: 4n, expiredNanoUsd: 6n });
      });
      test('with a lower credit limit refuse new holds, and running ones keep theirs', async () => {
        const setLimit = (creditLimitNanoUsd: bigint) =>
          on.ledger.setPolicy({ accountId: on.accountId, mode: 'postpaid', creditLimitNanoUsd });
        await setLimit(10n);
        await on.hold(1, 8n);
        await setLimit(3n);
        expect(await on.hold(2, 1n)).toEqual({
          result: 'insufficient_credit',
          availableNanoUsd: 0n,
          neededNanoUsd: 1n,
        });
        expect(await on.settle(1, 8n)).toMatchObject({ result: 'settled', overageNanoUsd: 0n });
        await setLimit(9n);
        expect(await on.hold(3, 2n)).toMatchObject({ availableNanoUsd: 1n });
        expect((await on.hold(4, 1n)).result).toBe('held');
      });
    });

    describe('grants', () => {
      test('that burn first but come later leave a hold as it is', async () => {
        await on.grant('grant_paid', 10n);
        await on.hold(1, 5n);
        await on.grant('grant_first', 10n, { priority: 0 });
        await on.settle(1, 5n);
        expect(await on.pockets('grant_paid')).toEqual([5n, 0n, 5n, 0n, 0n]);
        expect(await on.pockets('grant_first')).toEqual([10n, 0n, 0n, 0n, 0n]);
      });
      test('repay debt whatever model they are for', async () => {
        await on.settle(1, 4n);
        await on.grant('grant_haiku', 10n, { models: ['haiku'] });
        expect(await on.balance()).toMatchObject({ debtNanoUsd: 0n, availableNanoUsd: 6n });
      });
      test('are voided before their effect as after it', async () => {
        await on.grant('grant_later', 5n, { effectiveAtMs: START_MS + HOUR_MS });
        await on.ledger.voidGrant({ accountId: on.accountId, grantId: 'grant_later' });
        on.clock.nowMs += HOUR_MS;
        expect(await on.pockets('grant_later')).toEqual([0n, 0n, 0n, 0n, 5n]);
        expect(await on.balance()).toMatchObject({ availableNanoUsd: 0n, pendingNanoUsd: 0n });
      });
    });

    describe('credit that comes back in the step that owes repays in burn order:', () => {
      const LATER = { effectiveAtMs: START_MS, expiresAtMs: START_MS + DAY_MS };
      test.each([
        ['priority', { priority: 10, expiresAtMs: START_MS + 2 * DAY_MS }, {}],
        ['expiry', { expiresAtMs: START_MS + DAY_MS - 1 }, { kind: 'promotional' }],
        ['kind', { kind: 'promotional' }, { effectiveAtMs: START_MS - 1 }],
        ['effect', { effectiveAtMs: START_MS - 1 }, LATER],
      ] as const)('%s', async (_name, first, second) => {
        await on.grant('grant_second', 1n, second);
        await on.grant('grant_first', 1n, first);
        await on.hold(1, 2n);
        await on.settle(2, 1n);
        await on.end('release', 1);
        expect(await on.pockets('grant_first')).toEqual([0n, 0n, 1n, 0n, 0n]);
        expect(await on.pockets('grant_second')).toEqual([1n, 0n, 0n, 0n, 0n]);
      });
      test('creation', async () => {
        const names = Array.from({ length: 12 }, (_, number) => `grant_${(number * 7) % 12}`);
        for (const grantId of names) await on.grant(grantId, 1n);
        await on.hold(1, 12n);
        await on.settle(2, 6n);
        expect(await on.end('release', 1)).toMatchObject({ balance: { debtNanoUsd: 0n } });
        const repaid = (await on.lastEntry()).postings.filter(({ kind }) => kind === 'repay');
        expect(repaid.map(({ grantId }) => grantId)).toEqual(names.slice(0, 6));
      });
    });

    describe('debt', () => {
      const LATER = { effectiveAtMs: START_MS + HOUR_MS };
      test('is repaid by several grants that take effect together, down to the last unit', async () => {
        await on.grant('grant_a', 4n, LATER);
        await on.grant('grant_b', 4n, LATER);
        await on.settle(1, 5n);
        on.clock.nowMs += HOUR_MS;
        expect(await on.ledger.tick({ accountId: on.accountId })).toMatchObject({
          result: 'advanced',
          balance: { debtNanoUsd: 0n, availableNanoUsd: 3n },
        });
      });
      test('repaid in the step that holds leaves what it took for no hold', async () => {
        await on.grant('grant_a', 5n, LATER);
        await on.grant('grant_b', 9n, LATER);
        await on.settle(1, 7n);
        on.clock.nowMs += HOUR_MS;
        const holdOf = (amountNanoUsd: bigint) => on.hold(2, amountNanoUsd, { holdId: makeHoldId(on.clock.nowMs, 2) });
        expect(await holdOf(8n)).toMatchObject({ result: 'insufficient_credit', availableNanoUsd: 7n });
        await on.settle(3, 9n);
        await on.grant('grant_c', 3n, { effectiveAtMs: on.clock.nowMs + 1, expiresAtMs: on.clock.nowMs + DAY_MS });
        await on.grant('grant_d', 3n, { effectiveAtMs: on.clock.nowMs + 1, expiresAtMs: on.clock.nowMs + 2 * DAY_MS });
        on.clock.nowMs += 1;
        expect(await holdOf(5n)).toMatchObject({ result: 'insufficient_credit', availableNanoUsd: 4n });
        expect((await holdOf(4n)).result).toBe('held');
        expect((await on.ledger.readHolds(on.accountId))[0]?.allocations).toEqual([
          { grantId: 'grant_c', amountNanoUsd: 1n },
          { grantId: 'grant_d', amountNanoUsd: 3n },
        ]);
      });
      test('used up whole in the step that holds is in no allocation', async () => {
        await on.grant('grant_a', 5n, LATER);
        await on.grant('grant_b', 9n, LATER);
        await on.settle(1, 5n);
        on.clock.nowMs += HOUR_MS;
        await on.hold(2, 3n, { holdId: makeHoldId(on.clock.nowMs, 2) });
        expect((await on.ledger.readHolds(on.accountId))[0]?.allocations).toEqual([
          { grantId: 'grant_b', amountNanoUsd: 3n },
        ]);
      });
      test('given back by a refund makes no account due when further credit takes effect', async () => {
        await on.grant('grant_a', 5n, LATER);
        await on.settle(1, 1n);
        const charge = { holdId: on.id(1), allocations: [], debtNanoUsd: 1n, fallbackGrantIds: [] };
        await on.ledger.refund({ accountId: on.accountId, refundId: 'refund_1', ...charge });
        on.clock.nowMs += HOUR_MS;
        expect((await on.ledger.findDue(9)).accounts).toEqual([]);
      });
      test('makes no account due to which nothing comes', async () => {
        await on.grant('grant_a', 5n);
        await on.settle(1, 7n);
        on.clock.nowMs += 9 * DAY_MS;
        expect((await on.ledger.findDue(9)).accounts).toEqual([]);
      });
      test('makes an account due at the instant at which further credit takes effect', async () => {
        await on.grant('grant_a', 5n, LATER);
        await on.grant('grant_b', 5n, { effectiveAtMs: START_MS + 2 * HOUR_MS });
        await on.settle(1, 6n);
        for (const due of [START_MS + HOUR_MS, START_MS + 2 * HOUR_MS]) {
          on.clock.nowMs = due - 1;
          expect((await on.ledger.findDue(9)).accounts).toEqual([]);
          on.clock.nowMs = due;
          expect((await on.ledger.findDue(9)).accounts).toEqual([on.accountId]);
          await on.ledger.tick({ accountId: on.accountId });
        }
        expect(await on.balance()).toMatchObject({ debtNanoUsd: 0n, availableNanoUsd: 4n });
        on.clock.nowMs = START_MS + DAY_MS;
        expect((await on.ledger.findDue(9)).accounts).toEqual([on.accountId]);
      });
    });

    test('many grants are counted once each', async () => {
      for (let number = 1; number <= 20; number += 1) await on.grant(`grant_${number}`, 1n);
      expect(await on.hold(1, 21n)).toEqual({
        result: 'insufficient_credit',
        availableNanoUsd: 20n,
        neededNanoUsd: 21n,
      });
      await on.hold(2, 20n);
      expect((await on.ledger.readHolds(on.accountId))[0]?.allocations).toEqual(
        Array.from({ length: 20 }, (_, number) => ({ grantId: `grant_${number + 1}`, amountNanoUsd: 1n })),
      );
    });

    test('credit without an end burns last', async () => {
      const never = { effectiveAtMs: -Number.MAX_SAFE_INTEGER, expiresAtMs: Number.MAX_SAFE_INTEGER };
      await on.grant('grant_never', 1n, never);
      await on.grant('grant_year_9999', 1n, { expiresAtMs: Date.UTC(9999, 11, 31) });
      await on.grant('grant_soon', 1n);
      await on.hold(1, 3n);
      const [hold] = await on.ledger.readHolds(on.accountId);
      expect(hold?.allocations.map(({ grantId }) => grantId)).toEqual(['grant_soon', 'grant_year_9999', 'grant_never']);
    });

    describe('a refusal', () => {
      test.each([
        ['credit before any quota', 11n, [cell('quota_a', 1n)], { result: 'insufficient_credit' }],
        [
          'the first quota that is full',
          5n,
          [cell('quota_a', 9n), cell('quota_b', 4n), cell('quota_c', 3n)],
          { quotaId: 'quota_b', room: 4n },
        ],
        ['room down to the last unit', 2n, [cell('quota_a', 1n)], { quotaId: 'quota_a', room: 1n }],
        [
          'a quota of nothing even to a call that costs nothing',
          0n,
          [cell('quota_a', 0n)],
          { quotaId: 'quota_a', room: 0n },
        ],
      ])('names %s', async (_name, amountNanoUsd, cells, told) => {
        await on.grant('grant_a', 10n);
        const before = await on.balance();
        expect(await on.hold(1, amountNanoUsd, { cells })).toMatchObject(told);
        expect(await on.balance()).toEqual(before);
        expect(await on.ledger.readCells(on.accountId, cells)).toEqual(cells.map(() => ({ used: 0n, held: 0n })));
      });
    });

    describe('quota cells', () => {
      test('of the window in which the call began take a late settle', async () => {
        const cells = [cell('quota_a', 9n), cell('quota_open', 2n, { measure: 'concurrency', window: 'total' })];
        await on.grant('grant_a', 10n, { expiresAtMs: START_MS + 9 * DAY_MS });
        await on.hold(1, 5n, { cells });
        on.clock.nowMs += DAY_MS;
        await on.end('reclaim', 1);
        expect((await on.settle(1, 4n, { cells })).result).toBe('late');
        expect(await on.ledger.readCells(on.accountId, cells)).toEqual([
          { used: 4n, held: 0n },
          { used: 0n, held: 0n },
        ]);
      });
      test('that an extension is the first to name count what it adds', async () => {
        await on.grant('grant_a', 10n);
        await on.hold(1, 2n);
        const cells = [cell('quota_new', 6n)];
        expect(await on.extend(1, 9n, cells)).toMatchObject({ result: 'quota_exceeded', room: 6n });
        expect((await on.extend(1, 8n, cells)).result).toBe('extended');
        expect(await on.ledger.readCells(on.accountId, cells)).toEqual([{ used: 0n, held: 6n }]);
        await on.settle(1, 3n, { cells });
        expect(await on.ledger.readCells(on.accountId, cells)).toEqual([{ used: 3n, held: 0n }]);
      });
      test('count to 2^53 - 1 and no further', async () => {
        const most = 2n ** 53n - 1n;
        const tokens = [cell('quota_tokens', 1n, { measure: 'tokens', mode: 'soft' })];
        const usd = [cell('quota_usd', 1n, { mode: 'soft' })];
        const refused = { result: 'out_of_range', what: 'cells' };
        await on.ledger.setPolicy({ accountId: on.accountId, creditLimitNanoUsd: most });
        await on.grant('grant_a', most);
        expect((await on.hold(1, most - 9n, { cells: [...tokens, ...usd], tokens: most - 2n })).result).toBe('held');
        expect(await on.hold(2, 1n, { cells: tokens, tokens: 3n })).toEqual(refused);
        expect((await on.hold(2, 1n, { cells: tokens, tokens: 2n })).result).toBe('held');
        expect((await on.hold(3, 1n)).result).toBe('held');
        expect(await on.extend(3, 11n, usd)).toEqual(refused);
        expect((await on.extend(3, 10n, usd)).result).toBe('extended');
        expect((await on.settle(1, 0n, { cells: [...tokens, ...usd], tokens: most })).result).toBe('settled');
        expect((await on.settle(2, 1n, { cells: tokens, tokens: 1n })).result).toBe('settled');
        const fresh = [cell('quota_fresh', 1n, { measure: 'tokens', mode: 'soft' })];
        await on.settle(9, 0n, { cells: fresh, tokens: most });
        const full = { used: most, held: 0n };
        expect(await on.ledger.readCells(on.accountId, [...tokens, ...fresh])).toEqual([full, full]);
      });
      test('that a call moves by nothing are not noted', async () => {
        const cells = [cell('quota_a', 9n), cell('quota_tokens', 9n, { measure: 'tokens' })];
        await on.hold(1, 0n, { cells, tokens: 0n });
        expect((await on.lastEntry()).cells).toEqual([]);
        expect((await on.ledger.readHolds(on.accountId))[0]?.cells).toEqual([]);
        await on.settle(1, 0n, { cells, tokens: 0n });
        expect((await on.lastEntry()).cells).toEqual([]);
      });
      test('that a hold sent again names for the first time are empty', async () => {
        await on.grant('grant_a', 10n);
        await on.hold(1, 5n);
        expect(await on.hold(1, 5n, { cells: [cell('quota_new', 9n)] })).toMatchObject({
          result: 'exists',
          cells: [{ quotaId: 'quota_new', window: 'day:2026-11-20', used: 0n, held: 0n }],
        });
      });
    });

    describe('the journal', () => {
      test('notes cost beyond the hold as drawn on credit, and as debt what is beyond that', async () => {
        await on.grant('grant_a', 5n, { priority: 10 });
        await on.grant('grant_b', 4n);
        await on.hold(1, 4n);
        await on.settle(1, 6n);
        expect((await on.lastEntry()).postings).toEqual([
          { kind: 'settle', grantId: 'grant_a', amountNanoUsd: 4n },
          { kind: 'draw', grantId: 'grant_a', amountNanoUsd: 1n },
          { kind: 'draw', grantId: 'grant_b', amountNanoUsd: 1n },
        ]);
        await on.settle(2, 5n);
        expect((await on.lastEntry()).postings).toEqual([
          { kind: 'draw', grantId: 'grant_b', amountNanoUsd: 3n },
          { kind: 'debt', amountNanoUsd: 2n },
        ]);
      });
      test('notes a release of what was never held as of nothing', async () => {
        await on.end('release', 1);
        expect(await on.lastEntry()).toMatchObject({ operation: 'release', amountNanoUsd: 0n, postings: [] });
      });
      test('and the replies have no member without a value', async () => {
        await on.grant('grant_any', 9n);
        expect(await on.lastEntry()).toStrictEqual({
          accountId: on.accountId,
          sequence: 2,
          atMs: START_MS,
          operation: 'grant',
          subjectId: 'grant_any',
          postings: [{ kind: 'grant', grantId: 'grant_any', amountNanoUsd: 9n }],
          cells: [],
          amountNanoUsd: 9n,
          terms: { kind: 'paid', priority: 50, effectiveAtMs: START_MS, expiresAtMs: START_MS + DAY_MS, ordinal: 1 },
        });
        expect('models' in ((await on.ledger.readGrants(on.accountId))[0] ?? {})).toBe(false);
        await on.ledger.setPolicy({ accountId: on.accountId, creditLimitNanoUsd: 2n });
        await on.hold(1, 10n);
        expect((await on.lastEntry()).postings).toStrictEqual([
          { kind: 'hold', grantId: 'grant_any', amountNanoUsd: 9n },
          { kind: 'debt_hold', amountNanoUsd: 1n },
        ]);
        await on.end('release', 1);
        const released = await on.lastEntry();
        expect(['terms' in released, 'details' in released]).toEqual([false, false]);
        expect(await on.hold(2, 5n, { cells: [cell('quota_a', 1n)] })).toStrictEqual({
          result: 'quota_exceeded',
          quotaId: 'quota_a',
          window: 'day:2026-11-20',
          limit: 1n,
          room: 1n,
        });
      });
    });

    test('a lease that ends is reclaimed at that very instant, and one prolonged is not', async () => {
      await on.grant('grant_a', 10n);
      await on.hold(1, 1n);
      await on.hold(2, 1n);
      on.clock.nowMs += LEASE_MS - 1;
      expect((await on.end('reclaim', 1)).result).toBe('early');
      const heartbeat = { accountId: on.accountId, toNanoUsd: 0n, leaseMs: LEASE_MS, modelLabels: [], cells: [] };
      await on.ledger.extend({ ...heartbeat, holdId: makeHoldId(START_MS, 2) });
      on.clock.nowMs += 1;
      expect((await on.ledger.findDue(9)).holds).toEqual([{ accountId: on.accountId, holdId: on.id(1) }]);
      expect((await on.end('reclaim', 1)).result).toBe('reclaimed');
      expect((await on.end('reclaim', 2)).result).toBe('early');
    });
  });
}
