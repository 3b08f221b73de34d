import { beforeAll, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { createGraceBudget } from '../../src/metering/grace-budget.ts';
import { createLeaseKeeper } from '../../src/metering/lease-keeper.ts';
import type { MeteredCall } from '../../src/metering/metered-call.ts';
import { until } from '../support/until.ts';
import { admit, GRACE_LIFE_MS, type MeterFixture, openMeter, refusal } from './meter-fixture.ts';
import { ACCOUNT_ID, makePrincipal, makeRequest, makeUsage, NANO, settleOf } from './metering-fixtures.ts';

const UNAVAILABLE = { kind: 'ledger_unavailable' };
/** Of the request that the tests make. */
let ceilingNanoUsd: bigint;
beforeAll(async () => {
  await using part = await openMeter();
  ceilingNanoUsd = (await admit(part)).facts.ceilingNanoUsd;
});
const COST_NANO_USD = 150_000n;

/** A call that costs {@link COST_NANO_USD}. */
function finish(call: MeteredCall, output = 10): void {
  const usage = makeUsage(100, output);
  call.finish({ kind: 'completed', status: 200, usage, visibleCharacters: 3 }, { status: 200 });
}

const balance = async ({ fixture }: MeterFixture) => {
  const read = await fixture.ledger.readBalance(ACCOUNT_ID);
  if (read === undefined) throw new Error('no account');
  return read;
};

/** A meter whose store has admitted a call of the key, and is away now. */
async function openAway(options: Parameters<typeof openMeter>[0]) {
  const part = await openMeter({ entriesMax: 1_000, ...options });
  finish(await admit(part));
  await part.settleQueue.settled();
  part.fixture.down = true;
  return part;
}

async function comeBack({ fixture, settleQueue }: MeterFixture): Promise<void> {
  fixture.down = false;
  await until(() => {
    fixture.timers.advance(10_000);
    return settleQueue.waiting().entries === 0;
  });
}

const gauge = async ({ metrics }: MeterFixture): Promise<number> =>
  Number(/^tollgate_grace_taken_usd (\S+)$/m.exec((await metrics.render()).body)?.[1]);

describe('while the store does not answer', () => {
  test('no budget: every call is refused', async () => {
    await using part = await openAway({});
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
  });

  test('as many calls at once as fit, to the unit, and each is charged once', async () => {
    await using part = await openAway({ graceNanoUsd: 4n * ceilingNanoUsd - 1n });
    const asked = await Promise.all(
      Array.from({ length: 12 }, () =>
        part.meter.admit(makePrincipal(), makeRequest(), { requestId: 'req_2', arrivedAtMs: 0, sessionId: undefined }),
      ),
    );
    const calls = asked.flatMap((each) => (each.admitted ? [each.call] : []));
    expect(calls.map(({ facts }) => facts.ceilingNanoUsd)).toEqual([1, 2, 3].map(() => ceilingNanoUsd));
    expect(asked.flatMap((each) => (each.admitted ? [] : [each.refusal]))).toEqual(Array(9).fill(UNAVAILABLE));
    expect(await gauge(part)).toBeCloseTo(Number(3n * ceilingNanoUsd) / 1e9, 9);
    const [first, second, third] = calls as [MeteredCall, MeteredCall, MeteredCall];
    finish(first);
    finish(first, 500);
    // What has ended counts at its cost, so that one more fits now, and no second one.
    const fourth = await admit(part);
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
    second.finish({ kind: 'not_sent', reason: 'client_gone' }, { status: 0 });
    for (const call of [third, fourth]) finish(call);
    await comeBack(part);
    expect(await balance(part)).toMatchObject({
      chargedNanoUsd: 4n * COST_NANO_USD,
      heldNanoUsd: 0n,
      debtNanoUsd: 0n,
    });
    const journal = await part.fixture.ledger.readJournal(ACCOUNT_ID, { afterSequence: 0, limit: 100 });
    const marked = journal.filter(({ details }) => details?.grace === true);
    expect(marked.map(({ operation }) => operation)).toEqual(['late', 'release', 'late', 'late']);
    expect(journal.filter(({ operation }) => operation === 'settle')).toHaveLength(1);
    expect(await gauge(part)).toBe(0);
    expect(part.log.filter(({ msg }) => /on the grace budget/.test(`${msg}`))).toHaveLength(4);
  });

  test('no more than the account could still spend by the last answer', async () => {
    const creditNanoUsd = 3n * ceilingNanoUsd;
    await using part = await openAway({ creditUsd: Number(creditNanoUsd) / 1e9, graceNanoUsd: NANO });
    const calls = [await admit(part), await admit(part)];
    expect(calls.map(({ facts }) => facts.availableNanoUsd)).toEqual([ceilingNanoUsd, 0n]);
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
  });

  test('what others have spent meanwhile becomes debt, at most the budget and what calls pass their ceilings by', async () => {
    await using part = await openMeter({ graceNanoUsd: 2n * ceilingNanoUsd, entriesMax: 100 });
    finish(await admit(part));
    await part.settleQueue.settled();
    // Another process takes all that is left.
    const { availableNanoUsd } = await balance(part);
    const command = {
      ...settleOf(createId('hold', part.fixture.timers.nowMs()), availableNanoUsd).command,
      tokens: 0n,
    };
    await part.fixture.ledger.settle({ ...command, amountNanoUsd: availableNanoUsd, modelLabels: [], cells: [] });
    part.fixture.down = true;
    const calls = [await admit(part), await admit(part)];
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
    for (const call of calls) finish(call, 1_000);
    const costNanoUsd = 2n * 5_100_000n;
    await comeBack(part);
    expect(await balance(part)).toMatchObject({ availableNanoUsd: 0n, debtNanoUsd: costNanoUsd });
    expect(costNanoUsd).toBeLessThanOrEqual(2n * ceilingNanoUsd);
    // The store has taken it: before it has admitted another call, none goes without.
    part.fixture.down = true;
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
  });

  test('after an outage whose costs were charged the store has to admit a call first', async () => {
    await using part = await openAway({ graceNanoUsd: ceilingNanoUsd });
    finish(await admit(part));
    await comeBack(part);
    part.fixture.down = true;
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
    part.fixture.down = false;
    finish(await admit(part));
    await part.settleQueue.settled();
    part.fixture.down = true;
    finish(await admit(part));
  });

  test('costs above the ceiling count too', async () => {
    await using part = await openAway({ graceNanoUsd: 3n * ceilingNanoUsd });
    // Three times what max_tokens allows.
    finish(await admit(part), 3_000);
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
  });

  test.each([
    ['of another key', { principal: makePrincipal({ id: 'key_2' }) }],
    ['whose cost is open', { request: makeRequest({ fallbacks: 'default' }) }],
    [
      'long after the last admission',
      { prepare: ({ fixture }: MeterFixture) => fixture.timers.advance(GRACE_LIFE_MS + 1) },
    ],
    ['of an account that was changed', { prepare: ({ grace }: MeterFixture) => grace?.forget(ACCOUNT_ID) }],
  ] as const)('a call %s is refused', async (_, { principal, request, prepare }: Away) => {
    await using part = await openAway({ graceNanoUsd: NANO });
    finish(await admit(part));
    prepare?.(part);
    expect(await refusal(part, request ?? makeRequest(), principal)).toEqual(UNAVAILABLE);
  });

  test('an account that is known to be frozen stays refused', async () => {
    await using part = await openMeter({ graceNanoUsd: NANO });
    finish(await admit(part));
    await part.fixture.ledger.setPolicy({ accountId: ACCOUNT_ID, status: 'frozen' });
    expect(await refusal(part, makeRequest())).toEqual({ kind: 'account_frozen' });
    part.fixture.down = true;
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
    expect(part.grace?.isOpen()).toBe(false);
  });

  test('a store that must not be trusted is no outage', async () => {
    let fit = true;
    await using part = await openAway({ graceNanoUsd: NANO, isFit: () => fit });
    expect(part.grace?.isOpen()).toBe(true);
    fit = false;
    expect(part.grace?.isOpen()).toBe(false);
    expect(await refusal(part, makeRequest())).toEqual(UNAVAILABLE);
  });

  test('a full spool refuses', async () => {
    await using part = await openAway({ graceNanoUsd: NANO, entriesMax: 3 });
    // Its own place and that of the release of its unanswered hold.
    await admit(part);
    expect((await refusal(part, makeRequest())) as object).toMatchObject({ kind: 'ledger_unavailable' });
    expect(await refusal(part, makeRequest())).toEqual({ kind: 'spool_full' });
  });

  test('there is no lease to keep', async () => {
    await using part = await openAway({ graceNanoUsd: NANO });
    const call = await admit(part);
    const keeper = createLeaseKeeper(part.shared);
    await keeper.beat();
    keeper.stop();
    expect(part.fixture.sent.extend).toBeUndefined();
    finish(call);
  });
});

interface Away {
  principal?: ReturnType<typeof makePrincipal>;
  request?: ReturnType<typeof makeRequest>;
  prepare?(part: MeterFixture): unknown;
}

test('what an earlier process left in the spool is taken until it is charged', async () => {
  await using part = await openMeter();
  const left = settleOf('hold_left', 70n);
  const waiting = [{ ...left, command: { ...left.command, details: { grace: true } } } as typeof left];
  const options = { lifeMs: 1_000, nowMs: () => 0, isFit: () => true, metrics: part.metrics, waiting };
  const grace = createGraceBudget({ ...options, budgetNanoUsd: 100n });
  const caller = { accountId: ACCOUNT_ID, keyId: 'key_1' };
  const amounts = { amountNanoUsd: 1n, cells: [], balance: await balance(part) };
  grace.note(caller, { result: 'held', ...amounts });
  expect(grace.take(caller, 'hold_a', 31n)).toBeUndefined();
  expect(grace.take(caller, 'hold_b', 30n)).toEqual({ leftNanoUsd: 0n });
  grace.acknowledge(left);
  expect(grace.take(caller, 'hold_c', 1n)).toBeUndefined();
  grace.note(caller, { result: 'held', ...amounts });
  expect(grace.take(caller, 'hold_c', 70n)).toEqual({ leftNanoUsd: 0n });
});
