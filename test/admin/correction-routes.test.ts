// Goal: a later fact about one call stands in place of its estimate, exactly once, in either direction.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { parseUsd } from '../../src/domain/money.ts';
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
const correct = (body: object, headers = {}) => admin.call('POST', `/accounts/${accountId}/corrections`, body, headers);
const balance = async () => (await admin.call('GET', `/accounts/${accountId}`)).body.balance;

/** A call that was held, and charged; undefined: released. */
async function call(chargedNanoUsd: bigint | undefined): Promise<{ holdId: string; requestId: string }> {
  const holdId = createId('hold', admin.clock.nowMs);
  const requestId = createId('req', admin.clock.nowMs);
  const hold = { accountId, holdId, amountNanoUsd: chargedNanoUsd ?? 1n, tokens: 0n, modelLabels: [], cells: [] };
  const details = { request_id: requestId, upstream_request_id: `up_${requestId}` };
  await admin.ledger.hold({ ...hold, minNanoUsd: 0n, leaseMs: 60_000 });
  if (chargedNanoUsd === undefined) await admin.ledger.release({ accountId, holdId, details });
  else await admin.ledger.settle({ ...hold, details });
  return { holdId, requestId };
}

test('charges the difference upwards and gives it back downwards, as entries of their own', async () => {
  await grantOf('1');
  const { holdId, requestId } = await call(600_000_000n);
  const up = await correct({ request_id: requestId, charge_usd: '0.75', note: 'usage report' });
  expect([up.status, up.body]).toMatchObject([
    201,
    { hold_id: holdId, before_usd: '0.60', charge_usd: '0.75', operation: 'charge', amount_usd: '0.15' },
  ]);
  expect(await balance()).toMatchObject({ available_usd: '0.25', charged_usd: '0.75' });
  const down = await correct({ hold_id: holdId, charge_usd: '0.10' });
  expect(down.body).toMatchObject({ before_usd: '0.75', operation: 'refund', amount_usd: '0.65', note: null });
  expect(await balance()).toMatchObject({ available_usd: '0.90', spent_usd: '0.10', charged_usd: '0.10' });
  const { body } = await admin.call('GET', `/accounts/${accountId}/journal?after=4`);
  expect(body.data).toMatchObject([
    {
      ...{ operation: 'charge', subject_id: up.body.id, amount_usd: '0.15', terms: { hold_id: holdId } },
      details: { request_id: requestId, note: 'usage report', corrected_to_usd: '0.75' },
    },
    { operation: 'refund', subject_id: down.body.id, amount_usd: '0.65' },
  ]);
  const proof = await admin.call('GET', `/accounts/${accountId}/reconciliation`);
  expect(proof.body).toMatchObject({ ok: true });
});

test('charges a call that was released, by the id of its upstream too', async () => {
  await grantOf('1');
  const { holdId, requestId } = await call(undefined);
  const made = await correct({ request_id: `up_${requestId}`, charge_usd: '0.4' });
  expect(made.body).toMatchObject({ hold_id: holdId, before_usd: '0.00', charge_usd: '0.40', operation: 'charge' });
  expect(await balance()).toMatchObject({ available_usd: '0.60', charged_usd: '0.40' });
});

test('what no credit covers is owed', async () => {
  await grantOf('1');
  const { holdId } = await call(900_000_000n);
  await correct({ hold_id: holdId, charge_usd: '1.5' });
  expect(await balance()).toMatchObject({ available_usd: '0.00', debt_usd: '0.50', charged_usd: '1.50' });
});

test('a refund of all gives back what a correction charged as well', async () => {
  await grantOf('2');
  const { holdId } = await call(600_000_000n);
  await correct({ hold_id: holdId, charge_usd: '1' });
  const refunded = await admin.call('POST', `/accounts/${accountId}/refunds`, { hold_id: holdId });
  expect([refunded.status, refunded.body.amount_usd]).toEqual([201, '1.00']);
  expect(await balance()).toMatchObject({ available_usd: '2.00', charged_usd: '0.00' });
});

