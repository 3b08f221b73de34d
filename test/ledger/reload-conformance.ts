import { describe, expect, test } from 'vitest';
import type { ReloadTerms } from '../../src/domain/credit/reload-state.ts';
import { createFold, foldEntry, readFold, writeFold } from '../../src/ledger/journal-fold.ts';
import { reconcileAccount } from '../../src/ledger/reconcile-account.ts';
import { START_MS } from './ledger-conformance.ts';
import { DAY_MS, type OpenLedger, useLedger } from './use-ledger.ts';

const USD = 1_000_000_000n;
const HOUR_MS = 3_600_000;
const MONTH_END_MS = START_MS + 10 * DAY_MS;
const FIXED: ReloadTerms = {
  thresholdNanoUsd: 5n * USD,
  mode: 'fixed',
  amountNanoUsd: 20n * USD,
  monthlyCapNanoUsd: 100n * USD,
  hourlyCount: 3,
};
const LABELS = ['claude-opus-5-5', 'opus'];

/** Auto-reload, for the pure rules and for every store. */
export function describeReloads(name: string, open: OpenLedger): void {
  describe(`auto-reload on ${name}`, () => {
    const at = useLedger(open);
    const set = (terms: Partial<ReloadTerms> = {}) =>
      at.ledger.setReload({ accountId: at.accountId, terms: { ...FIXED, ...terms } });
    const request = (
      refused?: { neededNanoUsd: bigint; modelLabels: readonly string[] },
      monthEndsAtMs = MONTH_END_MS,
    ) =>
      at.ledger.requestReload({
        accountId: at.accountId,
        monthEndsAtMs,
        ...(refused === undefined ? {} : { refused }),
      });
    const answer = (number: number, outcome: 'paid' | 'declined', amountNanoUsd = 20n * USD) =>
      at.ledger.answerReload({
        ...{ accountId: at.accountId, reloadId: `reload_rules_${number}`, outcome, amountNanoUsd },
        expiresAtMs: START_MS + 365 * DAY_MS,
        details: { reference: 'ch_1' },
      });
    const state = async () => {
      const found = await at.ledger.readReload(at.accountId);
      if (found === undefined) throw new Error('no books');
      return found;
    };

    test('a balance below the threshold makes one request, with one entry that moves no money', async () => {
      await at.grant('grant_1', 5n * USD);
      await set();
      expect(await request()).toEqual({ result: 'not_needed' });
      await at.hold(1, USD);
      expect(await request(), 'what is held is not spent').toEqual({ result: 'not_needed' });
      await at.settle(1, 1n);
      const pending = { number: 1, amountNanoUsd: 20n * USD, requestedAtMs: START_MS };
      expect(await request()).toMatchObject({ result: 'requested', pending });
      expect(await request()).toEqual({ result: 'pending' });
      expect(await at.lastEntry()).toMatchObject({
        operation: 'reload_request',
        subjectId: 'reload_rules_1',
        amountNanoUsd: 20n * USD,
        postings: [],
      });
      expect(await state()).toMatchObject({ count: 1, pending, monthNanoUsd: 20n * USD, recentMs: [START_MS] });
    });

    test('fifty processes that see the same fall make one request', async () => {
      await set();
      const replies = await Promise.all(Array.from({ length: 50 }, () => request()));
      expect(replies.filter(({ result }) => result === 'requested')).toHaveLength(1);
      expect(replies.filter(({ result }) => result === 'pending')).toHaveLength(49);
    });

    test('a paid request is credit once, however often and by whatever way it is answered', async () => {
      await set();
      await request();
      const replies = await Promise.all(Array.from({ length: 20 }, () => answer(1, 'paid')));
      expect(replies.filter(({ result }) => result === 'paid')).toHaveLength(1);
      expect(replies.filter(({ result }) => result === 'exists')).toHaveLength(19);
      expect(await at.balance()).toMatchObject({ grantedNanoUsd: 20n * USD, availableNanoUsd: 20n * USD });
      const [grant] = await at.ledger.readGrants(at.accountId);
      expect(grant).toMatchObject({
        ...{ grantId: 'grant_reload_rules_1', kind: 'paid', priority: 50 },
        ...{ effectiveAtMs: START_MS, expiresAtMs: START_MS + 365 * DAY_MS },
      });
      expect(await at.lastEntry()).toMatchObject({
        operation: 'grant',
        terms: { reloadId: 'reload_rules_1' },
        details: { reference: 'ch_1' },
      });
      expect((await state()).pending).toBeUndefined();
      expect(await answer(1, 'declined'), 'the first answer stands').toEqual({ result: 'conflict' });
    });

    test('declines back off for one hour and for four, and the third ends it', async () => {
      await set();
      for (const [number, pauseMs] of [HOUR_MS, 4 * HOUR_MS].entries()) {
        expect(await request()).toMatchObject({ result: 'requested' });
        const nextAtMs = at.clock.nowMs + pauseMs;
        expect(await answer(number + 1, 'declined')).toMatchObject({
          ...{ result: 'declined', declines: number + 1, nextAtMs, disabled: false },
        });
        expect(await answer(number + 1, 'declined')).toMatchObject({ result: 'exists' });
        expect(await answer(number + 1, 'paid')).toEqual({ result: 'conflict' });
        at.clock.nowMs = nextAtMs - 1;
        expect(await request()).toEqual({ result: 'waiting', untilMs: nextAtMs });
        at.clock.nowMs = nextAtMs;
      }
      await request();
      expect(await answer(3, 'declined')).toMatchObject({
        result: 'declined',
        declines: 3,
        nextAtMs: 0,
        disabled: true,
      });
      expect(await state()).toMatchObject({ enabled: false, disabledReason: 'declined', monthNanoUsd: 0n });
      expect(await request()).toEqual({ result: 'off' });
      expect(await set(), 'set again it begins anew').toMatchObject({ result: 'set' });
      expect(await state()).toMatchObject({ enabled: true, declines: 0 });
      expect(await state()).not.toHaveProperty('disabledReason');
      expect(await request()).toMatchObject({ result: 'requested', pending: { number: 4 } });
      expect(await answer(4, 'paid')).toMatchObject({ result: 'paid' });
    });

    test('a payment in between ends the row of declines', async () => {
      await set({ thresholdNanoUsd: 100n * USD });
      await request();
      await answer(1, 'declined');
      at.clock.nowMs += HOUR_MS;
      await request();
      await answer(2, 'paid', 100n * USD);
      expect(await state()).toMatchObject({ declines: 0, nextAtMs: 0 });
    });

    test('the month has a cap, that of the next is its own; the last request is what is left', async () => {
      await set({ thresholdNanoUsd: 1000n * USD, amountNanoUsd: 30n * USD, hourlyCount: 10 });
      expect(await request()).toMatchObject({ result: 'requested', pending: { amountNanoUsd: 100n * USD } });
      await answer(1, 'paid', 100n * USD);
      expect(await request()).toEqual({ result: 'cap_reached', untilMs: MONTH_END_MS });
      at.clock.nowMs = MONTH_END_MS - 1;
      expect(await request(undefined, MONTH_END_MS + 30 * DAY_MS), 'its own end counts').toEqual({
        ...{ result: 'cap_reached', untilMs: MONTH_END_MS },
      });
      at.clock.nowMs = MONTH_END_MS;
      expect(await request()).toEqual({ result: 'bad_time' });
      expect(await request(undefined, MONTH_END_MS + 33 * DAY_MS)).toEqual({ result: 'bad_time' });
      expect(await request(undefined, MONTH_END_MS + 31 * DAY_MS)).toMatchObject({ result: 'requested' });
      expect(await state()).toMatchObject({ monthNanoUsd: 100n * USD, monthEndsAtMs: MONTH_END_MS + 31 * DAY_MS });
    });

    test('no more requests within any hour than there may be', async () => {
      await set({ hourlyCount: 2, thresholdNanoUsd: 50n * USD, amountNanoUsd: USD, monthlyCapNanoUsd: 1000n * USD });
      await request();
      await answer(1, 'paid', USD);
      at.clock.nowMs += HOUR_MS / 2;
      await request();
      await answer(2, 'paid', USD);
      at.clock.nowMs += HOUR_MS / 2 - 1;
      expect(await request()).toEqual({ result: 'too_often', untilMs: START_MS + HOUR_MS });
      at.clock.nowMs += 1;
      expect(await request()).toMatchObject({ result: 'requested' });
    });

    test('one payment however far it has fallen: as many amounts as reach the threshold, or up to the target', async () => {
      await set({ thresholdNanoUsd: 45n * USD });
      expect(await request()).toMatchObject({ pending: { amountNanoUsd: 60n * USD } });
      await answer(1, 'declined');
      at.clock.nowMs += HOUR_MS;
      await at.grant('grant_1', 10n * USD + 1n, { expiresAtMs: START_MS + 2 * DAY_MS });
      await set({ thresholdNanoUsd: 45n * USD, mode: 'target', amountNanoUsd: 50n * USD });
      expect(await request(), 'whole cents').toMatchObject({ pending: { amountNanoUsd: 40n * USD } });
    });

    test('debt is unpaid and credit to come is not spent', async () => {
      await at.grant('grant_1', 1n);
      await at.hold(1, 1n);
      await at.settle(1, 30n * USD);
      await set();
      await at.grant('grant_2', 35n * USD, { effectiveAtMs: START_MS + HOUR_MS, expiresAtMs: START_MS + DAY_MS });
      expect(await request(), '35 to come less a debt of some 30 is just the threshold').toEqual({
        result: 'not_needed',
      });
      await at.ledger.voidGrant({ accountId: at.accountId, grantId: 'grant_2' });
      expect(await request()).toMatchObject({ pending: { amountNanoUsd: 40n * USD } });
      await answer(1, 'paid', 40n * USD);
      expect(await at.balance()).toMatchObject({ debtNanoUsd: 0n, availableNanoUsd: 10n * USD + 1n });
    });

    test('a refused call asks where what is held would not make room for it and a reload would', async () => {
      await at.grant('grant_1', 10n * USD);
      await set();
      await at.hold(1, 8n * USD);
      expect(await request({ neededNanoUsd: 10n * USD, modelLabels: LABELS })).toEqual({ result: 'not_needed' });
      expect(await request({ neededNanoUsd: 31n * USD, modelLabels: LABELS })).toEqual({ result: 'too_small' });
      expect(await request({ neededNanoUsd: 30n * USD, modelLabels: LABELS })).toMatchObject({
        ...{ result: 'requested', pending: { amountNanoUsd: 20n * USD } },
      });
    });

    test('a refused call asks where the credit is for other models, or yet to come', async () => {
      await at.grant('grant_1', 50n * USD, { models: ['haiku'] });
      await at.grant('grant_2', 50n * USD, { effectiveAtMs: START_MS + HOUR_MS });
      await set();
      expect(await request()).toEqual({ result: 'not_needed' });
      expect(await request({ neededNanoUsd: USD, modelLabels: ['claude-haiku-5-5', 'haiku'] })).toEqual({
        result: 'not_needed',
      });
      expect(await request({ neededNanoUsd: USD, modelLabels: LABELS })).toMatchObject({ result: 'requested' });
    });

    test('opting out ends requests; what is pending lands, and its decline counts no more', async () => {
      await set();
      await request();
      expect(await at.ledger.setReload({ accountId: at.accountId })).toMatchObject({ result: 'set' });
      expect(await at.ledger.setReload({ accountId: at.accountId })).toMatchObject({ result: 'unchanged' });
      expect(await answer(1, 'paid')).toMatchObject({ result: 'paid' });
      await at.hold(1, 20n * USD);
      await at.settle(1, 20n * USD);
      expect(await request()).toEqual({ result: 'off' });
      expect(await state()).toMatchObject({ enabled: false, thresholdNanoUsd: 5n * USD, monthNanoUsd: 20n * USD });
      await set();
      await request();
      await at.ledger.setReload({ accountId: at.accountId });
      expect(await answer(2, 'declined')).toMatchObject({
        result: 'declined',
        declines: 0,
        nextAtMs: 0,
        disabled: false,
      });
    });

    test('accounts that are frozen, closed or postpaid ask for nothing', async () => {
      await set();
      await at.ledger.setPolicy({ accountId: at.accountId, status: 'frozen' });
      expect(await request()).toEqual({ result: 'frozen' });
      await at.ledger.setPolicy({ accountId: at.accountId, status: 'open', mode: 'postpaid', creditLimitNanoUsd: USD });
      expect(await request()).toEqual({ result: 'postpaid' });
      await at.ledger.setPolicy({ accountId: at.accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
      await request();
      await at.ledger.closeAccount({ accountId: at.accountId });
      expect(await request()).toEqual({ result: 'closed' });
      expect(await set()).toEqual({ result: 'closed' });
      expect(await answer(1, 'paid'), 'the payment is to be given back').toEqual({ result: 'closed' });
      expect(await answer(1, 'declined')).toMatchObject({ result: 'declined' });
    });

    test('terms that cannot be are refused and change nothing', async () => {
      await set();
      const before = await at.balance();
      for (const [terms, what] of [
        [{ thresholdNanoUsd: -1n }, 'thresholdNanoUsd'],
        [{ thresholdNanoUsd: 10n ** 15n + 1n }, 'thresholdNanoUsd'],
        [{ amountNanoUsd: USD - 1n }, 'amountNanoUsd'],
        [{ amountNanoUsd: USD + 1n }, 'amountNanoUsd'],
        [{ amountNanoUsd: 10n ** 15n + 10_000_000n }, 'amountNanoUsd'],
        [{ mode: 'target', amountNanoUsd: 5n * USD }, 'amountNanoUsd'],
        [{ monthlyCapNanoUsd: 0n }, 'monthlyCapNanoUsd'],
        [{ hourlyCount: 0 }, 'hourlyCount'],
        [{ hourlyCount: 11 }, 'hourlyCount'],
      ] as [Partial<ReloadTerms>, string][])
        expect(await set(terms)).toEqual({ result: 'out_of_range', what });
      expect(await at.balance()).toEqual(before);
      expect(await state()).toMatchObject(FIXED);
    });

    test('a payment of which the store has lost the request is credit all the same, once; no other is', async () => {
      await set();
      expect(await answer(2, 'declined')).toEqual({ result: 'unknown' });
      expect(await answer(2, 'paid')).toMatchObject({ result: 'paid' });
      expect(await answer(2, 'paid')).toMatchObject({ result: 'exists' });
      expect(await state()).toMatchObject({ count: 2 });
      const foreign = {
        reloadId: 'reload_other_9',
        outcome: 'paid',
        amountNanoUsd: USD,
        expiresAtMs: START_MS + 1,
      } as const;
      expect(await at.ledger.answerReload({ accountId: at.accountId, ...foreign })).toEqual({ result: 'unknown' });
    });

    test('a payment with an end in the past, or beyond what can be granted, leaves the request pending', async () => {
      await set();
      await request();
      const paid = { accountId: at.accountId, reloadId: 'reload_rules_1', outcome: 'paid' } as const;
      const term = { expiresAtMs: START_MS + DAY_MS };
      expect(await at.ledger.answerReload({ ...paid, amountNanoUsd: USD, expiresAtMs: START_MS })).toEqual({
        result: 'bad_time',
      });
      expect(await at.ledger.answerReload({ ...paid, ...term, amountNanoUsd: 0n })).toMatchObject({ what: 'amount' });
      await at.grant('grant_1', 9_007_199_254_740_991n);
      expect(await at.ledger.answerReload({ ...paid, ...term, amountNanoUsd: USD })).toMatchObject({ what: 'granted' });
      expect((await state()).pending?.number).toBe(1);
    });

    test('who asks for payment takes turns', async () => {
      await set();
      expect(await at.ledger.findDueReloads(10)).toEqual([]);
      await request();
      const claim = (number = 1) => at.ledger.claimReload({ accountId: at.accountId, number, pauseMs: 30_000 });
      expect(await at.ledger.findDueReloads(10)).toEqual([at.accountId]);
      const claims = await Promise.all([claim(), claim(), claim(2)]);
      expect(claims.map(({ result }) => result)).toEqual(['claimed', 'early', 'none']);
      expect(await at.ledger.findDueReloads(10)).toEqual([]);
      expect(await at.ledger.findDueReloads(10, 30_000)).toEqual([at.accountId]);
      at.clock.nowMs += 30_000;
      expect(await at.ledger.findDueReloads(10)).toEqual([at.accountId]);
      // A change of terms does not make it due.
      await claim();
      await set({ hourlyCount: 1 });
      expect(await claim()).toEqual({ result: 'early' });
      await answer(1, 'paid');
      expect(await claim()).toEqual({ result: 'none' });
      expect(await at.ledger.findDueReloads(10, DAY_MS)).toEqual([]);
    });

    test('an account without books has none', async () => {
      const accountId = 'acct_nobody';
      expect(await at.ledger.readReload(accountId)).toBeUndefined();
      expect(await at.ledger.setReload({ accountId, terms: FIXED })).toEqual({ result: 'no_account' });
      expect(await at.ledger.requestReload({ accountId, monthEndsAtMs: MONTH_END_MS })).toEqual({
        result: 'no_account',
      });
      expect(await at.ledger.claimReload({ accountId, number: 1, pauseMs: 1 })).toEqual({ result: 'no_account' });
    });

    test('the fold of the journal is what the store keeps, from a snapshot too', async () => {
      await set();
      await request();
      await answer(1, 'declined');
      at.clock.nowMs += HOUR_MS;
      await request();
      const entries = await at.ledger.readJournal(at.accountId, { afterSequence: 0, limit: 100 });
      const fold = createFold(at.accountId);
      for (const entry of entries) foldEntry(fold, entry);
      expect(fold.books.reload).toEqual(await state());
      expect(readFold(writeFold(fold)).books.reload).toEqual(await state());
      const parts = { ledger: at.ledger, journal: { readSnapshot: async () => undefined } };
      expect((await reconcileAccount(parts, at.accountId))?.differences).toEqual([]);
    });
  });
}
