import { describe, expect, it } from 'vitest';
import type { HoldReply } from '../../src/ledger/ledger.ts';
import { LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { createLeaseKeeper } from '../../src/metering/lease-keeper.ts';
import { createOpenCalls } from '../../src/metering/open-calls.ts';
import { createSweeper } from '../../src/metering/sweeper.ts';
import { until } from '../support/until.ts';
import { admit, type MeterFixture, openMeter, refusal } from './meter-fixture.ts';
import { ACCOUNT_ID, type LedgerFixture, makePrincipal, makeRequest, makeUsage, NANO } from './metering-fixtures.ts';

async function balance(fixture: LedgerFixture) {
  const read = await fixture.ledger.readBalance(ACCOUNT_ID);
  if (read === undefined) throw new Error('no account');
  return read;
}

describe('admission', () => {
  it('holds the ceiling in one round trip and gives back what was not used', async () => {
    await using part = await openMeter();
    const call = await admit(part, makeRequest({ maxTokens: 1_000 }));
    expect(part.fixture.sent).toEqual({ hold: 1 });
    const held = (await balance(part.fixture)).heldNanoUsd;
    expect(held).toBeGreaterThanOrEqual(5_000_000n);
    expect(call.facts.heldNanoUsd).toBe(held);
    expect(call.facts.availableNanoUsd).toBe(10n * NANO - held);
    call.finish({ kind: 'completed', status: 200, usage: makeUsage(100, 10), visibleCharacters: 3 }, { status: 200 });
    await part.settleQueue.settled();
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n, chargedNanoUsd: 150_000n });
  });

  it('finishes once, however often and however differently it is told', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    const first = call.finish(
      { kind: 'completed', status: 200, usage: makeUsage(1, 1), visibleCharacters: 1 },
      { status: 200 },
    );
    expect(call.finish({ kind: 'not_sent', reason: 'client_gone' }, { status: 0 })).toBe(first);
    expect(call.finish({ kind: 'upstream_error', status: 500 }, { status: 500 })).toBe(first);
    await part.settleQueue.settled();
    expect(part.fixture.sent).toEqual({ hold: 1, settle: 1 });
    expect(part.openCalls.size).toBe(0);
    expect(part.log.filter((line) => line.event === 'call')).toHaveLength(1);
  });

  it('tells why and by how much when credit is short, and holds nothing', async () => {
    await using part = await openMeter({ creditUsd: 0.001 });
    expect(await refusal(part, makeRequest())).toMatchObject({
      kind: 'insufficient_credit',
      availableNanoUsd: 1_000_000n,
    });
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n });
  });

  it('serves no model without a price, and none that the key may not call', async () => {
    await using part = await openMeter();
    const limited = makePrincipal({ allowedModels: ['claude-haiku-4-5'] });
    const sonnet = makeRequest({ model: 'claude-sonnet-5' });
    expect(await refusal(part, makeRequest({ model: 'gpt-5' }))).toEqual({ kind: 'model_not_priced', model: 'gpt-5' });
    expect(await refusal(part, sonnet, limited)).toEqual({ kind: 'model_not_allowed', model: 'claude-sonnet-5' });
    expect(part.fixture.sent).toEqual({});
    (await admit(part, makeRequest({ model: 'claude-haiku-4-5-20251001' }), limited)).finish(
      { kind: 'upstream_error', status: 500 },
      { status: 500 },
    );
  });

  it('lets no fallback or advisor reach past the models of the key', async () => {
    await using part = await openMeter();
    const limited = makePrincipal({ allowedModels: ['claude-haiku-4-5'] });
    const fallbacks = [{ model: 'claude-opus-5', maxTokens: undefined, speed: undefined }];
    expect(await refusal(part, makeRequest({ fallbacks }), limited)).toMatchObject({ model: 'claude-opus-5' });
    expect(await refusal(part, makeRequest({ fallbacks: 'default' }), limited)).toMatchObject({ model: 'default' });
    const tools = [{ type: 'advisor_20260301', maxUses: 1, model: 'claude-opus-5', maxTokens: undefined }];
    expect(await refusal(part, makeRequest({ tools }), limited)).toMatchObject({ model: 'claude-opus-5' });
  });

  it('refuses when the store is silent, and no delayed hold can come alive', async () => {
    await using part = await openMeter();
    part.fixture.down = true;
    expect(await refusal(part, makeRequest())).toEqual({ kind: 'ledger_unavailable' });
    await part.settleQueue.settled();
    expect(part.fixture.sent.hold).toBe(2);
    expect(part.settleQueue.waiting().entries).toBe(1);
    part.fixture.down = false;
    part.fixture.timers.advance(250);
    await until(() => part.settleQueue.waiting().entries === 0);
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n, availableNanoUsd: 10n * NANO });
  });

  it('holds once when the answer to the first attempt was lost', async () => {
    let lost = true;
    await using part = await openMeter({
      wrap: (ledger) => ({
        ...ledger,
        async hold(command) {
          const reply = await ledger.hold(command);
          if (!lost) return reply;
          lost = false;
          throw new LedgerUnavailable('the answer was lost');
        },
      }),
    });
    const call = await admit(part);
    expect(await fixtureHolds(part)).toHaveLength(1);
    call.finish({ kind: 'not_sent', reason: 'upstream_busy' }, { status: 529 });
    await part.settleQueue.settled();
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n, availableNanoUsd: 10n * NANO });
  });

  it('stops admitting when the spool is full', async () => {
    await using part = await openMeter({ entriesMax: 1 });
    const call = await admit(part);
    part.fixture.down = true;
    call.finish({ kind: 'completed', status: 200, usage: makeUsage(1, 1), visibleCharacters: 0 }, { status: 200 });
    await part.settleQueue.settled();
    part.fixture.down = false;
    expect(await refusal(part, makeRequest())).toEqual({ kind: 'spool_full' });
  });

  it.each<[HoldReply, string]>([
    [{ result: 'frozen' }, 'account_frozen'],
    [{ result: 'closed' }, 'account_closed'],
    [{ result: 'no_account' }, 'ledger_unavailable'],
    [{ result: 'bad_time' }, 'ledger_unavailable'],
    [{ result: 'done' }, 'ledger_unavailable'],
    [{ result: 'out_of_range', what: 'the amount' }, 'unbounded_cost'],
  ])('turns the ledger answer %o into a refusal', async (reply, kind) => {
    await using part = await openMeter({ wrap: (ledger) => ({ ...ledger, hold: async () => reply }) });
    expect(await refusal(part, makeRequest())).toMatchObject({ kind });
    expect(part.openCalls.size).toBe(0);
  });

  it('writes what explains the price into the journal, and no content', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    call.finish(
      { kind: 'completed', status: 200, usage: makeUsage(100, 10, { stopReason: 'end_turn' }), visibleCharacters: 3 },
      { status: 200, upstreamRequestId: 'req_upstream' },
    );
    await part.settleQueue.settled();
    const journal = await part.fixture.ledger.readJournal(ACCOUNT_ID, { afterSequence: 0, limit: 100 });
    const entry = journal.find(({ operation }) => operation === 'settle');
    expect(entry?.details).toMatchObject({
      request_id: 'req_1',
      upstream_request_id: 'req_upstream',
      key_id: 'key_1',
      team_id: 'team_1',
      session_id: 'session-1',
      model: 'claude-haiku-4-5-20251001',
      requested_model: 'claude-haiku-4-5',
      tokens: { input: 100, output: 10 },
      receipt: [
        { class: 'input', quantity: 100, usd_each: '0.000001', usd: '0.0001' },
        { class: 'output', quantity: 10, usd_each: '0.000005', usd: '0.00005' },
      ],
      basis: 'reported',
      stop_reason: 'end_turn',
      status: 200,
    });
  });
});

