import { request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAdminApp } from '../../src/admin/create-admin-app.ts';
import { until } from '../support/until.ts';
import { type AdminUnderTest, openAccount, openAdmin, TOKEN } from './admin-under-test.ts';

let admin: AdminUnderTest;
beforeEach(async () => {
  admin = await openAdmin();
});
afterEach(() => admin.close());

describe('the token', () => {
  test.each<[string, string | undefined]>([
    ['none', undefined],
    ['another', 'Bearer tga_another'],
    ['empty', 'Bearer '],
    ['a prefix', `Bearer ${TOKEN.slice(0, -1)}`],
    ['a longer one', `Bearer ${TOKEN}x`],
    ['another scheme', `Basic ${TOKEN}`],
    ['without a scheme', TOKEN],
    ['two', `Bearer ${TOKEN} ${TOKEN}`],
  ])('%s is refused before anything is read', async (_name, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const calls = [
      { method: 'GET', url: '/admin/v1/accounts' },
      { method: 'POST', url: '/admin/v1/accounts', payload: '{broken', headers: { 'content-type': 'text/xml' } },
      { method: 'DELETE', url: '/admin/v1/accounts/acct_x/teams/team_x' },
    ] as const;
    for (const { headers: more, ...call } of calls.map((one) => ({ headers: {}, ...one }))) {
      const answer = await admin.app.inject({ ...call, headers: { ...more, ...headers } });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="tollgate-admin"');
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.body).not.toContain(TOKEN);
    }
  });

  test('is taken whatever the case of its scheme, and not from the query', async () => {
    const lower = { authorization: `bearer ${TOKEN}` };
    expect((await admin.app.inject({ url: '/admin/v1/accounts', headers: lower })).statusCode).toBe(200);
    expect((await admin.app.inject({ url: `/admin/v1/accounts?token=${TOKEN}` })).statusCode).toBe(401);
  });

  test('an empty one starts nothing', () => {
    expect(() => createAdminApp({ ...admin, adminToken: '' } as never)).toThrow(RangeError);
  });

  test('is needed for every call of the document', async () => {
    for (const [path, operations] of Object.entries(admin.app.swagger().paths ?? {})) {
      for (const method of Object.keys(operations ?? {})) {
        const answer = await admin.app.inject({ method: method as 'get', url: path.replaceAll(/\{\w+\}/g, 'x') });
        expect([method, path, answer.statusCode]).toEqual([method, path, 401]);
      }
    }
  });
});

