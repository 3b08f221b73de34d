// Who signs in sees what his credential allows, for as long as it is good, and from the console's own pages only.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SESSION_IDLE_MS, SESSION_LIFE_MS } from '../../../src/admin/web/console-sessions.ts';
import { createSessionSeal } from '../../../src/admin/web/session-seal.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin, TOKEN } from '../admin-under-test.ts';
import { type ConsoleBrowser, HOST, openConsoleBrowser } from './console-browser.ts';

let admin: AdminUnderTest;
let accountId: string;
let browser: ConsoleBrowser;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin)).id;
  browser = openConsoleBrowser(admin);
});
afterEach(() => admin.close());

const makeToken = async (role: string, scope: object): Promise<Json> => {
  const { body } = await admin.call('POST', '/tokens', { name: 'lead', role, scope });
  return body;
};
const makeKey = async (body: object = {}): Promise<Json> =>
  (await admin.call('POST', `/accounts/${accountId}/keys`, { name: 'laptop', ...body })).body;
const readAccounts = () => browser.send('GET', '/admin/v1/accounts');

describe('signing in', () => {
  test('by the admin token opens a session that the admin API takes, without showing the token to any script', async () => {
    const answer = await browser.signIn(TOKEN);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ type: 'root', scope: { type: 'installation' }, idle_seconds: 1_800 });
    expect(answer.body.permissions).toContain('money.write');
    const cookie = `${answer.headers['set-cookie']}`;
    expect(cookie).toMatch(/^tollgate_session_8788=[\w-]{40,}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(TOKEN);
    expect((await readAccounts()).body.data).toHaveLength(1);
  });

  test('is told of TLS before it, and keeps the cookie to that', async () => {
    const answer = await browser.send('POST', '/console/session', {
      body: { secret: TOKEN },
      headers: { 'x-forwarded-proto': 'https', origin: `https://${HOST}` },
    });
    expect(`${answer.headers['set-cookie']}`).toMatch(/; Secure$/);
  });

  test('by an access token gives what its role and scope give, and nothing of other accounts', async () => {
    const { secret } = await makeToken('viewer', { type: 'account', account_id: accountId });
    const other = (await openAccount(admin, { name: 'Other' })).id;
    const { body } = await browser.signIn(secret);
    expect(body).toMatchObject({ type: 'token', role: 'viewer', scope: { type: 'account', account_id: accountId } });
    expect((await browser.send('GET', `/admin/v1/accounts/${accountId}`)).status).toBe(200);
    expect((await browser.send('GET', `/admin/v1/accounts/${other}`)).status).toBe(404);
    expect((await browser.send('GET', `/console/events?account_id=${other}`)).status).toBe(404);
    const grant = { body: { amount_usd: '1', kind: 'paid' } };
    expect((await browser.send('POST', `/admin/v1/accounts/${accountId}/grants`, grant)).status).toBe(403);
  });

  test('by an API key opens its own page and nothing of the admin API', async () => {
    const { secret, id } = await makeKey();
    const { body } = await browser.signIn(secret);
    expect(body).toMatchObject({
      type: 'key',
      name: 'laptop',
      scope: { account_id: accountId, key_id: id },
      permissions: [],
    });
    expect((await browser.send('GET', '/console/me')).body.key.id).toBe(id);
    expect((await readAccounts()).status).toBe(401);
    expect((await browser.send('GET', `/admin/v1/accounts/${accountId}/keys`)).status).toBe(401);
  });

  test.each([
    ['nothing of ours', 'hello'],
    ['a token that is not there', `tga_${'x'.repeat(43)}`],
    ['a key that is not there', `tg_${'x'.repeat(43)}`],
  ])('by %s is refused and sets no cookie', async (_what, secret) => {
    const answer = await browser.signIn(secret);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  test('by a revoked or expired key, or a revoked token, is refused', async () => {
    const revoked = await makeKey();
    await admin.call('POST', `/accounts/${accountId}/keys/${revoked.id}/revoke`, {});
    expect((await browser.signIn(revoked.secret)).status).toBe(401);
    const expiring = await makeKey({ expires_at: new Date(admin.clock.nowMs + 1_000).toISOString() });
    admin.clock.nowMs += 1_000;
    expect((await browser.signIn(expiring.secret)).status).toBe(401);
    const token = await makeToken('owner', { type: 'installation' });
    await admin.call('POST', `/tokens/${token.id}/revoke`, {});
    expect((await browser.signIn(token.secret)).status).toBe(401);
  });
});

describe('a session', () => {
  test('ends when its bearer does nothing for half an hour, and lives on while he does', async () => {
    await browser.signIn(TOKEN);
    for (let minutes = 0; minutes < 60; minutes += 20) {
      admin.clock.nowMs += 20 * 60_000;
      expect((await readAccounts()).status).toBe(200);
    }
    admin.clock.nowMs += SESSION_IDLE_MS;
    expect((await readAccounts()).status).toBe(401);
    expect((await browser.send('GET', '/console/session')).body.type).toBeNull();
  });

  test('is not kept alive by what the page asks by itself', async () => {
    await browser.signIn(TOKEN);
    const headers = { 'x-tollgate-console': 'look' };
    for (let minutes = 0; minutes < 25; minutes += 5) {
      admin.clock.nowMs += 5 * 60_000;
      expect((await browser.send('GET', '/admin/v1/accounts', { headers })).status).toBe(200);
    }
    admin.clock.nowMs += 5 * 60_000;
    expect((await readAccounts()).status).toBe(401);
  });

  test('ends after twelve hours whatever its bearer does', async () => {
    await browser.signIn(TOKEN);
    const endMs = admin.clock.nowMs + SESSION_LIFE_MS;
    while (admin.clock.nowMs < endMs - 20 * 60_000) {
      admin.clock.nowMs += 20 * 60_000;
      expect((await readAccounts()).status).toBe(200);
    }
    admin.clock.nowMs = endMs;
    expect((await readAccounts()).status).toBe(401);
  });

  test('ends when its key or its token is revoked, at the next request', async () => {
    const token = await makeToken('owner', { type: 'account', account_id: accountId });
    await browser.signIn(token.secret);
    expect((await readAccounts()).status).toBe(200);
    await admin.call('POST', `/tokens/${token.id}/revoke`, {});
    expect((await readAccounts()).status).toBe(401);

    const key = await makeKey();
    await browser.signIn(key.secret);
    expect((await browser.send('GET', '/console/me')).status).toBe(200);
    await admin.call('POST', `/accounts/${accountId}/keys/${key.id}/revoke`, {});
    expect((await browser.send('GET', '/console/me')).status).toBe(401);
  });

  test('that was signed out is over, also for a copy of its cookie', async () => {
    await browser.signIn(TOKEN);
    const copy = browser.cookie;
    const answer = await browser.send('DELETE', '/console/session');
    expect(answer.status).toBe(204);
    expect(`${answer.headers['set-cookie']}`).toContain('Max-Age=0');
    browser.cookie = copy;
    expect((await readAccounts()).status).toBe(401);
  });

  test('is sealed by the admin token: another one, or a changed cookie, opens nothing', async () => {
    await browser.signIn(TOKEN);
    const [name = '', value = ''] = browser.cookie?.split('=') ?? [];
    const flipped = value.slice(0, 20) + (value[20] === 'A' ? 'B' : 'A') + value.slice(21);
    const claims = createSessionSeal(TOKEN).open(value);
    expect(claims).toMatchObject({ kind: 'token' });
    const foreign = createSessionSeal('another admin token').seal(claims!);
    for (const forged of [flipped, foreign, value.slice(0, 30), '', 'x'.repeat(5_000)]) {
      browser.cookie = `${name}=${forged}`;
      expect((await readAccounts()).status).toBe(401);
    }
    expect(JSON.stringify(claims)).not.toContain(TOKEN);
  });

  test('of another port on the same host is left alone', async () => {
    await browser.signIn(TOKEN);
    const headers = { host: '127.0.0.1:9999' };
    expect((await browser.send('GET', '/admin/v1/accounts', { headers })).status).toBe(401);
  });

  test('a bearer token beside the cookie is the one that counts', async () => {
    await browser.signIn(TOKEN);
    const headers = { authorization: 'Bearer nonsense' };
    expect((await browser.send('GET', '/admin/v1/accounts', { headers })).status).toBe(401);
  });
});

describe('a request from elsewhere', () => {
  const grant = { amount_usd: '1', kind: 'paid' };
  const write = (headers: Record<string, string>) =>
    browser.send('POST', `/admin/v1/accounts/${accountId}/grants`, { body: grant, headers });

  test.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' }],
    ['another origin in an old browser', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
    ['a sandboxed frame', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['a form, which cannot add our header', { 'x-tollgate-console': '' }],
  ])('%s does not write', async (_what, changed) => {
    await browser.signIn(TOKEN);
    const headers = Object.fromEntries(Object.entries(changed));
    const answer = await sendWith(headers);
    expect(answer.status).toBe(403);
    expect((await browser.send('GET', `/admin/v1/accounts/${accountId}/grants`)).body.data).toEqual([]);
  });

  /** An empty value takes a header away. */
  async function sendWith(changed: Record<string, string>) {
    const all: Record<string, string> = {
      host: HOST,
      'sec-fetch-site': 'same-origin',
      'x-tollgate-console': 'act',
      origin: `http://${HOST}`,
      cookie: browser.cookie ?? '',
      'content-type': 'application/json',
      ...changed,
    };
    const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const url = `/admin/v1/accounts/${accountId}/grants`;
    const answer = await admin.app.inject({ method: 'POST', url, headers, payload: JSON.stringify(grant) });
    return { status: answer.statusCode };
  }

  test('without an origin does not write, and does not sign in or out', async () => {
    await browser.signIn(TOKEN);
    expect((await sendWith({ origin: '' })).status).toBe(403);
    const headers = { host: HOST, cookie: browser.cookie ?? '', 'sec-fetch-site': 'cross-site' };
    expect((await admin.app.inject({ method: 'DELETE', url: '/console/session', headers })).statusCode).toBe(403);
    const payload = { secret: TOKEN };
    expect((await admin.app.inject({ method: 'POST', url: '/console/session', headers, payload })).statusCode).toBe(
      403,
    );
    expect((await readAccounts()).status).toBe(200);
  });

  test('does not read either', async () => {
    await browser.signIn(TOKEN);
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await browser.send('GET', '/admin/v1/accounts', { headers })).status).toBe(403);
    expect((await browser.send('GET', `/console/events?account_id=${accountId}`, { headers })).status).toBe(403);
  });

  test('from the console itself writes, and the audit names whose token it was', async () => {
    await browser.signIn(TOKEN);
    expect((await write({})).status).toBe(201);
    const { body } = await admin.call('GET', '/audit?newest=1');
    expect(body.data[0]).toMatchObject({ method: 'POST', outcome: 'done' });
    expect(body.data[0].actor).toMatch(/^admin:/);
  });
});
