import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin } from './admin-under-test.ts';

const TERMS = { enabled: true, threshold_usd: '5', mode: 'fixed', amount_usd: '20', monthly_cap_usd: '100' };

let admin: AdminUnderTest;
let accountId: string;
let path: string;
beforeEach(async () => {
  admin = await openAdmin();
  ({ id: accountId } = await openAccount(admin, { timezone: 'Asia/Kolkata' }));
  path = `/accounts/${accountId}/auto-reload`;
});
afterEach(() => admin.close());

const request = () =>
  admin.ledger.requestReload({ accountId, monthEndsAtMs: admin.clock.nowMs + 9 * 86_400_000 }).then((reply) => {
    if (reply.result !== 'requested') throw new Error(reply.result);
    return `reload_${accountId.slice('acct_'.length)}_${reply.pending.number}`;
  });
const answer = async (reloadId: string, body: object): Promise<{ status: number; body: Json }> =>
  admin.call('POST', `${path}/requests/${reloadId}`, body);

describe('the terms', () => {
  test('are null until they are set, then as they were set; what is left out stays', async () => {
    expect((await admin.call('GET', path)).body).toEqual({
      ...{ account_id: accountId, enabled: false, disabled_reason: null, threshold_usd: null, mode: null },
      ...{ amount_usd: null, target_usd: null, monthly_cap_usd: null, hourly_limit: null },
      ...{ month_requested_usd: '0.00', pending: null, declines: 0, next_at: null, proposal: null },
    });
    const set = await admin.call('PUT', path, TERMS);
    expect([set.status, set.body]).toMatchObject([
      200,
      { enabled: true, threshold_usd: '5.00', mode: 'fixed', amount_usd: '20.00', target_usd: null, hourly_limit: 3 },
    ]);
    const again = await admin.call('PUT', path, { enabled: true, mode: 'target', target_usd: '30', hourly_limit: 1 });
    expect(again.body).toMatchObject({
      amount_usd: null,
      target_usd: '30.00',
      monthly_cap_usd: '100.00',
      hourly_limit: 1,
    });
    const off = await admin.call('PUT', path, { enabled: false });
    expect(off.body).toMatchObject({ enabled: false, threshold_usd: '5.00', target_usd: '30.00' });
    expect((await admin.call('PUT', path, { enabled: true })).body).toMatchObject({
      enabled: true,
      target_usd: '30.00',
    });
  });

  test.each<[object, string]>([
    [{}, 'enabled'],
    [{ enabled: 'yes' }, 'enabled'],
    [{ enabled: true }, 'threshold_usd'],
    [{ ...TERMS, threshold_usd: undefined }, 'threshold_usd'],
    [{ ...TERMS, threshold_usd: '-1' }, 'threshold_usd'],
    [{ ...TERMS, threshold_usd: '1000000.01' }, 'threshold_usd'],
    [{ ...TERMS, threshold_usd: 5 }, 'threshold_usd'],
    [{ ...TERMS, amount_usd: undefined }, 'amount_usd'],
    [{ ...TERMS, amount_usd: '0' }, 'amount_usd'],
    [{ ...TERMS, amount_usd: '0.99' }, 'amount_usd'],
    [{ ...TERMS, amount_usd: '1.001' }, 'amount_usd'],
    [{ ...TERMS, amount_usd: '1000000.01' }, 'amount_usd'],
    [{ ...TERMS, target_usd: '30' }, 'target_usd'],
    [{ ...TERMS, mode: 'target' }, 'amount_usd'],
    [{ ...TERMS, mode: 'target', amount_usd: undefined }, 'target_usd'],
    [{ ...TERMS, mode: 'target', amount_usd: undefined, target_usd: '5' }, 'target_usd'],
    [{ ...TERMS, mode: 'all' }, 'mode'],
    [{ ...TERMS, monthly_cap_usd: undefined }, 'monthly_cap_usd'],
    [{ ...TERMS, monthly_cap_usd: '0.5' }, 'monthly_cap_usd'],
    [{ ...TERMS, hourly_limit: 0 }, 'hourly_limit'],
    [{ ...TERMS, hourly_limit: 11 }, 'hourly_limit'],
    [{ ...TERMS, hourly_limit: 1.5 }, 'hourly_limit'],
    [{ enabled: false, threshold_usd: '1' }, 'threshold_usd'],
    [{ ...TERMS, colour: 'red' }, 'colour'],
  ])('%j is refused by name, and nothing changes', async (body, field) => {
    const before = await admin.ledger.readBalance(accountId);
    const refused = await admin.call('PUT', path, body);
    expect([refused.status, refused.body.errors?.map((error: Json) => error.field)]).toEqual([
      400,
      expect.arrayContaining([field]),
    ]);
    expect(await admin.ledger.readBalance(accountId)).toEqual(before);
  });

  test('an account that is postpaid, closed or nobody’s takes none', async () => {
    expect((await admin.call('GET', '/accounts/acct_x/auto-reload')).status).toBe(404);
    expect((await admin.call('PUT', '/accounts/acct_x/auto-reload', TERMS)).status).toBe(404);
    const postpaid = await openAccount(admin, { mode: 'postpaid', credit_limit_usd: '10' });
    const refused = await admin.call('PUT', `/accounts/${postpaid.id}/auto-reload`, TERMS);
    expect(refused.body.errors).toEqual([{ field: 'enabled', message: 'is for prepaid accounts only' }]);
    await admin.call('POST', `/accounts/${accountId}/close`, {});
    expect((await admin.call('PUT', path, TERMS)).body.type).toBe('urn:tollgate:problem:account-closed');
  });

  test('without somebody to be asked to pay it cannot be turned on, and can be turned off', async () => {
    await admin.close();
    admin = await openAdmin(() => ({ reloads: { canBeAsked: false, record: async () => ({ result: 'unknown' }) } }));
    ({ id: accountId } = await openAccount(admin));
    path = `/accounts/${accountId}/auto-reload`;
    const refused = await admin.call('PUT', path, TERMS);
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining('RELOAD_WEBHOOK_URL')]);
    expect((await admin.call('PUT', path, { enabled: false })).status).toBe(200);
  });

  test('a change leaves a record with what was before, without the proposal', async () => {
    await admin.call('PUT', path, TERMS);
    await admin.call('PUT', path, { enabled: true, amount_usd: '25' });
    const { data } = (await admin.call('GET', '/audit?newest=1')).body;
    expect(data[0].changes).toEqual([{ field: 'amount_usd', before: '20.00', after: '25.00' }]);
  });
});

