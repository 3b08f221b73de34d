import { describe, expect, it } from 'vitest';
import type { Principal } from '../../src/directory/directory.ts';
import type { MessagesRequest } from '../../src/domain/call-request.ts';
import type { Quota } from '../../src/domain/quota.ts';
import { findWindow } from '../../src/domain/quota-window.ts';
import type { ExtendCommand } from '../../src/ledger/ledger.ts';
import { createLeaseKeeper } from '../../src/metering/lease-keeper.ts';
import type { MeteredCall } from '../../src/metering/metered-call.ts';
import { admit, limits, type MeterFixture, openMeter, refusal } from './meter-fixture.ts';
import { ACCOUNT_ID, aQuota, makeRequest, makeUsage, NANO, withQuotas } from './metering-fixtures.ts';

const OPUS = 'claude-opus-4-8';
const USAGE = makeUsage(100, 10, { stopReason: 'end_turn' });

function complete(call: MeteredCall, usage = USAGE): void {
  call.finish({ kind: 'completed', status: 200, usage, visibleCharacters: 3 }, { status: 200 });
}

/** The cell of a quota in the window of an instant. */
async function cellOf({ fixture }: MeterFixture, quota: Quota, atMs = fixture.timers.nowMs(), timezone = 'UTC') {
  const { name } = findWindow(quota.window, atMs, timezone, quota.anchorDay);
  const [cell] = await fixture.ledger.readCells(ACCOUNT_ID, [{ quotaId: quota.id, window: name }]);
  return cell;
}

async function metric({ metrics }: MeterFixture, line: string): Promise<number> {
  const { body } = await metrics.render();
  const found = body.split('\n').find((one) => one.startsWith(`${line} `));
  return Number(found?.split(' ').at(-1));
}

