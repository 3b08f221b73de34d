import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_ACTIVE_TOKENS } from '../../src/directory/access-token.ts';
import { createId } from '../../src/directory/create-id.ts';
import { DirectoryUnavailable } from '../../src/directory/directory.ts';
import { type AdminUnderTest, type Answer, type Json, openAccount, openAdmin, TOKEN } from './admin-under-test.ts';

const DAY_MS = 86_400_000;

let admin: AdminUnderTest;
let accountId: string;
let otherId: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin)).id;
  otherId = (await openAccount(admin, { name: 'Other' })).id;
});
afterEach(() => admin.close());

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const create = async (body: object, headers = {}): Promise<Json> => {
  const answer = await admin.call('POST', '/tokens', body, headers);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
};
const owner = (change: object = {}) => ({
  ...{ name: 'owner', role: 'owner', scope: { type: 'account', account_id: accountId } },
  ...change,
});
const as =
  (secret: string) =>
  (method: string, path: string, body?: unknown, headers: object = {}) =>
    admin.call(method, path, body, { ...bearer(secret), ...headers });
const whoami = async (secret: string): Promise<Answer> => as(secret)('GET', '/whoami');
const fieldsOf = (answer: Answer) => [answer.status, answer.body.errors?.map((error: Json) => error.field)];

