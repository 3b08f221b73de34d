import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUILT_IN_RULES } from '../../src/alerts/built-in-rules.ts';
import { startReceiver } from '../alerts/webhook-receiver.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let account: Json;
beforeEach(async () => {
  admin = await openAdmin();
  account = await openAccount(admin);
});
afterEach(() => admin.close());

const alertsOf = () => `/accounts/${account.id}/alerts`;
const fieldsOf = (answer: { body: Json }): string[] => answer.body.errors.map((error: Json) => error.field).sort();

describe('alerts of an account', () => {
  test.each<[object, object]>([
    [
      { kind: 'balance_low', amount_usd: '5' },
      { amount_usd: '5.00', channels: null, recovery: true, enabled: true },
    ],
    [
      { kind: 'balance_low', share_of_last_purchase: 0.1 },
      { share_of_last_purchase: 0.1, quiet_seconds: 86_400 },
    ],
    [
      { kind: 'balance_low', hours_left: 24, recovery: false },
      { hours_left: 24, recovery: false },
    ],
    [
      { kind: 'quota_used', name: 'Team lead' },
      { shares: [0.8, 0.95, 1], name: 'Team lead' },
    ],
    [
      { kind: 'quota_used', shares: [0.5], quiet_seconds: 0 },
      { shares: [0.5], quiet_seconds: 0 },
    ],
    [{ kind: 'burn_rate' }, { factor: 3, minimum_usd: '1.00' }],
    [
      { kind: 'burn_rate', factor: 2.5, minimum_usd: '10' },
      { factor: 2.5, minimum_usd: '10.00' },
    ],
    [{ kind: 'credit_expiry' }, { days: 7, minimum_usd: '1.00' }],
    [
      { kind: 'credit_expiry', days: 30, enabled: false },
      { days: 30, enabled: false },
    ],
    [{ kind: 'reload_failed' }, { kind: 'reload_failed' }],
  ])('%j is made, read and listed as it is', async (body, expected) => {
    const made = await admin.call('POST', alertsOf(), body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ ...expected, account_id: account.id, built_in: false, firing: false });
    expect((await admin.call('GET', `${alertsOf()}/${made.body.id}`)).body).toEqual(made.body);
    expect((await admin.call('GET', alertsOf())).body).toEqual({ data: [made.body], has_more: false });
  });

  test.each<[object, string[]]>([
    [{}, ['kind']],
    [{ kind: 'store_down' }, ['kind']],
    [{ kind: 'balance_low' }, ['amount_usd']],
    [{ kind: 'balance_low', amount_usd: '5', hours_left: 1 }, ['amount_usd']],
    [{ kind: 'balance_low', amount_usd: 5 }, ['amount_usd']],
    [{ kind: 'balance_low', amount_usd: '-5' }, ['amount_usd']],
    [{ kind: 'balance_low', hours_left: 0 }, ['hours_left']],
    [{ kind: 'balance_low', hours_left: 1.5 }, ['hours_left']],
    [{ kind: 'balance_low', share_of_last_purchase: 1.01 }, ['share_of_last_purchase']],
    [{ kind: 'balance_low', amount_usd: '5', shares: [0.5], days: 3 }, ['days', 'shares']],
    [{ kind: 'quota_used', shares: [] }, ['shares']],
    [{ kind: 'quota_used', shares: [0.5, 0.5] }, ['shares']],
    [{ kind: 'quota_used', shares: [0] }, ['shares[0]']],
    [{ kind: 'quota_used', shares: ['0.5'] }, ['shares[0]']],
    [{ kind: 'quota_used', quota_id: 'quota_x' }, ['quota_id']],
    [{ kind: 'burn_rate', factor: 1, minimum_usd: '0' }, ['factor', 'minimum_usd']],
    [{ kind: 'credit_expiry', days: 366 }, ['days']],
    [
      { kind: 'reload_failed', quiet_seconds: -1, recovery: 'no', enabled: null },
      ['enabled', 'quiet_seconds', 'recovery'],
    ],
    [{ kind: 'reload_failed', channels: ['channel_x'], name: '' }, ['name']],
    [{ kind: 'reload_failed', channels: ['channel_x'] }, ['channels[0]']],
    [{ kind: 'reload_failed', channels: 'channel_x' }, ['channels']],
    [{ kind: 'reload_failed', id: 'alert_mine', quietMs: 1 }, ['id', 'quietMs']],
  ])('%j is refused by field, and nothing is made', async (body, fields) => {
    const answer = await admin.call('POST', alertsOf(), body);
    expect(answer.status).toBe(400);
    expect(fieldsOf(answer)).toEqual(fields);
    expect((await admin.call('GET', alertsOf())).body.data).toEqual([]);
  });

  test('change, one term of a balance taking the place of another, and go', async () => {
    const made = (await admin.call('POST', alertsOf(), { kind: 'balance_low', amount_usd: '5', name: 'Low' })).body;
    const path = `${alertsOf()}/${made.id}`;
    const { amount_usd: _, ...rest } = made;
    const changed = await admin.call('PATCH', path, { hours_left: 12, name: null, quiet_seconds: 60, enabled: false });
    expect(changed.body).toEqual({ ...rest, hours_left: 12, name: null, quiet_seconds: 60, enabled: false });
    expect(fieldsOf(await admin.call('PATCH', path, { shares: [0.5] }))).toEqual(['shares']);
    expect((await admin.call('PATCH', path, {})).status).toBe(400);
    expect((await admin.call('DELETE', path)).status).toBe(204);
    expect((await admin.call('GET', path)).status).toBe(404);
    expect((await admin.call('DELETE', path)).status).toBe(404);
  });

  test("another account's are as if they were not there", async () => {
    const other = await openAccount(admin, { name: 'Other' });
    const made = (await admin.call('POST', `/accounts/${other.id}/alerts`, { kind: 'burn_rate' })).body;
    for (const path of [`${alertsOf()}/${made.id}`, `/accounts/acct_x/alerts/${made.id}`]) {
      expect((await admin.call('GET', path)).status).toBe(404);
      expect((await admin.call('PATCH', path, { enabled: false })).status).toBe(404);
      expect((await admin.call('DELETE', path)).status).toBe(404);
    }
    expect((await admin.call('GET', `/accounts/${other.id}/alerts/${made.id}`)).body.enabled).toBe(true);
  });

  test("the account's own levels are shown and are changed with the account only", async () => {
    await admin.call('PATCH', `/accounts/${account.id}`, { low_balance_usd: ['20', '5'] });
    const [levels] = (await admin.call('GET', alertsOf())).body.data;
    expect(levels).toMatchObject({ id: 'alert_low_balance', built_in: true, amounts_usd: ['20.00', '5.00'] });
    expect((await admin.call('GET', `${alertsOf()}/alert_low_balance`)).body).toEqual(levels);
    const refused = await admin.call('PATCH', `${alertsOf()}/alert_low_balance`, { enabled: false });
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:tollgate:problem:built-in']);
    expect((await admin.call('DELETE', `${alertsOf()}/alert_low_balance`)).status).toBe(409);
  });

  test('are made once under an idempotency key, within their number, page by page', async () => {
    const headers = { 'idempotency-key': 'one' };
    const first = await admin.call('POST', alertsOf(), { kind: 'burn_rate' }, headers);
    const again = await admin.call('POST', alertsOf(), { kind: 'burn_rate' }, headers);
    expect(again.body).toEqual(first.body);
    for (let n = 1; n < 100; n += 1) await admin.call('POST', alertsOf(), { kind: 'burn_rate' });
    const refused = await admin.call('POST', alertsOf(), { kind: 'burn_rate' });
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:tollgate:problem:too-many']);
    const page = await admin.call('GET', `${alertsOf()}?limit=99`);
    expect(page.body.data).toHaveLength(99);
    expect(page.body.data[0].id).toBe(first.body.id);
    const rest = await admin.call('GET', `${alertsOf()}?limit=99&after=${page.body.next_after}`);
    expect([rest.body.data.length, rest.body.has_more]).toEqual([1, false]);
    expect((await admin.call('GET', `${alertsOf()}?after=alert_x`)).body.data).toEqual([]);
  });

  test('say whether they fire', async () => {
    const { id } = (await admin.call('POST', alertsOf(), { kind: 'burn_rate' })).body;
    const states = [{ level: 'burn', state: 'fired', firedAtMs: 0 }] as const;
    const key = `${id} ${account.id}`;
    await (admin.alerts.store as Json).changeAlerts({ key, revision: '', states, nowMs: 0 });
    expect((await admin.call('GET', `${alertsOf()}/${id}`)).body).toMatchObject({
      firing: true,
      fired_at: '1970-01-01T00:00:00.000Z',
    });
    await admin.call('DELETE', `${alertsOf()}/${id}`);
    expect((await admin.alerts.store.readAlerts(key)).states).toEqual([]);
  });
});