function fixtureHolds({ fixture }: MeterFixture) {
  return fixture.ledger.readHolds(ACCOUNT_ID);
}

describe('leases', () => {
  it('are prolonged while a call runs, so that the sweeper leaves it alone', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    const keeper = createLeaseKeeper(part.shared);
    const sweeper = createSweeper(part.shared);
    for (let beat = 1; beat <= 10; beat += 1) {
      part.fixture.timers.advance(30_000);
      await keeper.beat();
      await sweeper.sweep();
      expect(part.fixture.sent.extend).toBe(beat);
    }
    expect(await fixtureHolds(part)).toHaveLength(1);
    expect(part.fixture.sent.reclaim).toBeUndefined();
    keeper.stop();
    sweeper.stop();
    call.finish({ kind: 'upstream_error', status: 500 }, { status: 500 });
    await part.settleQueue.settled();
    expect(part.fixture.timers.pending()).toEqual([]);
  });

  it('survive an outage shorter than the lease, and a longer one costs no charge', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    const keeper = createLeaseKeeper(part.shared);
    part.fixture.down = true;
    await keeper.beat();
    part.fixture.timers.advance(200_000);
    part.fixture.down = false;
    await keeper.beat();
    call.finish({ kind: 'completed', status: 200, usage: makeUsage(100, 10), visibleCharacters: 0 }, { status: 200 });
    await part.settleQueue.settled();
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n, chargedNanoUsd: 150_000n });
    keeper.stop();
  });

  it('end with their process: another one reclaims, and a settle that turns up is charged once', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    part.fixture.timers.advance(120_001);
    const sweeper = createSweeper({ ...part.shared, openCalls: createOpenCalls() });
    await sweeper.sweep();
    sweeper.stop();
    expect(await fixtureHolds(part)).toEqual([]);
    expect(await balance(part.fixture)).toMatchObject({ availableNanoUsd: 10n * NANO });
    call.finish({ kind: 'completed', status: 200, usage: makeUsage(100, 10), visibleCharacters: 0 }, { status: 200 });
    await part.settleQueue.settled();
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n, chargedNanoUsd: 150_000n });
  });

  it('are not reclaimed by the process whose call still runs', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    part.fixture.timers.advance(120_001);
    const sweeper = createSweeper(part.shared);
    await sweeper.sweep();
    sweeper.stop();
    expect(await fixtureHolds(part)).toHaveLength(1);
    call.finish({ kind: 'upstream_error', status: 500 }, { status: 500 });
  });

  it('one account that fails does not stop the sweep of the rest', async () => {
    const holds = ['hold_a', 'hold_b'].map((holdId) => ({ accountId: ACCOUNT_ID, holdId }));
    const reclaimed: string[] = [];
    await using part = await openMeter({
      wrap: (ledger) => ({
        ...ledger,
        findDue: async () => ({ holds, accounts: ['acct_x'] }),
        async reclaim({ holdId }) {
          if (holdId === 'hold_a') throw new Error('corrupt');
          reclaimed.push(holdId);
          return { result: 'no_hold' };
        },
        async tick({ accountId }) {
          reclaimed.push(accountId);
          return { result: 'idle' };
        },
      }),
    });
    const sweeper = createSweeper(part.shared);
    await sweeper.sweep();
    sweeper.stop();
    expect(reclaimed).toEqual(['hold_b', 'acct_x']);
  });

  it('the sweep expires grants on time', async () => {
    await using part = await openMeter();
    part.fixture.timers.advance(86_400_001);
    const sweeper = createSweeper(part.shared);
    await sweeper.sweep();
    sweeper.stop();
    expect(await balance(part.fixture)).toMatchObject({ expiredNanoUsd: 10n * NANO });
  });
});

