import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

const HOUR_MS = 3_600_000;

let admin: AdminUnderTest;
let accountId: string;
beforeEach(async () => {
  admin = await openAdmin();
  ({ id: accountId } = await openAccount(admin, { timezone: 'Europe/Berlin' }));
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '10', kind: 'paid' });
});
afterEach(() => admin.close());

const charge = async (amountNanoUsd: bigint, details: Record<string, unknown>): Promise<string> => {
  const holdId = createId('hold', admin.clock.nowMs);
  const call = { accountId, holdId, amountNanoUsd, tokens: 1n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...call, leaseMs: 60_000 });
  await admin.ledger.settle({ ...call, details });
  return holdId;
};
const OPUS = { model: 'claude-opus-5-5', team_id: 'team_a', key_id: 'key_a', session_id: '=cmd()' };
const read = (query: string) => admin.call('GET', `/accounts/${accountId}/usage?${query}`);

describe('usage', () => {
  test('adds up calls and what was given back of them, by the groups and buckets asked for', async () => {
    const tokens = { input: 100, output: 20, cache_write_1h: 3 };
    const holdId = await charge(1_234_567_890n, { ...OPUS, tokens });
    admin.clock.nowMs += HOUR_MS;
    await charge(10n, { model: 'claude-haiku-5-5', key_id: 'key_b' });
    const refund = { hold_id: holdId, amount_usd: '0.5' };
    expect((await admin.call('POST', `/accounts/${accountId}/refunds`, refund)).status).toBe(201);
    const { body } = await read('bucket=hour&group_by=model,team');
    expect(body).toMatchObject({ account_id: accountId, timezone: 'Europe/Berlin', bucket: 'hour' });
    expect(body.from).toBe('2026-10-31T23:00:00.000Z');
    expect(
      body.data.map((row: Record<string, unknown>) => [
        row.starts_at,
        row.model,
        row.team_id,
        row.cost_usd,
        row.refunded_usd,
      ]),
    ).toEqual([
      ['2026-11-21T09:00:00.000Z', 'claude-opus-5-5', 'team_a', '1.23456789', '0.00'],
      ['2026-11-21T10:00:00.000Z', 'claude-haiku-5-5', null, '0.00000001', '0.00'],
      ['2026-11-21T10:00:00.000Z', 'claude-opus-5-5', 'team_a', '0.00', '0.50'],
    ]);
    expect(body.data[0]).toMatchObject({ requests: 1, input_tokens: 100, output_tokens: 20, cache_write_1h_tokens: 3 });
    expect(body.total).toMatchObject({ requests: 2, cost_usd: '1.2345679', refunded_usd: '0.50' });
    const account = await admin.call('GET', `/accounts/${accountId}`);
    expect(account.body.balance.charged_usd).toBe('0.7345679');
    const byDay = await read('group_by=key&from=2026-11-20T23:00:00Z&to=2026-11-21T23:00:00Z');
    expect(byDay.body.data.map((row: Record<string, unknown>) => [row.starts_at, row.ends_at, row.key_id])).toEqual([
      ['2026-11-20T23:00:00.000Z', '2026-11-21T23:00:00.000Z', 'key_a'],
      ['2026-11-20T23:00:00.000Z', '2026-11-21T23:00:00.000Z', 'key_b'],
    ]);
    expect((await read('from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z')).body.data).toEqual([]);
  });

  test('tells what caches saved, as far as entries say it', async () => {
    await charge(5n, { ...OPUS, cache_savings_usd: '0.0000015' });
    await charge(5n, { ...OPUS, cache_savings_usd: '1.00' });
    await charge(5n, OPUS);
    const { body } = await read('group_by=model');
    expect(body.data.map((row: Record<string, unknown>) => row.cache_savings_usd)).toEqual(['1.0000015']);
    expect((await read('group_by=session')).body.total.cache_savings_usd).toBe('1.0000015');
  });

  test('is only what a model, a team or a key has used, where one is named', async () => {
    await charge(5n, OPUS);
    await charge(7n, { ...OPUS, key_id: 'key_b' });
    await charge(11n, { model: 'claude-haiku-5-5', key_id: 'key_b' });
    const costOf = async (query: string) => (await read(query)).body.total.cost_usd;
    expect(await costOf('key_id=key_b')).toBe('0.000000018');
    expect(await costOf('key_id=key_b&model=claude-opus-5-5')).toBe('0.000000007');
    expect(await costOf('team_id=team_a')).toBe('0.000000012');
    const { body: member } = await admin.call('POST', `/accounts/${accountId}/members`, { name: 'Ada' });
    expect(await costOf(`member_id=${member.id}`)).toBe('0.00');
    expect((await read('group_by=session&key_id=key_b')).status).toBe(400);
  });

  test('of a team, member or key that is not there is not found, by its field, as one of another account', async () => {
    const { id: other } = await openAccount(admin, {});
    const create = async (path: string, body: object) =>
      (await admin.call('POST', `/accounts/${other}${path}`, body)).body.id as string;
    const foreign = {
      team_id: await create('/teams', { name: 'Theirs' }),
      member_id: await create('/members', { name: 'Theirs' }),
      key_id: await create('/keys', { name: 'Theirs' }),
    };
    for (const [field, id] of Object.entries(foreign)) {
      const [theirs, nobodys] = [await read(`${field}=${id}`), await read(`${field}=${id}x`)];
      expect(theirs.body).toEqual(nobodys.body);
      expect([theirs.status, theirs.body.errors]).toEqual([
        404,
        [{ field, message: `is no ${field.slice(0, -'_id'.length)} of this account` }],
      ]);
      expect((await admin.call('GET', `/accounts/${other}/usage?${field}=${id}`)).status).toBe(200);
    }
    const both = await read('team_id=team_x&key_id=key_x&format=csv&top=1&group_by=model');
    expect([both.status, both.body.errors.map((each: { field: string }) => each.field)]).toEqual([
      404,
      ['team_id', 'key_id'],
    ]);
  });

  test('of a team that has been deleted is found where it has used something', async () => {
    const { body: team } = await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'Research' });
    await charge(5n, { ...OPUS, team_id: team.id });
    expect((await admin.call('DELETE', `/accounts/${accountId}/teams/${team.id}`)).status).toBe(204);
    expect((await read(`team_id=${team.id}`)).body.total.cost_usd).toBe('0.000000005');
    expect((await read(`team_id=${team.id}&key_id=key_a&model=no-such-model`)).body.data).toEqual([]);
    expect((await read(`team_id=${team.id}&from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z`)).status).toBe(404);
  });

  test('has the dearest groups over the whole time, and the rest in one', async () => {
    for (const [index, amount] of [3n, 50n, 7n, 40n].entries()) await charge(amount, { key_id: `key_${index}` });
    admin.clock.nowMs += 25 * HOUR_MS;
    await charge(60n, { key_id: 'key_2' });
    await charge(1n, { key_id: 'key_0' });
    const { body } = await read('group_by=key&top=2');
    expect(body.data.map((row: { key_id: string; cost_usd: string }) => [row.key_id, row.cost_usd])).toEqual([
      ['key_1', '0.00000005'],
      ['key_2', '0.000000007'],
      ['other', '0.000000043'],
      ['key_2', '0.00000006'],
      ['other', '0.000000001'],
    ]);
    expect(body.total.cost_usd).toBe('0.000000161');
  });

  test('is CSV where that is asked for, without formulas', async () => {
    await charge(5n, OPUS);
    const answer = await read('group_by=session&format=csv');
    expect(answer.headers['content-disposition']).toBe(`attachment; filename="usage-${accountId}.csv"`);
    const [head, row] = answer.text.trimEnd().split('\r\n');
    expect(head).toMatch(
      /^starts_at,ends_at,session_id,requests,input_tokens,.*,cost_usd,refunded_usd,cache_savings_usd$/,
    );
    expect(row).toMatch(/,'=cmd\(\),1,0,0,0,0,0,0,0\.000000005,0\.00,0\.00$/);
  });

  test.each([
    ['from=yesterday', 'from'],
    ['to=2026-11-21', 'to'],
    ['from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z', 'from'],
    ['to=2001-01-01T00:00:00Z&from=2001-01-02T00:00:00Z', 'from'],
    ['bucket=hour&from=2026-10-01T00:00:00Z', 'from'],
    ['from=2025-01-01T00:00:00Z', 'from'],
    ['bucket=week', 'bucket'],
    ['group_by=models', 'group_by'],
    ['group_by=model,', 'group_by'],
    ['group_by=session,model', 'group_by'],
    ['group_by=session&bucket=hour', 'bucket'],
    ['format=xml', 'format'],
    ['account=acct_x', 'account'],
  ])('refuses ?%s by field', async (query, field) => {
    const answer = await read(query);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
    expect(answer.body.detail).not.toContain('pattern');
  });

  test.each(['-1', '0', '101', '1.5', 'x', '', '99999999999999999999'])('says what ?top=%s must be', async (top) => {
    expect((await read(`top=${top}`)).body.errors).toEqual([
      { field: 'top', message: 'must be a whole number from 1 to 100' },
    ]);
  });
});

