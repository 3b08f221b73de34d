import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminUnderTest, type Answer, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin)).id;
});
afterEach(() => admin.close());

const grant = (body: object): Promise<Answer> => admin.call('POST', `/accounts/${accountId}/grants`, body);
const balance = async () => (await admin.call('GET', `/accounts/${accountId}`)).body.balance;

describe('granting', () => {
  test('lasts one calendar year unless told otherwise', async () => {
    const answer = await grant({ amount_usd: '12.345678901', kind: 'paid' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^grant_[0-9A-Z]{26}$/),
      account_id: accountId,
      kind: 'paid',
      status: 'active',
      priority: 50,
      effective_at: '2026-11-21T09:30:00.000Z',
      expires_at: '2027-11-21T09:30:00.000Z',
      models: null,
      amount_usd: '12.345678901',
      remaining_usd: '12.345678901',
      held_usd: '0.00',
      spent_usd: '0.00',
      expired_usd: '0.00',
      voided_usd: '0.00',
    });
    expect(await balance()).toMatchObject({ granted_usd: '12.345678901', available_usd: '12.345678901' });
  });

  test('valid_days are days of 86,400 seconds from the effective instant', async () => {
    const { body } = await grant({
      amount_usd: '5',
      kind: 'promotional',
      effective_at: '2027-01-01T00:00:00+01:00',
      valid_days: 180,
      priority: 40,
      models: ['haiku'],
      note: 'Welcome credit',
    });
    expect(body).toMatchObject({
      status: 'pending',
      effective_at: '2026-12-31T23:00:00.000Z',
      expires_at: '2027-06-29T23:00:00.000Z',
      priority: 40,
      models: ['haiku'],
    });
    expect(await balance()).toMatchObject({ pending_usd: '5.00', available_usd: '0.00' });
    const { data } = (await admin.call('GET', `/accounts/${accountId}/journal`)).body;
    expect(data.at(-1)).toMatchObject({ operation: 'grant', subject_id: body.id, details: { note: 'Welcome credit' } });
  });

  test.each<[object, { field: string; message: string }[]]>([
    [{ amount_usd: '0', kind: 'paid' }, [{ field: 'amount_usd', message: expect.stringContaining('above zero') }]],
    [
      { amount_usd: '-5.00', kind: 'paid' },
      [{ field: 'amount_usd', message: expect.stringContaining('without a sign such as "25.00"') }],
    ],
    ...['3000-01-01T00:00:00Z', '1999-12-31T23:59:59Z', '2027-02-30T00:00:00Z', '2027-02-03'].map(
      (expires_at): [object, { field: string; message: string }[]] => [
        { amount_usd: '1', kind: 'paid', expires_at },
        [{ field: 'expires_at', message: expect.stringMatching(/^must be an RFC 3339 time .*from 2000 to 2999$/) }],
      ],
    ),
    [
      { amount_usd: '1', kind: 'paid', valid_days: 1, expires_at: '2030-01-01T00:00:00Z' },
      [{ field: 'valid_days', message: 'cannot be given together with expires_at' }],
    ],
    [
      { amount_usd: '1', kind: 'paid', effective_at: '2027-01-02T00:00:00Z', expires_at: '2027-01-02T00:00:00Z' },
      [{ field: 'expires_at', message: 'must be after effective_at' }],
    ],
    [
      { amount_usd: '1', kind: 'paid', effective_at: '2020-01-02T00:00:00Z', valid_days: 30 },
      [{ field: 'valid_days', message: 'must end in the future' }],
    ],
    [
      { amount_usd: 1, kind: 'gift', models: [], priority: 100, valid_days: 0, note: 'a\r\nb', amount: '1' },
      [
        { field: 'amount', message: 'is not known here' },
        { field: 'amount_usd', message: 'must be string' },
        { field: 'kind', message: 'must be one of paid, promotional' },
        { field: 'valid_days', message: 'must be a whole number from 1 to 36500' },
        { field: 'priority', message: 'must be a whole number from 0 to 99' },
        { field: 'models', message: 'must not have fewer than 1 items' },
        { field: 'note', message: expect.stringContaining('without control characters') },
      ],
    ],
    [
      { amount_usd: '1', kind: 'paid', models: ['claude-opus-4-8', 'claude-opus-4-8'] },
      [{ field: 'models', message: expect.stringContaining('duplicate') }],
    ],
    [
      { amount_usd: '1', kind: 'paid', effective_at: '2020-01-02T00:00:00Z' },
      [{ field: 'effective_at', message: expect.stringContaining('give expires_at or valid_days') }],
    ],
    [
      { amount_usd: '1', kind: 'paid', models: ['opus', 'nope', 'claude-haiku-4-5-20251001'] },
      [{ field: 'models[1]', message: 'is neither a model nor a family of the rate card' }],
    ],
    [
      { amount_usd: '1', kind: 'paid', models: ['ok', 'a b'] },
      [{ field: 'models[1]', message: expect.stringContaining('pattern') }],
    ],
  ])('%j is refused by field', async (body, errors) => {
    const answer = await grant(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual(errors);
    expect(await balance()).toMatchObject({ granted_usd: '0.00' });
  });

  test.each(['-1', '1e3', '+1', ' 1', '1.0000000001', '9007199.254740992', '0.000000000', '١', '1,00', 'NaN', ''])(
    'the amount %j is refused',
    async (amount) => {
      expect((await grant({ amount_usd: amount, kind: 'paid' })).body.errors[0].field).toBe('amount_usd');
    },
  );

  test('a total beyond the bound of the ledger is refused whole', async () => {
    expect((await grant({ amount_usd: '9007199.254740991', kind: 'paid' })).status).toBe(201);
    const answer = await grant({ amount_usd: '0.000000001', kind: 'paid' });
    expect(answer.status).toBe(409);
    expect(answer.body.type).toBe('urn:tollgate:problem:out-of-range');
  });

  test('a frozen account can be topped up, an unknown one cannot', async () => {
    await admin.call('PATCH', `/accounts/${accountId}`, { status: 'frozen' });
    expect((await grant({ amount_usd: '1', kind: 'paid' })).status).toBe(201);
    expect((await admin.call('POST', '/accounts/acct_none/grants', { amount_usd: '1', kind: 'paid' })).status).toBe(
      404,
    );
  });
});