describe('open calls at shutdown', () => {
  it('are waited for', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    const drained = part.openCalls.drain(30_000, part.fixture.timers);
    call.finish({ kind: 'completed', status: 200, usage: makeUsage(1, 1), visibleCharacters: 0 }, { status: 200 });
    expect(await drained).toEqual({ interrupted: 0 });
    await part.settleQueue.settled();
    expect(part.fixture.timers.pending()).toEqual([]);
  });

  it('are interrupted at the deadline and settled', async () => {
    await using part = await openMeter();
    const forwarded = await admit(part);
    await admit(part);
    forwarded.onInterrupt((reason) => {
      forwarded.finish(
        { kind: 'interrupted', reason, usage: makeUsage(100, 1), visibleCharacters: 13 },
        { status: 200 },
      );
    });
    const drained = part.openCalls.drain(30_000, part.fixture.timers);
    part.fixture.timers.advance(29_999);
    expect(part.openCalls.size).toBe(2);
    part.fixture.timers.advance(1);
    expect(await drained).toEqual({ interrupted: 2 });
    await part.settleQueue.settled();
    // 100 in, 10 out for the one; the other was never sent.
    expect(await balance(part.fixture)).toMatchObject({ heldNanoUsd: 0n, chargedNanoUsd: 150_000n });
  });

  it('are given up when they do not end even then', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    call.onInterrupt(() => undefined);
    const drained = part.openCalls.drain(30_000, part.fixture.timers);
    part.fixture.timers.advance(31_000);
    expect(await drained).toEqual({ interrupted: 1 });
    call.finish({ kind: 'not_sent', reason: 'shutdown' }, { status: 0 });
  });

  it('none open is drained at once', async () => {
    await using part = await openMeter();
    expect(await part.openCalls.drain(30_000, part.fixture.timers)).toEqual({ interrupted: 0 });
  });
});