describe('a statement', () => {
  test('opens with what the month before closed with, and adds up', async () => {
    const holdId = await charge(2_000_000_001n, OPUS);
    const november = await admin.call('GET', `/accounts/${accountId}/statements/2026-11`);
    expect(november.body).toMatchObject({
      ...{ opening_usd: '0.00', granted_usd: '10.00', charged_usd: '2.000000001', closing_usd: '7.999999999' },
      ...{ carried_usd: '0.00', refunded_usd: '0.00', expired_usd: '0.00', voided_usd: '0.00', is_final: false },
      models: [{ model: 'claude-opus-5-5', requests: 1, charged_usd: '2.000000001', refunded_usd: '0.00' }],
    });
    admin.clock.nowMs = Date.parse('2026-11-30T23:00:00Z');
    await admin.call('POST', `/accounts/${accountId}/refunds`, { hold_id: holdId, amount_usd: '1' });
    const again = await admin.call('GET', `/accounts/${accountId}/statements/2026-11`);
    expect(again.body).toEqual({
      ...november.body,
      is_final: true,
      through_sequence: november.body.through_sequence + 1,
    });
    const csv = await admin.call('GET', `/accounts/${accountId}/statements/2026-12?format=csv`);
    expect(csv.text.trimEnd().split('\r\n')).toEqual([
      'month,line,model,requests,amount_usd',
      '2026-12,opening,,,7.999999999',
      '2026-12,granted,,,0.00',
      '2026-12,charged,claude-opus-5-5,0,0.00',
      '2026-12,refunded,claude-opus-5-5,,1.00',
      '2026-12,expired,,,0.00',
      '2026-12,voided,,,0.00',
      '2026-12,closing,,,8.999999999',
    ]);
  });

  test.each(['2026-13', '2026-1', 'now', '1999-01'])('of %s is refused', async (month) => {
    const answer = await admin.call('GET', `/accounts/${accountId}/statements/${month}`);
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [{ field: 'month', message: 'must be a month such as "2026-11"' }],
    ]);
  });

  test('of a month that has not begun in the time zone of the account is refused', async () => {
    const { id } = await openAccount(admin, { timezone: 'America/New_York' });
    const december = (account: string) => admin.call('GET', `/accounts/${account}/statements/2026-12`);
    admin.clock.nowMs = Date.parse('2026-11-30T22:59:59.999Z');
    const tooEarly = await december(accountId);
    expect([tooEarly.status, tooEarly.headers['content-type'], tooEarly.body.detail]).toEqual([
      400,
      expect.stringContaining('application/problem+json'),
      'month must not be later than 2026-11, the month it is now in Europe/Berlin: 2026-12 has not begun.',
    ]);
    expect(tooEarly.body.errors).toEqual([{ field: 'month', message: expect.any(String) }]);
    admin.clock.nowMs += 1;
    expect([(await december(accountId)).status, (await december(id)).status]).toEqual([200, 400]);
    expect((await admin.call('GET', `/accounts/${accountId}/statements/2030-01?format=csv`)).status).toBe(400);
  });

  test('of a month without an entry opens and closes alike', async () => {
    admin.clock.nowMs = Date.parse('2030-01-15T12:00:00Z');
    const { body } = await admin.call('GET', `/accounts/${accountId}/statements/2029-12`);
    expect([body.opening_usd, body.closing_usd, body.models]).toEqual(['10.00', '10.00', []]);
  });
});

test('reports of an unknown account are not found', async () => {
  expect((await admin.call('GET', '/accounts/acct_none/usage')).status).toBe(404);
  expect((await admin.call('GET', '/accounts/acct_none/statements/2026-11')).status).toBe(404);
});

describe('the runway', () => {
  test('projects the burn of the last days on the grants', async () => {
    const bare = await admin.call('GET', `/accounts/${accountId}/runway`);
    expect(bare.body).toMatchObject({ burn: { days: 3, per_day_usd: '0.00' }, proposed_low_balance_usd: null });
    await charge(4_500_000_000n, OPUS);
    const { body } = await admin.call('GET', `/accounts/${accountId}/runway`);
    expect(body).toMatchObject({
      ...{ available_usd: '5.50', burn: { days: 3, per_day_usd: '1.50' }, proposed_low_balance_usd: '5.00' },
      // Nine days and 13.5 hours are left of November in Berlin.
      ...{ month_spent_usd: '4.50', month_forecast_usd: '18.84375' },
      ...{ ends_at: '2026-11-25T01:30:00.000Z', seconds_to_empty: 316_800, unused_usd: '0.00', unused: [] },
    });
    expect((await admin.call('GET', '/accounts/acct_none/runway')).status).toBe(404);
  });
});
