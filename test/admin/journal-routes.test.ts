import { afterEach, beforeEach, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin, { mode: 'postpaid', credit_limit_usd: '2.5' })).id;
});
afterEach(() => admin.close());

async function spend(): Promise<{ grantId: string; holdId: string }> {
  const granted = await admin.call('POST', `/accounts/${accountId}/grants`, {
    amount_usd: '1',
    kind: 'paid',
    note: '=cmd|calc',
  });
  const holdId = createId('hold', admin.clock.nowMs);
  const call = { accountId, holdId, tokens: 0n, modelLabels: [], cells: [] };
  const held = await admin.ledger.hold({ ...call, amountNanoUsd: 600_000_000n, leaseMs: 60_000 });
  expect(held.result).toBe('held');
  await admin.ledger.settle({ ...call, amountNanoUsd: 123_456_789n, details: { model: 'claude-opus-4-8' } });
  return { grantId: granted.body.id, holdId };
}

test('shows every change in sequence, in the units of the API', async () => {
  const { grantId, holdId } = await spend();
  const { body } = await admin.call('GET', `/accounts/${accountId}/journal`);
  expect(body.has_more).toBe(false);
  expect(body.data).toMatchObject([
    { sequence: 1, operation: 'open', terms: { status: 'open', mode: 'postpaid', credit_limit_usd: '2.50' } },
    {
      sequence: 2,
      operation: 'grant',
      amount_usd: '1.00',
      terms: { kind: 'paid', expires_at: '2027-11-21T09:30:00.000Z' },
      details: { note: '=cmd|calc' },
    },
    {
      sequence: 3,
      operation: 'hold',
      subject_id: holdId,
      postings: [{ kind: 'hold', grant_id: grantId, amount_usd: '0.60' }],
    },
    { sequence: 4, operation: 'settle', amount_usd: '0.123456789', details: { model: 'claude-opus-4-8' } },
  ]);
});

test('goes on after a sequence, for ever', async () => {
  await spend();
  const first = await admin.call('GET', `/accounts/${accountId}/journal?limit=3`);
  expect(first.body).toMatchObject({ has_more: true, next_after: 3 });
  const second = await admin.call('GET', `/accounts/${accountId}/journal?limit=3&after=3`);
  expect(second.body.data.map((entry: { sequence: number }) => entry.sequence)).toEqual([4]);
  expect('next_after' in second.body).toBe(false);
  expect((await admin.call('GET', `/accounts/${accountId}/journal?after=4`)).body.data).toEqual([]);
});

test('as CSV it has one row per entry and no live formula', async () => {
  const { grantId } = await spend();
  const answer = await admin.call('GET', `/accounts/${accountId}/journal?format=csv&limit=3`);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.headers['content-disposition']).toBe(`attachment; filename="journal-${accountId}.csv"`);
  expect(answer.headers['tollgate-next-after']).toBe('3');
  const lines = answer.text.trimEnd().split('\r\n');
  expect(lines[0]).toBe('sequence,at,operation,subject_id,amount_usd,postings,terms,details');
  expect(lines).toHaveLength(4);
  expect(lines[2]).toContain(`,grant ${grantId} 1.00,`);
  expect(answer.text).not.toMatch(/(^|,)"?[=+@]/m);
});

test.each(['after=-1', 'after=x', 'limit=1001', 'format=xml'])('refuses ?%s', async (query) => {
  const answer = await admin.call('GET', `/accounts/${accountId}/journal?${query}`);
  expect([answer.status, answer.body.errors[0].field]).toEqual([400, query.split('=')[0]]);
});

test('of an unknown account is not found', async () => {
  expect((await admin.call('GET', '/accounts/acct_none/journal')).status).toBe(404);
});