describe('a token', () => {
  test('works with its secret, which is shown once', async () => {
    const made = await create(owner());
    expect(made).toMatchObject({
      role: 'owner',
      scope: { type: 'account', account_id: accountId },
      status: 'active',
      expires_at: '2027-02-19T09:30:00.000Z',
      secret: expect.stringMatching(/^tga_[\w-]{43}$/),
    });
    expect(made.secret.startsWith(made.hint)).toBe(true);
    const { secret, ...shown } = made;
    expect((await admin.call('GET', `/tokens/${made.id}`)).body).toEqual(shown);
    expect((await admin.call('GET', '/tokens')).body.data).toEqual([shown]);
    expect((await whoami(secret)).body).toEqual({
      type: 'token',
      ...{ id: made.id, name: 'owner', role: 'owner', scope: made.scope, permissions: made.permissions },
      expires_at: made.expires_at,
    });
    const kept = JSON.stringify(admin.database.connection.prepare('SELECT record FROM access_token').all());
    expect(kept).not.toContain(secret.slice(10));
  });

  test('of the settings is root', async () => {
    expect((await admin.call('GET', '/whoami')).body).toMatchObject({
      ...{ type: 'root', name: 'root', role: 'owner', scope: { type: 'installation' }, expires_at: null },
    });
  });

  test.each<[object, number | null]>([
    [{}, 90],
    [{ valid_days: 1 }, 1],
    [{ expires_at: '2026-11-23T09:30:00Z' }, 2],
    [{ expires_at: null }, null],
  ])('with %j ends after %s days, to the millisecond', async (term, days) => {
    const { secret, expires_at } = await create(owner(term));
    if (days === null) {
      expect(expires_at).toBeNull();
      admin.clock.nowMs += 10_000 * DAY_MS;
      expect((await whoami(secret)).status).toBe(200);
      return;
    }
    admin.clock.nowMs += days * DAY_MS - 1;
    expect((await whoami(secret)).status).toBe(200);
    admin.clock.nowMs += 1;
    expect(await whoami(secret)).toMatchObject({ status: 401, body: { detail: expect.stringContaining('expired') } });
    expect((await admin.call('GET', '/tokens')).body.data[0].status).toBe('expired');
  });

  test('is rotated: the old secret works for the grace, the expiry stays unless it is given anew', async () => {
    const made = await create(owner({ valid_days: 10 }));
    const rotate = (body: object) => admin.call('POST', `/tokens/${made.id}/rotate`, body);
    const second = (await rotate({ grace_seconds: 60 })).body;
    expect(second).toMatchObject({ id: made.id, expires_at: made.expires_at, secret: expect.any(String) });
    admin.clock.nowMs += 59_999;
    expect([(await whoami(made.secret)).status, (await whoami(second.secret)).status]).toEqual([200, 200]);
    admin.clock.nowMs += 1;
    expect([(await whoami(made.secret)).status, (await whoami(second.secret)).status]).toEqual([401, 200]);
    const third = (await rotate({ valid_days: 20, grace_seconds: 30 * 86_400 })).body;
    expect(Date.parse(third.expires_at)).toBe(admin.clock.nowMs + 20 * DAY_MS);
    admin.clock.nowMs += 10 * DAY_MS;
    expect([(await whoami(second.secret)).status, (await whoami(third.secret)).status]).toEqual([401, 200]);
    expect((await rotate({ expires_at: null })).body.expires_at).toBeNull();
  });

  test('that is revoked ends at once with both its secrets, and is not rotated', async () => {
    const made = await create(owner());
    const { secret } = (await admin.call('POST', `/tokens/${made.id}/rotate`, { grace_seconds: 600 })).body;
    expect((await admin.call('POST', `/tokens/${made.id}/revoke`)).body).toMatchObject({ status: 'revoked' });
    for (const each of [made.secret, secret]) expect((await whoami(each)).status).toBe(401);
    const answer = await admin.call('POST', `/tokens/${made.id}/rotate`, {});
    expect([answer.status, answer.body.type]).toEqual([409, 'urn:tollgate:problem:token-not-active']);
    expect((await admin.call('POST', `/tokens/${made.id}/revoke`)).body.revoked_at).toBe('2026-11-21T09:30:00.000Z');
  });

  test('made again under its idempotency key is one token, and its secret is not told twice', async () => {
    const headers = { 'idempotency-key': 'k' };
    const made = await create(owner(), headers);
    const again = await admin.call('POST', '/tokens', owner(), headers);
    expect(again.body).toEqual({ ...made, secret: null });
    expect((await admin.call('GET', '/tokens')).body.data).toHaveLength(1);
  });

  test('has no room where a thousand are active, and has again when one is revoked', async () => {
    for (let made = 0; made < MAX_ACTIVE_TOKENS; made += 1) {
      await admin.directory.createToken({
        ...{ id: `token_${made}`, name: 'x', role: 'viewer', scope: { type: 'account', accountId } },
        ...{ secretHash: `${made}`, hint: 'tga_xxxx', createdAtMs: admin.clock.nowMs },
      });
    }
    const { body, status, headers } = await admin.call('POST', '/tokens', owner());
    expect([status, headers['content-type'], body.type, body.detail]).toEqual([
      409,
      expect.stringContaining('application/problem+json'),
      'urn:tollgate:problem:too-many',
      'There are 1000 active tokens of an account or of the installation at most: revoke one.',
    ]);
    await create(owner({ scope: { type: 'account', account_id: otherId } }));
    expect((await admin.call('POST', '/tokens/token_7/revoke', {})).status).toBe(200);
    await create(owner());
  });

  test('whose making was cut off is made whole, with a secret that works alone', async () => {
    await admin.close();
    let cuts = true;
    admin = await openAdmin(({ directory }) => ({
      directory: {
        ...directory,
        createToken: async (token) => {
          const created = await directory.createToken(token);
          if (cuts) throw new DirectoryUnavailable('cut');
          return created;
        },
      },
    }));
    accountId = (await openAccount(admin)).id;
    const headers = { 'idempotency-key': 'k' };
    expect((await admin.call('POST', '/tokens', owner(), headers)).status).toBe(503);
    cuts = false;
    admin.clock.nowMs += 5_000;
    const { secret } = await create(owner(), headers);
    expect((await whoami(secret)).status).toBe(200);
    expect((await admin.call('GET', '/tokens')).body.data).toHaveLength(1);
  });
});

