// Goal: what is remembered of quiet accounts spares looks and changes nothing of what is told.
// Method: the same balances, quotas and pauses are shown to alerts that look at every reply, and through the observed
// ledger; both tell the same, in the same order, and the second looks seldom.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlertRule } from '../../src/alerts/alert-rule.ts';
import { findBalanceBand, findQuotaBand, observeBalance, observeQuotas } from '../../src/alerts/observe-account.ts';
import { observeLedger } from '../../src/alerts/observe-ledger.ts';
import { createQuietAccounts } from '../../src/alerts/quiet-accounts.ts';
import { readBalanceLevels, readQuotaLevels } from '../../src/alerts/read-levels.ts';
import { createAlertWatch } from '../../src/alerts/watch-alerts.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { balanceOf, createRecorder, openMemoryAlerts, START_MS } from './alert-fixtures.ts';

const ACCOUNT = { id: 'acct_a', name: 'Acme', timezone: 'UTC', lowBalanceNanoUsd: [20_000_000_000n] };
const common = { recovery: true, quietMs: 60_000, enabled: true, createdAtMs: 0 };
const RULES: readonly AlertRule[] = [
  { ...common, id: 'alert_1', condition: { kind: 'balance_low', amountsNanoUsd: [0n, 5_000_000_000n] } },
  { ...common, id: 'alert_2', condition: { kind: 'quota_used', sharesMillionths: [500_000, 1_000_000] } },
];

/** One account's alerts on a store of their own, with nothing but what tells of levels. */
function createWatched(nowMs: () => number) {
  const { store, database } = openMemoryAlerts();
  const recorder = createRecorder();
  let looks = 0;
  const watch = createAlertWatch({
    ...{ store, nowMs, logger: recorder.logger, metrics: recorder.metrics },
    book: { findChannelIds: async () => [] },
  });
  const counted: Pick<typeof watch, 'observe'> = {
    observe(observation) {
      looks += 1;
      return watch.observe(observation);
    },
  };
  const told = () => recorder.log.map(({ fields }) => `${fields.event} ${fields.level_usd ?? fields.share}`);
  return { watch: counted, settled: watch.settled, told, looks: () => looks, close: () => database.close() };
}

const cells = [{ quotaId: 'quota_1', window: 'total', measure: 'tokens', limit: 100n, mode: 'hard' }] as const;

function createObserved(nowMs: () => number) {
  const parts = createWatched(nowMs);
  const quiet = createQuietAccounts(nowMs);
  const answers: { balance: ReturnType<typeof balanceOf>; used: bigint }[] = [];
  const ledger = {
    hold: async () => {
      const { balance, used } = answers.shift()!;
      return { result: 'held', amountNanoUsd: 1n, balance, cells: [{ used, held: 0n }] };
    },
  } as unknown as Ledger;
  const forever = () => Number.POSITIVE_INFINITY;
  const observed = observeLedger(ledger, {
    ...{ watch: parts.watch, quiet, logger: { warn: (facts) => expect(facts).toBeUndefined() } },
    accounts: { find: async () => ACCOUNT, knowsUntilMs: forever },
    book: { findAccountRules: async () => RULES, knowsAccountRulesUntilMs: forever },
    findRunwayMs: () => undefined,
    onHold: () => undefined,
  });
  const show = async (balance: ReturnType<typeof balanceOf>, used: bigint): Promise<void> => {
    answers.push({ balance, used });
    await observed.hold({ accountId: ACCOUNT.id, cells } as never);
    await new Promise((resolve) => setImmediate(resolve));
    await parts.settled();
  };
  return { ...parts, quiet, show };
}

const step = fc.record({
  available: fc.constantFrom(-1, 0, 0.1, 1, 4.9, 5, 5.4, 5.5, 5.6, 19, 20, 21.9, 22, 22.1, 40, 60, 80),
  used: fc.constantFrom(0n, 10n, 44n, 45n, 49n, 50n, 51n, 89n, 90n, 99n, 100n, 101n),
  pauseMs: fc.constantFrom(0, 0, 0, 100, 100, 29_999, 30_000, 60_000),
});

