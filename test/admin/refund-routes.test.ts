import { afterEach, beforeEach, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin)).id;
});
afterEach(() => admin.close());

const grantOf = (amount_usd: string) =>
  admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd, kind: 'paid' });
const refundOf = (body: object, headers = {}) => admin.call('POST', `/accounts/${accountId}/refunds`, body, headers);
const balance = async () => (await admin.call('GET', `/accounts/${accountId}`)).body.balance;

async function spend(
  amountNanoUsd: bigint,
  details: { [field: string]: string } = {},
): Promise<{ holdId: string; requestId: string }> {
  const holdId = createId('hold', admin.clock.nowMs);
  const requestId = createId('req', admin.clock.nowMs);
  const call = { accountId, holdId, amountNanoUsd, tokens: 0n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...call, minNanoUsd: 0n, leaseMs: 60_000 });
  await admin.ledger.settle({ ...call, details: { request_id: requestId, ...details } });
  return { holdId, requestId };
}

test('gives a part back, then the rest, and no more', async () => {
  await grantOf('1');
  const { holdId, requestId } = await spend(600_000_000n);
  const first = await refundOf({ request_id: requestId, amount_usd: '0.25', note: 'cut off' });
  expect([first.status, first.body]).toMatchObject([
    201,
    { hold_id: holdId, amount_usd: '0.25', charged_usd: '0.60', refunded_usd: '0.25', note: 'cut off' },
  ]);
  expect(await balance()).toMatchObject({ available_usd: '0.65', spent_usd: '0.35', charged_usd: '0.35' });
  const tooMuch = await refundOf({ hold_id: holdId, amount_usd: '0.36' });
  expect([tooMuch.status, tooMuch.body.errors[0].field]).toEqual([400, 'amount_usd']);
  expect((await refundOf({ hold_id: holdId })).body).toMatchObject({ amount_usd: '0.35', refunded_usd: '0.60' });
  expect((await refundOf({ hold_id: holdId })).status).toBe(400);
  expect(await balance()).toMatchObject({ available_usd: '1.00', charged_usd: '0.00' });
  const { body } = await admin.call('GET', `/accounts/${accountId}/journal?after=4`);
  expect(body.data).toMatchObject([
    {
      operation: 'refund',
      subject_id: first.body.id,
      terms: { hold_id: holdId },
      details: { request_id: requestId, note: 'cut off' },
    },
    { operation: 'refund', amount_usd: '0.35' },
  ]);
});

test('finds a batch by its id, and asks which of its models is meant', async () => {
  await grantOf('1');
  const one = await spend(100_000_000n, { batch_id: 'msgbatch_one', model: 'claude-opus-4-6' });
  expect((await refundOf({ request_id: 'msgbatch_one' })).body).toMatchObject({
    hold_id: one.holdId,
    amount_usd: '0.10',
  });
  const first = await spend(200_000_000n, { batch_id: 'msgbatch_two', model: 'claude-opus-4-6' });
  const second = await spend(300_000_000n, { batch_id: 'msgbatch_two', model: 'claude-haiku-4-5' });
  const several = await refundOf({ request_id: 'msgbatch_two' });
  expect([several.status, several.body.errors]).toEqual([
    400,
    [
      {
        field: 'request_id',
        message: `names a batch with a charge for each of its models: give the hold_id of one, ${second.holdId} (claude-haiku-4-5), ${first.holdId} (claude-opus-4-6)`,
      },
    ],
  ]);
  expect((await refundOf({ request_id: 'msgbatch_none' })).status).toBe(404);
  const correction = { request_id: 'msgbatch_one', charge_usd: '0.05' };
  expect((await admin.call('POST', `/accounts/${accountId}/corrections`, correction)).status).toBe(201);
  expect(
    (await admin.call('POST', `/accounts/${accountId}/corrections`, { ...correction, request_id: 'msgbatch_two' }))
      .status,
  ).toBe(400);
  expect((await refundOf({ hold_id: second.holdId })).status).toBe(201);
});

test('is done once under its idempotency key', async () => {
  await grantOf('1');
  const { holdId } = await spend(600_000_000n);
  const headers = { 'idempotency-key': 'ticket-1' };
  const first = await refundOf({ hold_id: holdId }, headers);
  const second = await refundOf({ hold_id: holdId }, headers);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(second.body).toEqual(first.body);
  expect(await balance()).toMatchObject({ available_usd: '1.00' });
});

test('is finished under the same key after it was cut off', async () => {
  await admin.close();
  let fails = true;
  admin = await openAdmin(({ directory, ledger }) => ({
    directory,
    ledger: {
      ...ledger,
      refund: async (command) => {
        const reply = await ledger.refund(command);
        if (fails) throw Object.assign(new Error('cut'), { code: 'LEDGER_UNAVAILABLE' });
        return reply;
      },
    },
  }));
  accountId = (await openAccount(admin)).id;
  await grantOf('1');
  const { holdId } = await spend(600_000_000n);
  const headers = { 'idempotency-key': 'ticket-1' };
  expect((await refundOf({ hold_id: holdId }, headers)).status).toBe(503);
  fails = false;
  const again = await refundOf({ hold_id: holdId }, headers);
  expect([again.status, again.body.amount_usd, again.body.refunded_usd]).toEqual([201, '0.60', '0.60']);
  expect(await balance()).toMatchObject({ available_usd: '1.00' });
});

test('of debt that was repaid goes to the grant that has been spent', async () => {
  const { holdId } = await spend(600_000_000n);
  expect(await balance()).toMatchObject({ debt_usd: '0.60' });
  const { body: grant } = await grantOf('1');
  expect((await refundOf({ hold_id: holdId })).status).toBe(201);
  expect(await balance()).toMatchObject({ available_usd: '1.00', debt_usd: '0.00', charged_usd: '0.00' });
  const { body } = await admin.call('GET', `/accounts/${accountId}/grants`);
  expect(body.data).toMatchObject([{ id: grant.id, remaining_usd: '1.00', spent_usd: '0.00' }]);
});

test.each([
  [{}, 400],
  [{ hold_id: 'hold_1', request_id: 'req_1' }, 400],
  [{ hold_id: 'hold_1', amount_usd: '0' }, 400],
  [{ hold_id: 'hold_1' }, 404],
  [{ request_id: 'req_01KAK4E2A00000000000000000' }, 404],
])('refuses %j', async (body, status) => {
  expect((await refundOf(body)).status).toBe(status);
});

test('of a call of another account is not found', async () => {
  await grantOf('1');
  const { holdId } = await spend(1n);
  accountId = (await openAccount(admin, { name: 'Other' })).id;
  expect((await refundOf({ hold_id: holdId })).status).toBe(404);
});