test('only what is marked so, page by page', async () => {
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '1', kind: 'paid' });
  const marks = [
    { basis: 'reported' },
    { basis: 'estimated', doubts: ['usage_partial'] },
    { basis: 'estimated', doubts: ['usage_absurd'], reported_usage: { output_tokens: -1 } },
    { basis: 'reported', unknown_usage: { video_tokens: 7 } },
    { basis: 'estimated', doubtful: true },
  ];
  for (const details of marks) {
    const holdId = createId('hold', admin.clock.nowMs);
    await admin.ledger.settle({
      accountId,
      holdId,
      amountNanoUsd: 1n,
      tokens: 0n,
      modelLabels: [],
      cells: [],
      details,
    });
  }
  const found = async (query: string) => {
    const { body } = await admin.call('GET', `/accounts/${accountId}/journal?${query}`);
    return [body.data.map(({ sequence }: { sequence: number }) => sequence), body.next_after];
  };
  expect(await found('only=estimated')).toEqual([[4, 5, 7], undefined]);
  expect(await found('only=absurd')).toEqual([[5], undefined]);
  expect(await found('only=unknown')).toEqual([[6], undefined]);
  expect(await found('only=doubtful')).toEqual([[7], undefined]);
  expect(await found('only=estimated&limit=2')).toEqual([[4, 5], 5]);
  expect(await found('only=estimated&limit=2&after=5')).toEqual([[7], undefined]);
  expect((await admin.call('GET', `/accounts/${accountId}/journal?only=other`)).status).toBe(400);
  const csv = await admin.call('GET', `/accounts/${accountId}/journal?only=absurd&format=csv`);
  expect(csv.text.trim().split('\r\n')).toHaveLength(2);
});

test('is read from its end, page by page down to its beginning', async () => {
  await spend();
  const read = async (query: string) =>
    (await admin.call('GET', `/accounts/${accountId}/journal?order=newest&${query}`)).body;
  const first = await read('limit=3');
  expect(first.data.map(({ sequence }: { sequence: number }) => sequence)).toEqual([4, 3, 2]);
  expect(first).toMatchObject({ has_more: true, next_after: 2 });
  const last = await read(`limit=3&after=${first.next_after}`);
  expect(last.data.map(({ sequence }: { sequence: number }) => sequence)).toEqual([1]);
  expect(last).toEqual({ data: last.data, has_more: false });
  expect((await read('after=1')).data).toEqual([]);
  expect((await read('after=99&limit=1')).data[0].sequence).toBe(4);
});

test('all entries of one call are found by its hold or its request, what was given back later too', async () => {
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '1', kind: 'paid' });
  const call = async (requestId: string) => {
    const holdId = createId('hold', admin.clock.nowMs);
    const hold = { accountId, holdId, tokens: 0n, modelLabels: [], cells: [] };
    await admin.ledger.hold({ ...hold, amountNanoUsd: 6_000_000n, leaseMs: 60_000 });
    const details = { request_id: requestId, upstream_request_id: `up_${requestId}` };
    await admin.ledger.settle({ ...hold, amountNanoUsd: 2_000_000n, details });
    return holdId;
  };
  const requestId = createId('req', admin.clock.nowMs);
  const holdId = await call(requestId);
  await call(createId('req', admin.clock.nowMs));
  await admin.call('POST', `/accounts/${accountId}/refunds`, { hold_id: holdId });
  for (const name of [requestId, `up_${requestId}`, holdId]) {
    const { body } = await admin.call('GET', `/accounts/${accountId}/journal?request_id=${name}`);
    expect(body.data.map(({ operation }: { operation: string }) => operation)).toEqual(['hold', 'settle', 'refund']);
    expect(body.data[0].subject_id).toBe(holdId);
  }
  const open = createId('hold', admin.clock.nowMs);
  const hold = { accountId, holdId: open, tokens: 0n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...hold, amountNanoUsd: 1n, leaseMs: 60_000 });
  const running = await admin.call('GET', `/accounts/${accountId}/journal?request_id=${open}`);
  expect(running.body.data.map(({ operation }: { operation: string }) => operation)).toEqual(['hold']);
  for (const unknown of ['req_nothing', 'hold_nothing', createId('hold', admin.clock.nowMs)]) {
    const { body } = await admin.call('GET', `/accounts/${accountId}/journal?request_id=${unknown}`);
    expect(body.data).toEqual([]);
  }
});

test.each([
  ['order=newest&only=estimated', 'order'],
  ['request_id=req_x&after=1', 'request_id'],
  ['request_id=req_x&order=newest', 'request_id'],
  ['order=sideways', 'order'],
])('%s is refused', async (query, field) => {
  const { status, body } = await admin.call('GET', `/accounts/${accountId}/journal?${query}`);
  expect([status, body.errors[0].field]).toEqual([400, field]);
});