describe('quiet accounts', () => {
  test('tell what alerts tell that look at every reply', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        let nowMs = START_MS;
        const each = createWatched(() => nowMs);
        const observed = createObserved(() => nowMs);
        for (const [index, { available, used, pauseMs }] of steps.entries()) {
          nowMs += pauseMs;
          const balance = balanceOf({ available }, index + 1);
          await observed.show(balance, used);
          observeBalance(each.watch, ACCOUNT, RULES, balance, undefined);
          const quota = { quotaId: 'quota_1', measure: 'tokens', limit: 100n, used };
          observeQuotas(each.watch, ACCOUNT, RULES, [quota], false);
          await each.settled();
          expect(observed.told()).toEqual(each.told());
        }
        each.close();
        observed.close();
      }),
      { numRuns: 60 },
    );
  });

  test('are not looked at again while nothing can come of it, and are once something is forgotten', async () => {
    let nowMs = START_MS;
    const observed = createObserved(() => nowMs);
    for (let turn = 1; turn <= 4; turn += 1) await observed.show(balanceOf({ available: 80 }, turn), 10n);
    const before = observed.looks();
    for (let turn = 5; turn <= 100; turn += 1) await observed.show(balanceOf({ available: 80 - turn / 10 }, turn), 11n);
    expect(observed.looks()).toBe(before);
    observed.quiet.forget(ACCOUNT.id);
    await observed.show(balanceOf({ available: 69 }, 101), 11n);
    expect(observed.looks()).toBe(before + 3);
    await observed.show(balanceOf({ available: 69 }, 102), 11n);
    nowMs += 30_000;
    await observed.show(balanceOf({ available: 69 }, 103), 11n);
    expect(observed.looks()).toBe(before + 6);
    observed.close();
  });

  test('what is forgotten while the rules are looked at is not remembered', () => {
    const quiet = createQuietAccounts(() => START_MS);
    const generation = quiet.generation();
    quiet.forget('acct_b');
    const band = { from: undefined, below: undefined, untilMs: Number.POSITIVE_INFINITY };
    quiet.noteBalance('acct_a', band, generation);
    expect(quiet.isBalanceQuiet('acct_a', 1n, 1)).toBe(false);
    quiet.noteBalance('acct_a', band, quiet.generation());
    expect(quiet.isBalanceQuiet('acct_a', 1n, 2)).toBe(true);
  });

  test('a reply that was overtaken is done with', () => {
    let nowMs = START_MS;
    const quiet = createQuietAccounts(() => nowMs);
    expect(quiet.isBalanceQuiet('acct_a', 1n, 7)).toBe(false);
    expect(quiet.isBalanceQuiet('acct_a', 1n, 6)).toBe(true);
    nowMs += 30_000;
    expect(quiet.isBalanceQuiet('acct_a', 1n, 6)).toBe(false);
  });
});

describe('a band', () => {
  const amount = fc.bigInt(-50n, 300n);

  test('of balances is where the levels find the same', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 200n), { maxLength: 5 }), amount, amount, (levels, net, other) => {
        const account = { ...ACCOUNT, lowBalanceNanoUsd: levels };
        const { from, below } = findBalanceBand(account, [], net, 1);
        const isWithin = (from === undefined || other >= from) && (below === undefined || other < below);
        const isSame =
          JSON.stringify(readBalanceLevels(levels, other)) === JSON.stringify(readBalanceLevels(levels, net));
        expect(isWithin).toBe(isSame);
      }),
      { numRuns: 1_000 },
    );
  });

  test('of a quota is where the shares find the same', () => {
    const shares = fc.array(fc.integer({ min: 1, max: 2_000_000 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shares, fc.bigInt(0n, 100n), fc.bigInt(0n, 250n), fc.bigInt(0n, 250n), (all, limit, used, other) => {
        const quota = { quotaId: 'quota_1', limit, used };
        const rule: AlertRule = { ...common, id: 'alert_1', condition: { kind: 'quota_used', sharesMillionths: all } };
        const { from, below } = findQuotaBand([rule], quota, 1);
        const isWithin = (from === undefined || other >= from) && (below === undefined || other < below);
        const read = (amountUsed: bigint) => JSON.stringify(readQuotaLevels(all, [{ ...quota, used: amountUsed }]));
        expect(isWithin).toBe(read(other) === read(used));
      }),
      { numRuns: 1_000 },
    );
  });
});