describe('alerts of the installation', () => {
  test('there are some from the start; changed they stay changed, deleted they are as at first', async () => {
    const { data } = (await admin.call('GET', '/alerts')).body;
    expect(data.map(({ id }: Json) => id)).toEqual(BUILT_IN_RULES.map(({ id }) => id));
    expect(data.every((one: Json) => one.built_in && one.enabled && one.account_id === null)).toBe(true);
    const path = '/alerts/alert_store_down';
    const changed = await admin.call('PATCH', path, { enabled: false, quiet_seconds: 60 });
    expect(changed.body).toMatchObject({ id: 'alert_store_down', built_in: true, enabled: false, quiet_seconds: 60 });
    expect((await admin.call('GET', path)).body).toEqual(changed.body);
    expect((await admin.call('GET', '/alerts')).body.data).toHaveLength(BUILT_IN_RULES.length);
    expect((await admin.call('DELETE', path)).status).toBe(204);
    expect((await admin.call('GET', path)).body).toMatchObject({ enabled: true, quiet_seconds: 86_400 });
    expect((await admin.call('PATCH', '/alerts/alert_x', { enabled: false })).status).toBe(404);
  });

  test('a kind of accounts may be made for all of them, not for one quota', async () => {
    const made = await admin.call('POST', '/alerts', { kind: 'quota_used', shares: [0.8, 0.9, 1] });
    expect(made.body).toMatchObject({ account_id: null, shares: [0.8, 0.9, 1] });
    expect((await admin.call('GET', '/alerts')).body.data.at(-1)).toEqual(made.body);
    expect(fieldsOf(await admin.call('POST', '/alerts', { kind: 'quota_used', quota_id: 'quota_x' }))).toEqual([
      'quota_id',
    ]);
  });
});