test.each<[object, string[]]>([
  [{ name: '' }, ['name']],
  [{ role: 'god' }, ['role']],
  [{ scope: { type: 'planet' } }, ['scope.type']],
  [{ scope: { type: 'account' } }, ['scope.account_id']],
  [{ scope: { type: 'account', account_id: 'acct_x' } }, ['scope.account_id']],
  [{ scope: { type: 'installation', account_id: 'acct_x', team_id: 'team_x' } }, ['scope.account_id', 'scope.team_id']],
  [{ valid_days: 0 }, ['valid_days']],
  [{ valid_days: 3_651 }, ['valid_days']],
  [{ valid_days: 1, expires_at: null }, ['valid_days']],
  [{ expires_at: '2026-11-21T09:30:00Z' }, ['expires_at']],
  [{ secret: 'tga_mine' }, ['secret']],
])('%j makes none', async (change, fields) => {
  const answer = await admin.call('POST', '/tokens', owner(change));
  expect(fieldsOf(answer)).toEqual([400, fields]);
  expect((await admin.call('GET', '/tokens')).body.data).toEqual([]);
});

test('a team has no owner and no billing, and is one of the account', async () => {
  const { id: team_id } = (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 't' })).body;
  const of = (role: string, scope: object) =>
    admin.call('POST', '/tokens', { name: 'x', role, scope: { type: 'team', ...scope } });
  expect(fieldsOf(await of('owner', { account_id: accountId, team_id }))).toEqual([400, ['role']]);
  expect(fieldsOf(await of('billing', { account_id: accountId, team_id }))).toEqual([400, ['role']]);
  expect(fieldsOf(await of('admin', { account_id: otherId, team_id }))).toEqual([400, ['scope.team_id']]);
  expect(fieldsOf(await of('admin', { account_id: accountId }))).toEqual([400, ['scope.team_id']]);
  expect((await of('admin', { account_id: accountId, team_id })).status).toBe(201);
});

describe('the owner of an account', () => {
  let call: ReturnType<typeof as>;
  beforeEach(async () => {
    call = as((await create(owner())).secret);
  });

  test('makes tokens of his account and its teams, and no others', async () => {
    const { id: team_id } = (await call('POST', `/accounts/${accountId}/teams`, { name: 't' })).body;
    const make = (role: string, scope: object) => call('POST', '/tokens', { name: 'x', role, scope });
    expect((await make('owner', { type: 'account' })).body.scope).toEqual({ type: 'account', account_id: accountId });
    expect((await make('admin', { type: 'team', team_id })).status).toBe(201);
    expect((await make('viewer', { type: 'installation' })).status).toBe(403);
    const theirs = await make('viewer', { type: 'account', account_id: otherId });
    const nobodys = await make('viewer', { type: 'account', account_id: 'acct_x' });
    expect(fieldsOf(theirs)).toEqual([400, ['scope.account_id']]);
    expect(theirs.text).toBe(nobodys.text);
  });

  test('sees, rotates and revokes these alone', async () => {
    const theirs = await create(owner({ scope: { type: 'account', account_id: otherId } }));
    const operators = await create({ name: 'op', role: 'owner', scope: { type: 'installation' } });
    const listed = (await call('GET', '/tokens')).body.data;
    expect(listed.map((token: Json) => token.name)).toEqual(['owner']);
    const others = await call('GET', `/tokens?account_id=${otherId}`);
    const nobodys = await call('GET', '/tokens?account_id=acct_x');
    expect([others.status, others.body.detail]).toEqual([404, 'There is no such account.']);
    expect(nobodys.text.replaceAll('acct_x', otherId)).toBe(others.text);
    for (const { id, secret } of [theirs, operators]) {
      expect((await call('GET', `/tokens/${id}`)).status).toBe(404);
      expect((await call('POST', `/tokens/${id}/rotate`, {})).status).toBe(404);
      expect((await call('POST', `/tokens/${id}/revoke`, {})).status).toBe(404);
      expect((await whoami(secret)).status).toBe(200);
    }
    expect((await call('POST', `/tokens/${listed[0].id}/revoke`, {})).status).toBe(200);
    expect((await call('GET', '/tokens')).status).toBe(401);
  });

  test('cannot give himself credit, prices or another mode', async () => {
    const grant = { amount_usd: '1', kind: 'paid' };
    expect((await call('POST', `/accounts/${accountId}/grants`, grant)).status).toBe(403);
    const before = (await admin.call('GET', `/accounts/${accountId}`)).body;
    for (const change of [
      { status: 'open' },
      { mode: 'postpaid' },
      { credit_limit_usd: '0' },
      { on_exhausted: 'finish' },
      { pricing: { multiplier: '0.5' } },
      { name: 'New', pricing: { multiplier: '0.5' } },
    ]) {
      expect([change, (await call('PATCH', `/accounts/${accountId}`, change)).status]).toEqual([change, 403]);
    }
    expect((await admin.call('GET', `/accounts/${accountId}`)).body).toEqual(before);
    const own = { name: 'New', timezone: 'Asia/Tokyo', on_disconnect: 'cancel', low_balance_usd: ['5'] };
    expect((await call('PATCH', `/accounts/${accountId}`, own)).body).toMatchObject({ name: 'New', balance: {} });
  });

  test('reads in the audit what was done to his account, whoever did it', async () => {
    const { id: team_id } = (await call('POST', `/accounts/${accountId}/teams`, { name: 'mine' })).body;
    await admin.call('PATCH', `/accounts/${otherId}`, { name: 'canary' });
    const operator = await create({ name: 'canary operator', role: 'owner', scope: { type: 'installation' } });
    await as(operator.secret)('PATCH', `/accounts/${accountId}`, { name: 'by operator' });
    await create(owner({ name: 'canary', scope: { type: 'account', account_id: otherId } }));
    await call('POST', '/tokens', { name: 'sub', role: 'viewer', scope: { type: 'team', team_id } });
    await call('POST', '/tokens', { name: 'bad', role: 'viewer', scope: { type: 'account', account_id: otherId } });
    const { data, has_more } = (await call('GET', '/audit?newest=100')).body;
    expect(has_more).toBe(false);
    expect(data.map((record: Json) => [record.path.slice(9), record.actor_name, record.outcome])).toEqual([
      ['/tokens', undefined, 'done'],
      ['/accounts/{account_id}/teams', 'owner', 'done'],
      ['/accounts/{account_id}', undefined, 'done'],
      ['/tokens', 'owner', 'done'],
      ['/tokens', 'owner', 'refused'],
    ]);
  });
});