test.each([
  ['0.5', '0.50'],
  ['1.5', '1.50'],
])('a refund after a correction to %s tells the corrected charge and what refunds gave back', async (to, charged) => {
  await grantOf('2');
  const refund = (body: object) => admin.call('POST', `/accounts/${accountId}/refunds`, body);
  const { holdId } = await call(1_000_000_000n);
  const other = await call(100_000_000n);
  await correct({ hold_id: other.holdId, charge_usd: '0.2' });
  await correct({ hold_id: holdId, charge_usd: '0.7' });
  await correct({ hold_id: holdId, charge_usd: to });
  const part = await refund({ hold_id: holdId, amount_usd: '0.1' });
  expect(part.body).toMatchObject({ amount_usd: '0.10', charged_usd: charged, refunded_usd: '0.10' });
  const tooMuch = await refund({ hold_id: holdId, amount_usd: '1.6' });
  const message = expect.stringContaining(`what is left of the charge of ${charged}`);
  expect(tooMuch.body.errors).toEqual([{ field: 'amount_usd', message }]);
  const rest = await refund({ hold_id: holdId });
  expect(rest.body).toMatchObject({ charged_usd: charged, refunded_usd: charged });
  for (const body of [{ hold_id: holdId }, { hold_id: holdId, amount_usd: '0.1' }]) {
    expect((await refund(body)).body.errors).toEqual([
      { field: 'hold_id', message: `names a call of whose charge of ${charged} nothing is left` },
    ]);
  }
});

test('is done once under its idempotency key, also where it was cut off', async () => {
  await admin.close();
  let fails = true;
  admin = await openAdmin(({ directory, ledger }) => ({
    directory,
    ledger: {
      ...ledger,
      correct: async (command) => {
        const reply = await ledger.correct(command);
        if (fails) throw Object.assign(new Error('cut'), { code: 'LEDGER_UNAVAILABLE' });
        return reply;
      },
    },
  }));
  accountId = (await openAccount(admin)).id;
  await grantOf('1');
  const { holdId } = await call(600_000_000n);
  const headers = { 'idempotency-key': 'ticket-1' };
  const body = { hold_id: holdId, charge_usd: '0.7' };
  expect((await correct(body, headers)).status).toBe(503);
  fails = false;
  const second = await correct(body, headers);
  expect([second.status, second.body.amount_usd]).toEqual([201, '0.10']);
  const third = await correct(body, headers);
  expect([third.headers['idempotent-replayed'], third.body]).toEqual(['true', second.body]);
  expect(await balance()).toMatchObject({ available_usd: '0.30' });
});

test.each([
  ['100', '0.5', 201],
  ['100.01', '10.001', 201],
  ['100.01', '10', 400],
  ['100.01', undefined, 400],
])('a charge of %s for a call that was charged %s is taken at its word or not', async (charge_usd, charged, status) => {
  await grantOf('200');
  const { holdId } = await call(charged === undefined ? undefined : parseUsd(charged));
  const body = { hold_id: holdId, charge_usd };
  const made = await correct(body);
  expect(made.status).toBe(status);
  if (status === 201) return;
  expect(made.body.errors).toEqual([
    { field: 'charge_usd', message: expect.stringContaining('give the same as confirm_charge_usd') },
  ]);
  expect((await correct({ ...body, confirm_charge_usd: '100' })).status).toBe(400);
  expect(await balance()).toMatchObject({ charged_usd: charged === undefined ? '0.00' : '10.00' });
  expect((await correct({ ...body, confirm_charge_usd: '100.010' })).status).toBe(201);
  expect(await balance()).toMatchObject({ charged_usd: '100.01' });
});

test.each([
  [{ charge_usd: '1' }, 400],
  [{ hold_id: 'hold_1', request_id: 'req_1', charge_usd: '1' }, 400],
  [{ hold_id: 'hold_1' }, 400],
  [{ hold_id: 'hold_1', charge_usd: '-1' }, 400],
  [{ hold_id: 'hold_1', charge_usd: '1' }, 404],
])('refuses %j', async (body, status) => {
  expect((await correct(body)).status).toBe(status);
});

test('to what the call is charged already, or of another account, is refused', async () => {
  await grantOf('1');
  const { holdId } = await call(600_000_000n);
  const same = await correct({ hold_id: holdId, charge_usd: '0.6' });
  expect([same.status, same.body.errors[0].field]).toEqual([400, 'charge_usd']);
  accountId = (await openAccount(admin, { name: 'Other' })).id;
  expect((await correct({ hold_id: holdId, charge_usd: '0.5' })).status).toBe(404);
});

test.each(['9007199.254740992', '9999999', '12345678', '0.0000000001', '1e3'])(
  'the charge %j is refused by its field',
  async (charge_usd) => {
    await grantOf('1');
    const { holdId } = await call(600_000_000n);
    const answer = await correct({ hold_id: holdId, charge_usd });
    expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'charge_usd']);
    expect(await balance()).toMatchObject({ charged_usd: '0.60' });
  },
);