describe('a body', () => {
  const post = (payload: string | Buffer, contentType = 'application/json') =>
    admin.app.inject({
      method: 'POST',
      url: '/admin/v1/accounts',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': contentType },
      payload,
    });

  test.each<[string, string | Buffer, number, string]>([
    ['not JSON', '{name:"x"}', 400, 'malformed-body'],
    ['cut off', '{"name":"x"', 400, 'malformed-body'],
    ['with a name twice', '{"name":"a","name":"b"}', 400, 'malformed-body'],
    ['with __proto__', '{"name":"a","__proto__":{"mode":"postpaid"}}', 400, 'malformed-body'],
    ['a megabyte deep', '['.repeat(1_000_000), 400, 'malformed-body'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'malformed-body'],
    ['above 1 MiB', `{"name":"${'x'.repeat(1024 * 1024)}"}`, 413, 'body-too-large'],
    ['an array', '[]', 400, 'invalid-request'],
    ['null', 'null', 400, 'invalid-request'],
    ['empty', '', 400, 'invalid-request'],
  ])('%s is refused', async (_name, payload, status, kind) => {
    const answer = await post(payload);
    expect([answer.statusCode, answer.json().type]).toEqual([status, `urn:tollgate:problem:${kind}`]);
    expect(await admin.directory.listAccounts({ limit: 10 })).toEqual([]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])(
    'as %s is refused',
    async (type) => {
      expect((await post('{"name":"x"}', type)).statusCode).toBe(415);
    },
  );

  test.each([
    'a\r\nx-injected: 1',
    'a\u0000b',
    'a\ud800b',
    '\udc00',
    'a\u2028b',
    'a\u202eb',
    ' a',
    'a ',
    ' ',
    '',
    'x'.repeat(121),
    '\u001b[2J',
  ])('with the name %j is refused by field', async (name) => {
    const answer = await admin.call('POST', '/accounts', { name });
    expect([answer.status, answer.body.errors.length, answer.body.errors[0].field]).toEqual([400, 1, 'name']);
  });

  test('has all its problems named at once', async () => {
    const answer = await admin.call('POST', '/accounts', {
      timezone: 'Mars/Olympus',
      mode: 'barter',
      credit_limit_usd: 1,
      on_disconnect: null,
      on_exhausted: 'ask',
      low_balance_usd: ['5', '-1', 'x'],
      id: 'acct_mine',
      secretHash: 'x',
    });
    expect(answer.body.errors.map((error: { field: string }) => error.field).sort()).toEqual([
      'credit_limit_usd',
      'id',
      'low_balance_usd[1]',
      'low_balance_usd[2]',
      'mode',
      'name',
      'on_disconnect',
      'on_exhausted',
      'secretHash',
      'timezone',
    ]);
    expect(answer.body.detail).toMatch(/, and 9 more\.$/);
  });

  test('with a thousand unknown fields is answered within bounds', async () => {
    const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}${'x'.repeat(300)}`, 1]));
    const answer = await admin.call('POST', '/accounts', body);
    expect(answer.body.errors).toHaveLength(50);
    expect(answer.text.length).toBeLessThan(20_000);
  });

  test('of a deletion is refused', async () => {
    const { id } = await openAccount(admin);
    const answer = await admin.call('DELETE', `/accounts/${id}/teams/team_x`, { force: true });
    expect(answer.status).toBe(400);
  });
});

describe('a path', () => {
  test.each([
    '/admin/v1/nothing',
    '/admin/v1/accounts/',
    '/admin/v2/accounts',
    '/v1/messages',
    '/admin/v1/accounts/..%2f..%2fmetrics',
    '/admin/v1/accounts/%00',
  ])('%s is not found', async (url) => {
    const answer = await admin.app.inject({ url, headers: { authorization: `Bearer ${TOKEN}` } });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  test.each([
    ['cannot be decoded', '%zz'],
    ['is too long', 'x'.repeat(500)],
  ])('that %s is a problem, not a crash', async (_name, id) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await admin.app.inject({ url: `/admin/v1/accounts/${id}`, headers });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });
});

describe('without a token', () => {
  test('metrics, health, the document and the console are read, and nothing is kept without being asked for anew', async () => {
    const types: { [url: string]: string } = {
      '/metrics': 'text/plain; version=0.0.4',
      '/livez': 'application/json; charset=utf-8',
      '/readyz': 'application/json; charset=utf-8',
      '/': 'text/html; charset=utf-8',
      '/admin/v1/openapi.json': 'application/json; charset=utf-8',
    };
    for (const [url, type] of Object.entries(types)) {
      const answer = await admin.app.inject({ url });
      expect([url, answer.statusCode, answer.headers['content-type']]).toEqual([url, 200, type]);
      expect(answer.headers['cache-control']).toBe(url === '/' ? 'no-cache' : 'no-store');
      expect(answer.body).not.toContain(TOKEN);
    }
  });

  test('not being ready is 503 with the reason', async () => {
    const unready = await openAdmin(() => ({
      readiness: async () => ({ ready: false, checks: { store: 'no answer' } }),
    }));
    const answer = await unready.app.inject({ url: '/readyz' });
    expect([answer.statusCode, answer.json()]).toEqual([503, { status: 'not_ready', checks: { store: 'no answer' } }]);
    await unready.close();
  });
});

test('no body, whatever it is, is a fault', async () => {
  const { id } = await openAccount(admin);
  const paths = ['/accounts', `/accounts/${id}/grants`, `/accounts/${id}/keys`, `/accounts/${id}/members`];
  const field = fc.constantFrom(
    'name',
    'amount_usd',
    'kind',
    'expires_at',
    'timezone',
    'email',
    'low_balance_usd',
    'models',
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('1', 'paid', '2027-01-01T00:00:00Z'),
  );
  const body = fc.oneof(fc.dictionary(field, value), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), body, async (path, one) => {
      const answer = await admin.call('POST', path, one);
      expect([201, 400]).toContain(answer.status);
    }),
    { numRuns: 300 },
  );
});

test('every write leaves one line in the log, without a secret', async () => {
  const lines: string[] = [];
  const logged = await openAdmin(() => ({ logger: pino({}, { write: (line: string) => void lines.push(line) }) }));
  const { id } = await openAccount(logged);
  const { body } = await logged.call('POST', `/accounts/${id}/keys`, { name: 'k' });
  await logged.call('GET', `/accounts/${id}`);
  await logged.call('POST', `/accounts/${id}/grants`, { amount_usd: 'x', kind: 'paid' });
  const written = await until(() => (lines.length >= 3 ? lines.map((line) => JSON.parse(line)) : undefined));
  const account = id;
  expect(written).toMatchObject([
    { msg: 'admin write', method: 'POST', route: '/admin/v1/accounts', status: 201 },
    { msg: 'admin write', route: '/admin/v1/accounts/:account_id/keys', account, status: 201 },
    { msg: 'admin write', route: '/admin/v1/accounts/:account_id/grants', account, status: 400 },
  ]);
  expect(lines.join()).not.toContain(body.secret);
  expect(lines.join()).not.toContain(TOKEN);
  await logged.close();
});

test('a client that leaves in the middle of a body leaves nothing behind', async () => {
  await admin.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = admin.app.server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    const request = sendRequest({
      port,
      method: 'POST',
      path: '/admin/v1/accounts',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'content-length': 100 },
    });
    request.on('error', () => undefined);
    request.on('close', () => resolve());
    request.write('{"name":"half', () => request.destroy());
  });
  expect((await admin.call('POST', '/accounts', { name: 'whole' })).status).toBe(201);
  expect(await admin.directory.listAccounts({ limit: 10 })).toHaveLength(1);
});
