import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../src/domain/credit/credit-types.ts';
import { createFold, foldEntry, readFold, writeFold } from '../../src/ledger/journal-fold.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { reconcileAccount } from '../../src/ledger/reconcile-account.ts';
import { busyHistory, history, type Step } from './ledger-commands.ts';
import { expectSoundBooks, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { createModelLedger } from './model-ledger.ts';

/** Histories per run; LEDGER_RUNS raises it for a long run. */
const RUNS = Number(process.env.LEDGER_RUNS ?? 300);
/** Told in the test's name, so that every run can be had again: LEDGER_SEED takes it. */
const SEED = Number(process.env.LEDGER_SEED ?? randomInt(2 ** 31));

const NO_SNAPSHOTS = { readSnapshot: async () => undefined };

/**
 * After every step of any history the store has answered as the pure rules, and shows the same grants, holds and
 * balance; the invariants hold and the fold of its journal is its state.
 */
export function describeLedgerProperty(
  name: string,
  open: (clock: TestClock) => Promise<LedgerUnderTest>,
  runs = RUNS,
): void {
  describeHistories(`any history on ${name}`, open, runs, history, (steps) => steps.map((step) => [step]));
}

/**
 * The same of histories whose commands are sent without waiting for the answers to those before them.
 * @param afterTurn looks at what was sent, when all that was sent at once is answered.
 */
export function describeJoinedHistories(
  name: string,
  open: (clock: TestClock) => Promise<LedgerUnderTest>,
  afterTurn: () => void = () => undefined,
  runs = RUNS,
): void {
  describeHistories(`any history sent together on ${name}`, open, runs, busyHistory, joinCommands, afterTurn);
}

/** What follows a command and is one is sent with it. */
function joinCommands(steps: readonly Step[]): Step[][] {
  const turns: Step[][] = [];
  for (const step of steps) {
    const turn = turns.at(-1);
    if (turn?.at(-1)?.isCommand && step.isCommand) turn.push(step);
    else turns.push([step]);
  }
  return turns;
}

function describeHistories(
  name: string,
  open: (clock: TestClock) => Promise<LedgerUnderTest>,
  runs: number,
  histories: fc.Arbitrary<Step[]>,
  divide: (steps: readonly Step[]) => Step[][],
  afterTurn?: () => void,
): void {
  describe(name, () => {
    const clock: TestClock = { nowMs: START_MS };
    let subject: LedgerUnderTest;
    let accounts = 0;
    beforeAll(async () => {
      subject = await open(clock);
    });
    afterAll(() => subject.close());

    test(`behaves as the rules (${runs} histories, seed ${SEED})`, { timeout: 60_000 + runs * 1_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(histories, async (steps) => {
          clock.nowMs = START_MS;
          accounts += 1;
          const accountId = `acct_p${accounts}`;
          const model = createModelLedger(() => clock.nowMs);
          const opened = { accountId, mode: 'prepaid', creditLimitNanoUsd: 0n } as const;
          await model.openAccount(opened);
          await subject.ledger.openAccount(opened);
          for (const turn of divide(steps)) {
            const before = clock.nowMs;
            const expected: unknown[] = [];
            for (const step of turn) expected.push(await step(model, clock, accountId));
            clock.nowMs = before;
            expect(await Promise.all(turn.map((step) => step(subject.ledger, clock, accountId)))).toEqual(expected);
            afterTurn?.();
            await expectSameState(subject.ledger, model, accountId);
          }
          await expectSoundBooks(subject.ledger, accountId, clock.nowMs);
          expect(
            (await reconcileAccount({ ledger: subject.ledger, journal: NO_SNAPSHOTS }, accountId))?.differences,
          ).toEqual([]);
          const whole = { afterSequence: 0, limit: 1_000_000 };
          const entries = await subject.ledger.readJournal(accountId, whole);
          expect(entries).toEqual(await model.readJournal(accountId, whole));
          expectSnapshots(accountId, entries);
        }),
        { numRuns: runs, seed: SEED },
      );
    });
  });
}

/** An account is shown alike: its balance, grants, holds and auto-reload. */
export async function expectSameState(ledger: Ledger, model: Ledger, accountId: string): Promise<void> {
  expect(await ledger.readBalance(accountId)).toEqual(await model.readBalance(accountId));
  expect(await ledger.readGrants(accountId)).toEqual(await model.readGrants(accountId));
  expect(await ledger.readHolds(accountId)).toEqual(await model.readHolds(accountId));
  expect(await ledger.readReload(accountId)).toEqual(await model.readReload(accountId));
}

/** From a snapshot taken in the middle, the entries after it rebuild the same account. */
function expectSnapshots(accountId: string, entries: readonly JournalEntry[]): void {
  const middle = Math.floor(entries.length / 2);
  const whole = createFold(accountId);
  for (const entry of entries.slice(0, middle)) foldEntry(whole, entry);
  const resumed = readFold(writeFold(whole));
  for (const entry of entries.slice(middle)) {
    foldEntry(whole, entry);
    foldEntry(resumed, entry);
  }
  expect(resumed).toEqual(whole);
}