describe('quotas of a call', () => {
  it('hold the ceiling, and count what the call came to', async () => {
    await using part = await openMeter();
    const [usd, tokens, requests] = [
      aQuota(),
      aQuota({ id: 'quota_2', measure: 'tokens', limit: 1_000_000n, scope: { type: 'team', id: 'team_1' } }),
      aQuota({ id: 'quota_3', measure: 'requests', limit: 5n, scope: { type: 'key', id: 'key_1' } }),
    ];
    const call = await admit(part, makeRequest(), withQuotas(usd, tokens, requests));
    expect(await cellOf(part, usd)).toEqual({ used: 0n, held: call.facts.heldNanoUsd });
    expect((await cellOf(part, tokens))?.held).toBeGreaterThan(1_000n);
    expect(await cellOf(part, requests)).toEqual({ used: 0n, held: 1n });
    complete(call);
    await part.settleQueue.settled();
    const charged = (await part.fixture.ledger.readBalance(ACCOUNT_ID))?.chargedNanoUsd;
    expect(await cellOf(part, usd)).toEqual({ used: charged, held: 0n });
    expect(await cellOf(part, tokens)).toEqual({ used: 110n, held: 0n });
    expect(await cellOf(part, requests)).toEqual({ used: 1n, held: 0n });
  });

  it('those of another team, member or key do not count', async () => {
    await using part = await openMeter();
    const foreign = [
      aQuota({ scope: { type: 'team', id: 'team_2' }, limit: 0n }),
      aQuota({ scope: { type: 'member', id: 'mem_1' }, limit: 0n }),
      aQuota({ scope: { type: 'key', id: 'key_2' }, limit: 0n }),
      aQuota({ scope: { type: 'account', id: 'acct_2' }, limit: 0n }),
    ];
    expect((await admit(part, makeRequest(), withQuotas(...foreign))).facts.quotas).toEqual([]);
  });

  it('a refusal names the quota, its limit, what is left, what was needed and when it resets', async () => {
    await using part = await openMeter();
    const quota = aQuota({ limit: 1_000n, scope: { type: 'team', id: 'team_1' } });
    const refused = await refusal(part, makeRequest(), withQuotas(quota));
    expect(refused).toMatchObject({ kind: 'quota_exceeded', quota, limit: 1_000n, room: 1_000n });
    expect(refused).toMatchObject({ endsAtMs: Date.UTC(2026, 10, 21) });
    expect(refused !== 'admitted' && 'needed' in refused && refused.needed).toBeGreaterThan(1_000n);
    expect(await cellOf(part, quota)).toEqual({ used: 0n, held: 0n });
    expect((await part.fixture.ledger.readBalance(ACCOUNT_ID))?.heldNanoUsd).toBe(0n);
  });

  it('of a call that could run on less, the least it needs is told', async () => {
    await using part = await openMeter();
    const quota = aQuota({ limit: 10_000_000n });
    const principal = withQuotas(quota);
    const whole = await refusal(part, makeRequest({ maxTokens: 60_000 }), principal);
    principal.account.onExhausted = 'finish';
    const least = await refusal(part, makeRequest({ maxTokens: 60_000 }), principal);
    const neededOf = (refused: typeof whole) =>
      refused !== 'admitted' && refused.kind === 'quota_exceeded' ? refused.needed : undefined;
    expect(neededOf(least)).toBeGreaterThan(10_000_000n);
    expect(neededOf(least)).toBeLessThan(neededOf(whole) ?? 0n);
  });

  it.each(['cut', 'finish'] as const)('one in tokens with room lets a long request in: %s', async (onExhausted) => {
    await using part = await openMeter();
    const tight = aQuota({ measure: 'tokens', limit: 20_000n, window: 'month' });
    const tighter = aQuota({ id: 'quota_2', measure: 'tokens', limit: 6_000n });
    const request = makeRequest({ maxTokens: 60_000, stream: true });
    const principal = withQuotas(tight, tighter);
    expect(await refusal(part, request, principal)).toMatchObject({ kind: 'quota_exceeded' });
    principal.account.onExhausted = onExhausted;
    const call = await admit(part, request, principal);
    expect((await cellOf(part, tighter))?.held).toBe(6_000n);
    expect((await cellOf(part, tight))?.held).toBe(6_000n);
    expect(await refusal(part, request, principal)).toMatchObject({ quota: tighter, room: 0n });
    complete(call, makeUsage(100, 30_000, { stopReason: 'end_turn' }));
    await part.settleQueue.settled();
    expect(await cellOf(part, tighter)).toEqual({ used: 30_100n, held: 0n });
    const refused = await refusal(part, request, principal);
    // The least that would have done: 2,048 tokens of output and the bound of the prompt.
    expect(refused !== 'admitted' && 'needed' in refused && refused.needed).toBeLessThan(6_000n);
  });

  it('of two that refuse, the one that lasts longer is told', async () => {
    await using part = await openMeter();
    const blocked = { limit: 0n } as const;
    const quotas = (['minute', 'month', 'hour'] as const).map((window) => aQuota({ id: window, window, ...blocked }));
    const open = aQuota({ id: 'open', window: 'total', measure: 'concurrency', ...blocked });
    expect(await refusal(part, makeRequest(), withQuotas(open, ...quotas))).toMatchObject({ quota: { id: 'month' } });
  });

  it('open calls are let in again as others end, whichever way they end', async () => {
    await using part = await openMeter();
    const principal = withQuotas(aQuota({ window: 'total', measure: 'concurrency', limit: 2n }));
    const [one, two] = [await admit(part, makeRequest(), principal), await admit(part, makeRequest(), principal)];
    const refused = await refusal(part, makeRequest(), principal);
    expect(refused).toMatchObject({ kind: 'quota_exceeded', room: 0n, needed: 1n });
    expect(refused).not.toHaveProperty('endsAtMs');
    complete(one);
    two.finish({ kind: 'not_sent', reason: 'upstream_busy' }, { status: 529 });
    await part.settleQueue.settled();
    await admit(part, makeRequest(), principal);
    await admit(part, makeRequest(), principal);
    expect(await refusal(part, makeRequest(), principal)).toMatchObject({ kind: 'quota_exceeded' });
  });

  it('a call that runs into the next window stays in the one it began in', async () => {
    await using part = await openMeter();
    const quota = aQuota({ measure: 'requests', limit: 1n });
    const principal = withQuotas(quota);
    const startMs = part.fixture.timers.nowMs();
    const call = await admit(part, makeRequest(), principal);
    const keeper = createLeaseKeeper({ ...part.shared });
    part.fixture.timers.advance(Date.UTC(2026, 10, 21) - startMs - 1);
    await keeper.beat();
    expect(await refusal(part, makeRequest(), principal)).toMatchObject({ kind: 'quota_exceeded' });
    part.fixture.timers.advance(1);
    const next = await admit(part, makeRequest(), principal);
    complete(call);
    await part.settleQueue.settled();
    expect(await cellOf(part, quota, startMs)).toEqual({ used: 1n, held: 0n });
    expect(await cellOf(part, quota)).toEqual({ used: 0n, held: 1n });
    complete(next);
    keeper.stop();
  });

  it("a day begins at the account's own midnight, also when the clocks change", async () => {
    // 25 October 2026 has 25 hours in Berlin: it begins at 22:00 UTC and ends at 23:00.
    await using part = await openMeter({ startMs: Date.UTC(2026, 9, 24, 21, 59, 59), creditDays: 3 });
    const quota = aQuota({ measure: 'requests', limit: 1n });
    const principal = withQuotas(quota);
    principal.account.timezone = 'Europe/Berlin';
    const tryAt = async (...utc: [number, number, number, number]) => {
      part.fixture.timers.advance(Date.UTC(2026, 9, ...utc) - part.fixture.timers.nowMs());
      const admission = await refusal(part, makeRequest(), principal);
      return admission === 'admitted' ? admission : admission.kind;
    };
    expect(await tryAt(24, 21, 59, 59)).toBe('admitted');
    expect(await tryAt(24, 22, 0, 0)).toBe('admitted');
    expect(await tryAt(25, 22, 59, 59)).toBe('quota_exceeded');
    expect(await tryAt(25, 23, 0, 0)).toBe('admitted');
  });

  it('a month begins on the billing date', async () => {
    await using part = await openMeter({ startMs: Date.UTC(2026, 10, 20, 23, 59, 59) });
    const quota = aQuota({ window: 'month', anchorDay: 21, measure: 'requests', limit: 1n });
    const principal = withQuotas(quota);
    await admit(part, makeRequest(), principal);
    expect(await refusal(part, makeRequest(), principal)).toMatchObject({ endsAtMs: Date.UTC(2026, 10, 21) });
    part.fixture.timers.advance(1_000);
    await admit(part, makeRequest(), principal);
    expect(await refusal(part, makeRequest(), principal)).toMatchObject({ endsAtMs: Date.UTC(2026, 11, 21) });
  });

  it('a raise begins and ends by the clock', async () => {
    await using part = await openMeter();
    const nowMs = part.fixture.timers.nowMs();
    const raise = { id: 'raise_1', limit: 2n, startsAtMs: nowMs + 10, endsAtMs: nowMs + 20 };
    const principal = withQuotas(aQuota({ measure: 'requests', limit: 1n, raises: [raise] }));
    const attempt = async (advanceMs: number) => {
      part.fixture.timers.advance(advanceMs);
      const result = await refusal(part, makeRequest(), principal);
      return typeof result === 'string' || result.kind !== 'quota_exceeded' ? result : result.limit;
    };
    expect(await attempt(0)).toBe('admitted');
    expect(await attempt(9)).toBe(1n);
    expect(await attempt(1)).toBe('admitted');
    expect(await attempt(9)).toBe(2n);
    expect(await attempt(1)).toBe(1n);
  });

  it('a heartbeat carries what the hold was made with', async () => {
    const sent: ExtendCommand[] = [];
    await using part = await openMeter({
      wrap: (ledger) => ({
        ...ledger,
        extend: (command) => {
          sent.push(command);
          return ledger.extend(command);
        },
      }),
    });
    const call = await admit(part, makeRequest(), withQuotas(aQuota()));
    const keeper = createLeaseKeeper({ ...part.shared, limits });
    await keeper.beat();
    expect(sent).toMatchObject([{ modelLabels: ['claude-haiku-4-5-20251001', 'haiku'] }]);
    expect(sent[0]?.cells).toEqual(call.facts.quotas.map(({ cell }) => cell));
    keeper.stop();
  });
});

