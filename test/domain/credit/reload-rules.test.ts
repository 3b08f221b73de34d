import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccountBooks } from '../../../src/domain/credit/account-books.ts';
import { openAccount } from '../../../src/domain/credit/account-rules.ts';
import { hold } from '../../../src/domain/credit/hold-rules.ts';
import { answerReload, requestReload, setReload } from '../../../src/domain/credit/reload-rules.ts';
import { readReloadNumber, reloadGrantId, writeReloadId } from '../../../src/domain/credit/reload-state.ts';
import { settle } from '../../../src/domain/credit/settle-rules.ts';
import { makeHoldId } from '../../ledger/make-hold-id.ts';

const USD = 1_000_000_000n;
const START_MS = Date.parse('2026-11-29T12:00:00Z');
const HOUR_MS = 3_600_000;
const MONTHS_END_MS = [Date.parse('2026-12-01'), Date.parse('2027-01-01'), Date.parse('2027-02-01')];

type Step = { do: 'request' | 'paid' | 'declined' | 'set'; waitMs: number; spend: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('request', 'request', 'request', 'paid', 'paid', 'declined', 'set'),
  waitMs: fc.constantFrom(0, 0, 60_000, HOUR_MS / 2, HOUR_MS, 24 * HOUR_MS),
  spend: fc.nat(60),
});
const cents = (most: number) => fc.integer({ min: 100, max: most }).map((count) => BigInt(count) * 10_000_000n);

describe('any history', () => {
  test('passes neither the cap of a month nor that of an hour, and every payment is credit once', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.record({
          amount: cents(3_000),
          cap: cents(10_000),
          threshold: cents(20_000),
          hourlyCount: fc.integer({ min: 1, max: 4 }),
        }),
        fc.constantFrom('fixed' as const, 'target' as const),
        (steps, { amount, cap, threshold, hourlyCount }, mode) => {
          const terms = {
            ...{ thresholdNanoUsd: threshold, mode, monthlyCapNanoUsd: cap, hourlyCount },
            amountNanoUsd: mode === 'target' ? threshold + amount : amount,
          };
          const run = play(steps, terms);
          for (const [, sum] of run.byMonth) expect(sum).toBeLessThanOrEqual(cap);
          for (const atMs of run.requestedAtMs) {
            const within = run.requestedAtMs.filter((other) => other > atMs - HOUR_MS && other <= atMs);
            expect(within.length).toBeLessThanOrEqual(hourlyCount);
          }
          expect(run.books.totals.grantedNanoUsd).toBe(run.paid);
          expect(run.most).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

function play(steps: readonly Step[], terms: NonNullable<Parameters<typeof setReload>[1]['terms']>) {
  const accountId = 'acct_a';
  const { books } = openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n }, START_MS);
  const run = { books, byMonth: new Map<number, bigint>(), requestedAtMs: [] as number[], paid: 0n, most: 0 };
  let nowMs = START_MS;
  let pending: { number: number; amount: bigint; month: number } | undefined;
  setReload(books, { accountId, terms }, nowMs);
  for (const [index, each] of steps.entries()) {
    nowMs += each.waitMs;
    const month = MONTHS_END_MS.find((endMs) => nowMs < endMs) ?? nowMs + HOUR_MS;
    spend(books, BigInt(each.spend) * USD, nowMs, index);
    if (each.do === 'set') setReload(books, { accountId, terms }, nowMs);
    if (each.do === 'request') {
      const { reply } = requestReload(books, { accountId, monthEndsAtMs: month }, nowMs);
      if (reply.result !== 'requested') continue;
      run.most = Math.max(run.most, pending === undefined ? 1 : 2);
      pending = { number: reply.pending.number, amount: reply.pending.amountNanoUsd, month };
      run.byMonth.set(month, (run.byMonth.get(month) ?? 0n) + pending.amount);
      run.requestedAtMs.push(nowMs);
    }
    if (pending === undefined || (each.do !== 'paid' && each.do !== 'declined')) continue;
    const { number, amount, month: asked } = pending;
    const command = { accountId, reloadId: writeReloadId(accountId, number), outcome: each.do, amountNanoUsd: amount };
    for (let times = 0; times < 2; times += 1) answerReload(books, { ...command, expiresAtMs: nowMs + 1e10 }, nowMs);
    if (each.do === 'paid') run.paid += amount;
    else run.byMonth.set(asked, (run.byMonth.get(asked) ?? 0n) - amount);
    pending = undefined;
  }
  return run;
}

function spend(books: AccountBooks, amountNanoUsd: bigint, nowMs: number, number: number): void {
  const call = {
    accountId: books.accountId,
    holdId: makeHoldId(nowMs, number),
    tokens: 0n,
    modelLabels: [],
    cells: [],
  };
  hold(books, { ...call, amountNanoUsd: 0n, leaseMs: 60_000 }, nowMs);
  settle(books, { ...call, amountNanoUsd }, nowMs);
}

describe('ids', () => {
  test('are the same wherever they are made, and no other is read as one', () => {
    expect(writeReloadId('acct_01ABC', 7)).toBe('reload_01ABC_7');
    expect(reloadGrantId('reload_01ABC_7')).toBe('grant_reload_01ABC_7');
    expect(readReloadNumber('acct_01ABC', 'reload_01ABC_7')).toBe(7);
    for (const id of [
      'reload_01ABC_0',
      'reload_01ABC_07',
      'reload_01ABD_7',
      'reload_01ABC_7 ',
      'reload_01ABC_1e3',
      '',
      '7',
    ])
      expect(readReloadNumber('acct_01ABC', id), id).toBeUndefined();
  });
});