const slack = { name: 'On call', type: 'slack', url: 'https://hooks.slack.com/services/T0/B0/canary-in-url' };

describe('channels', () => {
  test('never show their address or secret again, in answers, lists or the audit', async () => {
    const made = await admin.call('POST', '/alert-channels', slack);
    expect(made.body).toMatchObject({ type: 'slack', secret: null, account_id: null, default: false, enabled: true });
    expect(made.body.target).toBe('https://hooks.slack.com/...-url');
    const hook = { name: 'Hook', type: 'webhook', url: 'https://example.com/x?token=canary-in-url' };
    const webhook = await admin.call('POST', '/alert-channels', hook, { 'idempotency-key': 'one' });
    expect(webhook.body.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    const again = await admin.call('POST', '/alert-channels', hook, { 'idempotency-key': 'one' });
    expect(again.body).toEqual({ ...webhook.body, secret: null });
    await admin.call('PATCH', `/alert-channels/${webhook.body.id}`, { url: 'http://127.0.0.1:9/other-canary-in-url' });
    const audit = await admin.call('GET', '/audit');
    const list = await admin.call('GET', '/alert-channels');
    expect(list.body.data).toHaveLength(2);
    for (const text of [audit.text, list.text]) {
      expect(text).not.toContain('canary-in');
      expect(text).not.toContain(webhook.body.secret);
    }
  });

  test.each<[object, string[]]>([
    [{}, ['name', 'type']],
    [{ name: 'x', type: 'pigeon', url: 'https://a.example' }, ['type']],
    [{ name: 'x', type: 'slack' }, ['url']],
    [{ name: 'x', type: 'slack', url: 'ftp://a.example/' }, ['url']],
    [{ name: 'x', type: 'slack', url: 'javascript:alert(1)' }, ['url']],
    [{ name: 'x', type: 'teams', url: 'https://u:p@a.example/' }, ['url']],
    [{ name: 'x', type: 'teams', url: 'https://a.example/', secret: `whsec_${'A'.repeat(32)}` }, ['secret']],
    [{ name: 'x', type: 'webhook', url: 'https://a.example/', secret: 'short' }, ['secret']],
    [{ name: 'x', type: 'email', url: 'https://a.example/' }, ['to', 'url']],
    [{ name: 'x', type: 'email', to: [] }, ['to']],
    [{ name: 'x', type: 'email', to: ['nobody'] }, ['to[0]']],
    [{ name: 'x', type: 'email', to: ['a@example.com\r\nbcc: b@example.com'] }, ['to[0]']],
    [{ name: 'x', type: 'slack', url: 'https://a.example/', to: ['a@example.com'] }, ['to']],
    [{ name: 'x', type: 'slack', url: `https://a.example/${'x'.repeat(2_000)}` }, ['url']],
    [
      { name: 'x', type: 'slack', url: 'https://a.example/', default: 'yes', isDefault: true },
      ['default', 'isDefault'],
    ],
  ])('%j is refused by field', async (body, fields) => {
    const answer = await admin.call('POST', '/alert-channels', body);
    expect(answer.status).toBe(400);
    expect(fieldsOf(answer)).toEqual(fields);
    expect(answer.text).not.toContain('u:p@');
    expect((await admin.call('GET', '/alert-channels')).body.data).toEqual([]);
  });

  test('of an account are its own; rules name those that they may', async () => {
    const other = await openAccount(admin, { name: 'Other' });
    const ofAccount = (await admin.call('POST', '/alert-channels', { ...slack, account_id: account.id })).body;
    const ofOther = (await admin.call('POST', '/alert-channels', { ...slack, account_id: other.id })).body;
    const ofAll = (await admin.call('POST', '/alert-channels', slack)).body;
    expect((await admin.call('POST', '/alert-channels', { ...slack, account_id: 'acct_x' })).status).toBe(404);
    const list = await admin.call('GET', `/alert-channels?account_id=${account.id}`);
    expect(list.body.data.map(({ id }: Json) => id)).toEqual([ofAccount.id]);
    const channels = [ofAccount.id, ofAll.id];
    expect((await admin.call('POST', alertsOf(), { kind: 'burn_rate', channels })).body.channels).toEqual(channels);
    const foreign = await admin.call('POST', alertsOf(), { kind: 'burn_rate', channels: [ofOther.id] });
    expect(fieldsOf(foreign)).toEqual(['channels[0]']);
    expect(fieldsOf(await admin.call('POST', '/alerts', { kind: 'store_down', channels }))).toEqual(['channels[0]']);
  });

  test('change and go', async () => {
    const { id } = (await admin.call('POST', '/alert-channels', { name: 'Mail', type: 'email', to: ['a@example.com'] }))
      .body;
    const path = `/alert-channels/${id}`;
    const changed = await admin.call('PATCH', path, { to: ['b@example.com'], enabled: false, default: true });
    expect(changed.body).toMatchObject({
      target: 'b@example.com',
      to: ['b@example.com'],
      enabled: false,
      default: true,
    });
    expect(fieldsOf(await admin.call('PATCH', path, { url: 'https://a.example' }))).toEqual(['url']);
    expect((await admin.call('DELETE', path)).status).toBe(204);
    for (const call of [admin.call('DELETE', path), admin.call('PATCH', path, { name: 'x' })]) {
      expect((await call).status).toBe(404);
    }
    expect((await admin.call('POST', `${path}/test`)).status).toBe(404);
  });
});

describe('by a token of an account', () => {
  test('channels are its own, by https to public addresses; those of the installation are not there', async () => {
    const { secret } = (
      await admin.call('POST', '/tokens', {
        ...{ name: 'Finance', role: 'billing', scope: { type: 'account', account_id: account.id } },
      })
    ).body;
    const headers = { authorization: `Bearer ${secret}` };
    const ofAll = (await admin.call('POST', '/alert-channels', slack)).body;
    const own = await admin.call('POST', '/alert-channels', slack, headers);
    expect(own.body.account_id).toBe(account.id);
    expect((await admin.alerts.book.findChannel(own.body.id))?.publicOnly).toBe(true);
    for (const url of [
      'http://a.example/',
      'https://127.0.0.1/',
      'https://[fd00::1]/',
      'https://localhost/',
      'https://redis/',
    ]) {
      expect(fieldsOf(await admin.call('POST', '/alert-channels', { ...slack, url }, headers))).toEqual(['url']);
      expect(fieldsOf(await admin.call('PATCH', `/alert-channels/${own.body.id}`, { url }, headers))).toEqual(['url']);
    }
    expect((await admin.call('GET', '/alert-channels', undefined, headers)).body.data).toEqual([
      (({ secret: _, ...shown }) => shown)(own.body),
    ]);
    expect((await admin.call('POST', `/alert-channels/${ofAll.id}/test`, {}, headers)).status).toBe(404);
    const named = await admin.call('POST', alertsOf(), { kind: 'burn_rate', channels: [ofAll.id] }, headers);
    expect(fieldsOf(named)).toEqual(['channels[0]']);
    expect((await admin.call('GET', '/alerts', undefined, headers)).status).toBe(403);
    expect((await admin.call('POST', '/alerts', { kind: 'store_down' }, headers)).status).toBe(403);
    // What the operator aimed at his own network, the account does not aim elsewhere in it.
    const private_ = { ...slack, account_id: account.id, url: 'http://10.0.0.1/hook' };
    const given = (await admin.call('POST', '/alert-channels', private_)).body;
    const renamed = await admin.call('PATCH', `/alert-channels/${given.id}`, { name: 'Ours' }, headers);
    expect(renamed.body.name).toBe('Ours');
    expect(
      fieldsOf(await admin.call('PATCH', `/alert-channels/${given.id}`, { url: 'http://10.0.0.2/' }, headers)),
    ).toEqual(['url']);
    const audit = await admin.call('GET', '/audit', undefined, { authorization: headers.authorization });
    expect(audit.status).toBe(403);
  });
});

describe('the test button and the log', () => {
  test('a test is sent now, and what came back is answered, logged, and sent again under the same id', async () => {
    const receiver = await startReceiver((response, count) => response.writeHead(count === 1 ? 500 : 200).end());
    try {
      const body = { name: 'Hook', type: 'webhook', url: receiver.url, account_id: account.id };
      const { id, secret } = (await admin.call('POST', '/alert-channels', body)).body;
      admin.clock.nowMs = Date.now();
      const failed = await admin.call('POST', `/alert-channels/${id}/test`);
      expect(failed.status).toBe(200);
      expect(failed.body).toMatchObject({
        result: 'abandoned',
        status: 500,
        problem: 'status 500',
        type: 'test',
        account_id: account.id,
        attempt: 0,
      });
      admin.clock.nowMs += 1;
      const again = await admin.call('POST', `/alert-deliveries/${failed.body.id}/replay`);
      expect(again.body).toMatchObject({ result: 'delivered', status: 200, notice_id: failed.body.notice_id });
      const [first, second] = receiver.received;
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
      expect(new Webhook(secret).verify(second?.body ?? '', second?.headers as never)).toEqual(failed.body.notice);

      const log = await admin.call('GET', `/alert-deliveries?account_id=${account.id}&limit=1`);
      expect(log.body).toMatchObject({ data: [{ id: again.body.id }], has_more: true, next_after: again.body.id });
      const rest = await admin.call('GET', `/alert-deliveries?after=${again.body.id}`);
      expect(rest.body.data.map((one: Json) => one.id)).toEqual([failed.body.id]);
      const other = await openAccount(admin, { name: 'Other' });
      expect((await admin.call('GET', `/alert-deliveries?account_id=${other.id}`)).body.data).toEqual([]);
      expect((await admin.call('GET', '/alert-deliveries?account_id=acct_x')).status).toBe(404);
      expect((await admin.call('POST', '/alert-deliveries/delivery_x/replay')).status).toBe(404);
      await admin.call('DELETE', `/alert-channels/${id}`);
      expect((await admin.call('POST', `/alert-deliveries/${failed.body.id}/replay`)).status).toBe(404);
      expect(log.text).not.toContain('canary-in-url');
    } finally {
      await receiver.stop();
    }
  });
});