describe('quotas on models', () => {
  const onOpus = aQuota({ models: ['opus'], measure: 'requests', limit: 1n });

  it.each<[string, Partial<MessagesRequest>, number]>([
    ['another family', { model: 'claude-haiku-4-5' }, 0],
    ['the family', { model: OPUS }, 1],
    ['a fallback of the family', { fallbacks: [{ model: OPUS, maxTokens: undefined, speed: undefined }] }, 1],
    ['a fallback that the API chooses', { fallbacks: 'default' }, 1],
    ['an advisor of the family', { tools: [{ type: 'advisor_20260301', maxUses: 1, model: OPUS, maxTokens: 100 }] }, 1],
  ])('hold a call that can reach them: %s', async (_, request, cells) => {
    await using part = await openMeter({ creditUsd: 1_000 });
    const call = await admit(part, makeRequest(request), withQuotas(onOpus));
    expect(call.facts.quotas).toHaveLength(cells);
  });

  it('count only a call that asked for them or was answered by them', async () => {
    await using part = await openMeter({ creditUsd: 1_000 });
    const quota = { ...onOpus, limit: 9n };
    const request = makeRequest({ fallbacks: [{ model: OPUS, maxTokens: undefined, speed: undefined }] });
    complete(await admit(part, request, withQuotas(quota)));
    await part.settleQueue.settled();
    expect(await cellOf(part, quota)).toEqual({ used: 0n, held: 0n });
    const passes = [{ ...USAGE.passes[0], model: OPUS } as (typeof USAGE.passes)[number]];
    complete(await admit(part, request, withQuotas(quota)), { ...USAGE, model: OPUS, passes });
    await part.settleQueue.settled();
    expect(await cellOf(part, quota)).toEqual({ used: 1n, held: 0n });
    complete(await admit(part, makeRequest({ model: OPUS }), withQuotas(quota)));
    await part.settleQueue.settled();
    expect(await cellOf(part, quota)).toEqual({ used: 2n, held: 0n });
  });
});

