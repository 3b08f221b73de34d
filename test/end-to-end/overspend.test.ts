// Goal: whatever number of calls comes at once, an account never spends more than it has.
// Method: credit for exactly so many ceilings, two hundred calls through the real process, on each store.
import { expect, test } from 'vitest';
import { formatUsd } from '../../src/domain/money.ts';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 400,
  stream: true,
  messages: [{ role: 'user', content: 'Write a limerick about a toll road.' }],
};
const CALLS = 200;
const CEILINGS = 7n;

describeOnEachStore('two hundred calls at once', (store) => {
  test('exactly as many are admitted as the credit has room for, and the rest cost nothing', async () => {
    // Every answer waits before its first event, so that all admitted calls are open at the same time.
    const script = () => ({ kind: 'answer', delivery: { holdBefore: [0] } }) as const;
    await using api = await startSimulatedApi({ script });
    await using tollgate = await startTollgate({ ...store.options(), api });
    const ceiling = await measureCeiling(tollgate);
    const caller = await tollgate.createCaller({ creditUsd: formatUsd(CEILINGS * ceiling) });
    const callsBefore = api.counters.messages;

    const answers = sendMany(tollgate, caller);
    await until(
      async () => api.counters.messages - callsBefore === Number(CEILINGS) && (await refusals(tollgate)) > 0,
      {
        what: 'all the credit is held',
      },
    );
    const { balance } = await tollgate.admin.readAccount(caller.accountId);
    expect(nano(balance.held_usd)).toBe(CEILINGS * ceiling);
    expect(nano(balance.available_usd)).toBe(0n);

    // Nothing comes back before the last refusal was given.
    await until(async () => (await refusals(tollgate)) === CALLS - Number(CEILINGS), { what: 'the rest is refused' });
    for (let index = 0n; index < CEILINGS; index += 1n) (await tollgate.nextCall()).releaseAll();
    const statuses = await answers;
    expect(statuses.filter((status) => status === 200)).toHaveLength(Number(CEILINGS));
    expect(statuses.filter((status) => status === 402)).toHaveLength(CALLS - Number(CEILINGS));
    expect(api.counters.messages - callsBefore).toBe(Number(CEILINGS));
    const { charged } = await tollgate.expectSettled();
    expect(charged).toBeGreaterThan(0n);
    expect((await tollgate.admin.readAccount(caller.accountId)).balance.debt_usd).toBe('0.00');
  });

  test('calls that end while others come never bring it below zero, until no ceiling fits any more', async () => {
    await using tollgate = await startTollgate(store.options());
    const ceiling = await measureCeiling(tollgate);
    const credit = CEILINGS * ceiling;
    const caller = await tollgate.createCaller({ creditUsd: formatUsd(credit) });
    let refused = 0;
    let admitted = 0;
    while (refused < CALLS) {
      const statuses = await sendMany(tollgate, caller);
      expect(statuses.filter((status) => status !== 200 && status !== 402)).toEqual([]);
      refused = statuses.filter((status) => status === 402).length;
      admitted += CALLS - refused;
    }
    await tollgate.expectSettled();
    const { balance } = await tollgate.admin.readAccount(caller.accountId);
    expect(nano(balance.charged_usd)).toBeLessThanOrEqual(credit);
    expect(nano(balance.available_usd)).toBeLessThan(ceiling);
    expect(balance.debt_usd).toBe('0.00');
    // Answers are far cheaper than their ceilings, so that much more passed than was held at once.
    expect(admitted).toBeGreaterThan(Number(CEILINGS));
  });
});

/** What one such call holds, as the journal of another account tells. */
async function measureCeiling(tollgate: RunningTollgate): Promise<bigint> {
  const probe = await tollgate.createCaller();
  const answer = tollgate.send(probe, REQUEST);
  (await tollgate.nextCall()).releaseAll();
  await (await answer).text();
  await tollgate.expectSettled();
  const [hold] = (await tollgate.admin.readJournal(probe.accountId)).filter(({ operation }) => operation === 'hold');
  return nano(hold!.amount_usd);
}

async function sendMany(tollgate: RunningTollgate, caller: Caller) {
  const one = async (): Promise<number> => {
    const response = await tollgate.send(caller, REQUEST);
    await response.text();
    return response.status;
  };
  return Promise.all(Array.from({ length: CALLS }, one));
}

async function refusals(tollgate: RunningTollgate): Promise<number> {
  const text = await (await fetch(`${tollgate.adminUrl}/metrics`)).text();
  return Number(/^tollgate_admission_denied_total\{[^}]*reason="credit"[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0);
}