test('two accounts that choose one idempotency key have an answer each', async () => {
  const [mine, theirs] = [
    as((await create(owner())).secret),
    as((await create(owner({ scope: { type: 'account', account_id: otherId } }))).secret),
  ];
  const headers = { 'idempotency-key': 'same' };
  const body = { name: 'x', role: 'viewer', scope: { type: 'account' } };
  const [one, two] = [await mine('POST', '/tokens', body, headers), await theirs('POST', '/tokens', body, headers)];
  expect([one.body.scope.account_id, two.body.scope.account_id]).toEqual([accountId, otherId]);
  expect(two.headers['idempotent-replayed']).toBeUndefined();
  expect(one.body.id).not.toBe(two.body.id);
});

test("a closed account's tokens read on and change nothing", async () => {
  const { secret, id } = await create(owner());
  await admin.call('POST', `/accounts/${accountId}/close`, {});
  const call = as(secret);
  expect((await call('GET', `/accounts/${accountId}/journal`)).status).toBe(200);
  expect((await call('GET', `/accounts/${accountId}`)).body.status).toBe('closed');
  for (const [path, body] of [
    [`/accounts/${accountId}/teams`, { name: 'x' }],
    [`/tokens/${id}/rotate`, {}],
    ['/tokens', { name: 'x', role: 'viewer', scope: { type: 'account' } }],
  ] as const) {
    const answer = await call('POST', path, body);
    expect([path, answer.status, answer.body.type]).toEqual([path, 409, 'urn:tollgate:problem:account-closed']);
  }
  expect((await admin.call('POST', '/tokens', owner())).body.type).toBe('urn:tollgate:problem:account-closed');
});