describe('quotas that do not refuse', () => {
  it('a soft one lets pass and tells once per window', async () => {
    await using part = await openMeter();
    const quota = aQuota({ mode: 'soft', measure: 'requests', limit: 1n, scope: { type: 'team', id: 'team_1' } });
    const principal = withQuotas(quota);
    const counted = () => metric(part, 'tollgate_quota_soft_exceeded_total{scope="team"}');
    const told = () => part.log.filter(({ event }) => event === 'quota_exceeded');
    await admit(part, makeRequest(), principal);
    expect([await counted(), told().length]).toEqual([0, 0]);
    const second = await admit(part, makeRequest(), principal);
    expect(await counted()).toBe(1);
    expect(told()).toMatchObject([{ quota_id: 'quota_1', account_id: ACCOUNT_ID, limit: '1', used_and_held: '2' }]);
    // It falls back to the limit and is passed again: no news.
    second.finish({ kind: 'not_sent', reason: 'upstream_busy' }, { status: 529 });
    await part.settleQueue.settled();
    await admit(part, makeRequest(), principal);
    await admit(part, makeRequest(), principal);
    expect([await counted(), told().length]).toEqual([1, 1]);
    part.fixture.timers.advance(12 * 3_600_000);
    await admit(part, makeRequest(), principal);
    await admit(part, makeRequest(), principal);
    expect([await counted(), told().length]).toEqual([2, 2]);
  });

  it('a shadow one lets pass and counts what it would have refused', async () => {
    await using part = await openMeter();
    const shadow = (limit: bigint) => withQuotas(aQuota({ mode: 'shadow', measure: 'requests', limit }));
    const counted = () => metric(part, 'tollgate_quota_shadow_refusals_total{scope="account"}');
    await admit(part, makeRequest(), shadow(1n));
    expect(await counted()).toBe(0);
    await admit(part, makeRequest(), shadow(1n));
    await admit(part, makeRequest(), shadow(0n));
    expect(await counted()).toBe(2);
    expect(part.log.filter(({ event }) => event === 'quota_exceeded')).toEqual([]);
  });
});

describe('the binding quota', () => {
  const settleOne = async (part: MeterFixture, principal: Principal) => {
    complete(await admit(part, makeRequest(), principal));
    await part.settleQueue.settled();
  };

  it('is the hard one used most, of an hour or longer', async () => {
    await using part = await openMeter();
    const requests = (changes: Partial<Quota>) => aQuota({ measure: 'requests', ...changes });
    const principal = withQuotas(
      requests({ id: 'minute', window: 'minute', limit: 3n }),
      requests({ id: 'soft', mode: 'soft', limit: 1n }),
      requests({ id: 'shadow', mode: 'shadow', limit: 1n }),
      requests({ id: 'month', window: 'month', limit: 100n }),
      requests({ id: 'day', limit: 9n }),
      aQuota({ id: 'usd', limit: 1_000n * NANO }),
      aQuota({ id: 'open', window: 'total', measure: 'concurrency', limit: 2n }),
    );
    await settleOne(part, principal);
    const { bindingQuota } = (await admit(part, makeRequest(), principal)).facts;
    expect(bindingQuota).toMatchObject({ quota: { id: 'day' }, limit: 9n, used: 1n, endsAtMs: Date.UTC(2026, 10, 21) });
  });

  it('there is none where none limits', async () => {
    await using part = await openMeter();
    const principal = withQuotas(aQuota({ window: 'minute' }), aQuota({ mode: 'soft' }));
    expect((await admit(part, makeRequest(), principal)).facts.bindingQuota).toBeUndefined();
  });
});