describe('an answer', () => {
  beforeEach(async () => {
    await admin.call('PUT', path, TERMS);
  });

  test('paid is credit once, with its reference in the journal', async () => {
    const reloadId = await request();
    expect((await admin.call('GET', path)).body).toMatchObject({
      month_requested_usd: '20.00',
      pending: { reload_id: reloadId, amount_usd: '20.00', requested_at: '2026-11-21T09:30:00.000Z' },
    });
    const paid = await answer(reloadId, { outcome: 'paid', reference: 'ch_1', note: 'Card' });
    expect([paid.status, paid.body]).toEqual([
      200,
      {
        ...{ reload_id: reloadId, account_id: accountId, outcome: 'paid', grant_id: `grant_${reloadId}` },
        repeated: false,
      },
    ]);
    expect((await answer(reloadId, { outcome: 'paid' })).body.repeated).toBe(true);
    const { data: grants } = (await admin.call('GET', `/accounts/${accountId}/grants`)).body;
    expect(grants).toMatchObject([
      { id: `grant_${reloadId}`, kind: 'paid', amount_usd: '20.00', expires_at: '2027-11-21T09:30:00.000Z' },
    ]);
    const { data: entries } = (await admin.call('GET', `/accounts/${accountId}/journal?limit=10`)).body;
    expect(entries.map((entry: Json) => entry.operation)).toEqual(['open', 'reload_policy', 'reload_request', 'grant']);
    expect(entries[3].details).toEqual({ note: 'Card', reference: 'ch_1' });
    expect(entries[1].terms).toMatchObject({ threshold_usd: '5.00', monthly_cap_usd: '100.00' });
    const conflict = await answer(reloadId, { outcome: 'declined' });
    expect([conflict.status, conflict.body.type]).toEqual([409, 'urn:tollgate:problem:reload-answered']);
  });

  test('declined tells when the next may be', async () => {
    const reloadId = await request();
    expect((await answer(reloadId, { outcome: 'declined', reason: 'card expired' })).body).toMatchObject({
      ...{ outcome: 'declined', grant_id: null, repeated: false },
    });
    expect((await admin.call('GET', path)).body).toMatchObject({
      ...{ declines: 1, next_at: '2026-11-21T10:30:00.000Z', month_requested_usd: '0.00', pending: null },
    });
  });

  test('to a request that there never was, or of another account, is refused', async () => {
    const reloadId = await request();
    const other = await openAccount(admin);
    for (const id of [reloadId.replace(/1$/, '2'), 'reload_x', 'x', `reload_${other.id.slice(5)}_1`])
      expect((await answer(id, { outcome: 'paid' })).status, id).toBe(404);
    expect((await admin.ledger.readBalance(accountId))?.grantedNanoUsd).toBe(0n);
  });

  test.each([
    [{}],
    [{ outcome: 'maybe' }],
    [{ outcome: 'paid', amount_usd: '9' }],
    [{ outcome: 'paid', note: '\u0007' }],
  ])('%j is refused', async (body) => {
    const reloadId = await request();
    expect((await answer(reloadId, body)).status).toBe(400);
    expect((await admin.call('GET', path)).body.pending.reload_id).toBe(reloadId);
  });

  test('for an account that was closed meanwhile is refused, so that the payment is given back', async () => {
    const reloadId = await request();
    await admin.call('POST', `/accounts/${accountId}/close`, {});
    expect((await answer(reloadId, { outcome: 'paid' })).body.type).toBe('urn:tollgate:problem:account-closed');
    expect((await answer(reloadId, { outcome: 'declined' })).status).toBe(200);
  });
});

test('a threshold is proposed by the use of the last days', async () => {
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '100', kind: 'paid' });
  for (let day = 0; day < 4; day += 1) {
    const call = { accountId, holdId: createId('hold', admin.clock.nowMs), tokens: 1n, modelLabels: [], cells: [] };
    await admin.ledger.hold({ ...call, amountNanoUsd: 3_000_000_000n, leaseMs: 60_000 });
    await admin.ledger.settle({ ...call, amountNanoUsd: 3_000_000_000n });
    admin.clock.nowMs += 86_400_000;
  }
  // Four days at 3.00, in four of 96 hours: two days are 6.00, and the busy hour is one of nothing.
  expect((await admin.call('GET', path)).body.proposal).toEqual({
    ...{ threshold_usd: '6.00', based_on_days: 4, daily_burn_usd: '3.00' },
  });
});
