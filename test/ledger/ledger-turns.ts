import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Step, turn } from './ledger-commands.ts';
import { expectSoundBooks, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { expectSameState } from './ledger-property.ts';
import { createModelLedger } from './model-ledger.ts';

const RUNS = Number(process.env.LEDGER_RUNS ?? 200);
/** Told in the test's name, so that every run can be had again: LEDGER_SEED takes it. */
const SEED = Number(process.env.LEDGER_SEED ?? randomInt(2 ** 31));
const hour = 3_600_000;
const later = fc.constantFrom(0, 0, 1, 30_000, 120_000, hour, 24 * hour);
const turns = fc.array(fc.tuple(later, turn), { minLength: 1, maxLength: 8 });

/**
 * What is sent in one turn of the event loop may share a commit or a script. Each command is answered as if it had been
 * alone, in the order in which they were sent, and the books come to the same: of two accounts at once, where
 * {@link describeJoinedHistories} has one with many calls.
 */
export function describeLedgerTurns(name: string, open: (clock: TestClock) => Promise<LedgerUnderTest>): void {
  describe(`commands sent in one turn on ${name}`, () => {
    const clock: TestClock = { nowMs: START_MS };
    let subject: LedgerUnderTest;
    let accounts = 0;
    beforeAll(async () => {
      subject = await open(clock);
    });
    afterAll(() => subject.close());

    test(`are answered as one by one (${RUNS} histories, seed ${SEED})`, {
      timeout: 60_000 + RUNS * 1_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(turns, async (history) => {
          clock.nowMs = START_MS;
          accounts += 1;
          // Two accounts: what is sent for one of them lies between what is sent for the other.
          const ids = [`acct_t${accounts}a`, `acct_t${accounts}b`];
          const model = createModelLedger(() => clock.nowMs);
          for (const accountId of ids) {
            const opened = { accountId, mode: 'prepaid', creditLimitNanoUsd: 0n } as const;
            await Promise.all([model.openAccount(opened), subject.ledger.openAccount(opened)]);
          }
          for (const [laterMs, steps] of history) {
            clock.nowMs += laterMs;
            const expected = await sendTogether(model, clock, ids, steps);
            expect(await sendTogether(subject.ledger, clock, ids, steps)).toEqual(expected);
            for (const accountId of ids) await expectSameState(subject.ledger, model, accountId);
          }
          for (const accountId of ids) {
            await expectSoundBooks(subject.ledger, accountId, clock.nowMs);
            const whole = { afterSequence: 0, limit: 1_000_000 };
            expect(await subject.ledger.readJournal(accountId, whole)).toEqual(
              await model.readJournal(accountId, whole),
            );
          }
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  });
}

function sendTogether(
  ledger: LedgerUnderTest['ledger'],
  clock: TestClock,
  accountIds: readonly string[],
  steps: readonly Step[],
): Promise<unknown[]> {
  return Promise.all(steps.map((step, index) => step(ledger, clock, accountIds[index % 3 === 2 ? 1 : 0] ?? '')));
}