describe('listing and voiding', () => {
  test('pages in order of creation', async () => {
    const ids: string[] = [];
    for (const amount of ['3', '2', '1']) ids.push((await grant({ amount_usd: amount, kind: 'paid' })).body.id);
    const first = (await admin.call('GET', `/accounts/${accountId}/grants?limit=2`)).body;
    expect(first).toMatchObject({ has_more: true, next_after: ids[1] });
    const second = (await admin.call('GET', `/accounts/${accountId}/grants?limit=2&after=${ids[1]}`)).body;
    expect(second.data.map((item: { id: string }) => item.id)).toEqual([ids[2]]);
    expect(second.has_more).toBe(false);
    expect((await admin.call('GET', `/accounts/${accountId}/grants?after=grant_none`)).body.data).toEqual([]);
  });

  test('a void takes back what is left, once', async () => {
    const { body } = await grant({ amount_usd: '7', kind: 'paid' });
    const voided = await admin.call('POST', `/accounts/${accountId}/grants/${body.id}/void`);
    expect(voided.body).toMatchObject({ status: 'voided', remaining_usd: '0.00', voided_usd: '7.00' });
    expect((await admin.call('POST', `/accounts/${accountId}/grants/${body.id}/void`)).body).toEqual(voided.body);
    expect(await balance()).toMatchObject({ available_usd: '0.00', voided_usd: '7.00' });
  });

  test("another account's grant is not found and stays", async () => {
    const { body } = await grant({ amount_usd: '7', kind: 'paid' });
    const other = await openAccount(admin, { name: 'Other' });
    expect((await admin.call('POST', `/accounts/${other.id}/grants/${body.id}/void`)).status).toBe(404);
    expect((await admin.call('GET', `/accounts/${other.id}/grants`)).body.data).toEqual([]);
    expect(await balance()).toMatchObject({ available_usd: '7.00' });
  });

  test('a grant past its end reads as expired without any write', async () => {
    const { body } = await grant({ amount_usd: '7', kind: 'paid', valid_days: 1 });
    admin.clock.nowMs += 86_400_000;
    const { data } = (await admin.call('GET', `/accounts/${accountId}/grants`)).body;
    expect(data[0]).toMatchObject({ id: body.id, status: 'expired', remaining_usd: '0.00', expired_usd: '7.00' });
  });
});
