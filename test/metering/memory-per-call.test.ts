// Goal: what one call allocates on its way through the meter does not grow unnoticed: collecting it is what a call
// costs most after the system's own work.
// Method: the engine's count of bytes ever allocated, before and after calls with a ledger that answers at once. Work is
// counted rather than timed, and the cheapest of several rounds counts.
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { admit, openMeter } from './meter-fixture.ts';
import { makeUsage } from './metering-fixtures.ts';

const ROUNDS = 8;
const CALLS = 200;
/** Some 30,000, of which the log's own reader in this test takes a few. */
const BYTES_BELOW = 42_000;

test('a call through the meter allocates little', async () => {
  await using meter = await openMeter({ wrap: answerAtOnce });
  const allocated = (): number =>
    (getHeapStatistics() as ReturnType<typeof getHeapStatistics> & { total_allocated_bytes: number })
      .total_allocated_bytes;
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = allocated();
    for (let number = 0; number < CALLS; number += 1) {
      const call = await admit(meter);
      call.finish(
        { kind: 'completed', status: 200, usage: makeUsage(1_000, 100), visibleCharacters: 400 },
        { status: 200 },
      );
      await setImmediate();
    }
    least = Math.min(least, (allocated() - before) / CALLS);
  }
  expect(least).toBeLessThan(BYTES_BELOW);
});

/** The store's own work is not counted here. */
function answerAtOnce(ledger: Ledger): Ledger {
  const balance = {
    status: 'open',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    grantedNanoUsd: 10n ** 12n,
    availableNanoUsd: 10n ** 12n,
    pendingNanoUsd: 0n,
    heldNanoUsd: 0n,
    spentNanoUsd: 0n,
    expiredNanoUsd: 0n,
    voidedNanoUsd: 0n,
    debtNanoUsd: 0n,
    debtHeldNanoUsd: 0n,
    chargedNanoUsd: 0n,
    sequence: 1,
  } as const;
  return {
    ...ledger,
    hold: async ({ amountNanoUsd }) => ({ result: 'held', amountNanoUsd, balance, cells: [] }),
    settle: async () => ({ result: 'settled', overageNanoUsd: 0n, balance }),
  };
}