test('while the store does not answer nobody is let in but root', async () => {
  await admin.close();
  let fails = false;
  admin = await openAdmin(({ directory }) => ({
    directory: {
      ...directory,
      findTokenBearer: (hash) =>
        fails ? Promise.reject(new DirectoryUnavailable('away')) : directory.findTokenBearer(hash),
    },
  }));
  accountId = (await openAccount(admin)).id;
  const { secret } = await create(owner());
  fails = true;
  const answer = await whoami(secret);
  expect([answer.status, answer.body.type]).toEqual([503, 'urn:tollgate:problem:store-unavailable']);
  expect(answer.body.detail).toMatch(/Nothing was done/);
  const report = await admin.app.inject({
    url: '/v1/organizations/cost_report?starting_at=2026-11-20T00:00:00Z',
    headers: { 'x-api-key': secret },
  });
  expect([report.statusCode, report.json().type]).toEqual([503, 'error']);
  expect((await admin.call('GET', '/whoami')).status).toBe(200);
  // What has not the form of a token is not looked up.
  expect((await whoami('nonsense')).status).toBe(401);
});

test('the audit names the token that acted, and no secret', async () => {
  const { id, secret } = await create({ name: 'ops', role: 'owner', scope: { type: 'installation' } });
  await as(secret)('PATCH', `/accounts/${accountId}`, { name: 'x' });
  const made = await as(secret)('POST', '/tokens', owner());
  const rotated = await as(secret)('POST', `/tokens/${made.body.id}/rotate`, {});
  const { data } = (await admin.call('GET', '/audit?newest=3')).body;
  expect(data).toMatchObject([
    { actor: id, actor_name: 'ops', path: '/admin/v1/accounts/{account_id}' },
    { actor: id, path: '/admin/v1/tokens', requested: { name: 'owner' } },
    { path: '/admin/v1/tokens/{token_id}/rotate', ids: { token_id: made.body.id } },
  ]);
  expect(data[2].changes).toContainEqual({ field: 'hint', before: made.body.hint, after: rotated.body.hint });
  const all = JSON.stringify((await admin.call('GET', '/audit?newest=100')).body);
  for (const each of [secret, made.body.secret, rotated.body.secret, TOKEN]) expect(all).not.toContain(each);
});

test("an account's token reads the Console's reports of its account alone", async () => {
  const { secret } = await create(owner({ role: 'viewer' }));
  const read = async (query: string, headers: { [name: string]: string }) => {
    const url = `/v1/organizations/usage_report/messages?starting_at=2026-11-20T00:00:00Z&group_by[]=workspace_id${query}`;
    return (await admin.app.inject({ url, headers })).json();
  };
  for (const id of [accountId, otherId]) {
    await admin.call('POST', `/accounts/${id}/grants`, { amount_usd: '1', kind: 'paid' });
    const call = {
      accountId: id,
      holdId: createId('hold', admin.clock.nowMs),
      amountNanoUsd: 10_000_000n,
      tokens: 1n,
      modelLabels: [],
      cells: [],
    };
    await admin.ledger.hold({ ...call, leaseMs: 60_000 });
    await admin.ledger.settle({ ...call, details: { model: 'claude-haiku-4-5', key_id: 'key_a' } });
  }
  const workspaces = (report: Json) =>
    report.data.flatMap(({ results }: Json) => results.map((result: Json) => result.workspace_id));
  expect(workspaces(await read('', { 'x-api-key': secret }))).toEqual([accountId]);
  expect(workspaces(await read('', bearer(secret)))).toEqual([accountId]);
  expect(workspaces(await read(`&workspace_ids[]=${otherId}`, bearer(secret)))).toEqual([]);
  expect(workspaces(await read('', { 'x-api-key': TOKEN })).toSorted()).toEqual([accountId, otherId].toSorted());
  const { id: team_id } = (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 't' })).body;
  const team = await create({ name: 't', role: 'viewer', scope: { type: 'team', account_id: accountId, team_id } });
  expect((await read('', bearer(team.secret))).error.type).toBe('permission_error');
});
