import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminUnderTest, type Answer, type Json, openAdmin } from './admin-under-test.ts';
import { makeToken, makeWorld, type World } from './two-accounts.ts';

let admin: AdminUnderTest;
let world: World;
let account: string;
let call: (method: string, path: string, body?: object, headers?: object) => Promise<Answer>;
beforeEach(async () => {
  admin = await openAdmin();
  world = await makeWorld(admin);
  account = `/accounts/${world.own.account_id}`;
  const { account_id: accountId, team_id: teamId } = world.own;
  const { secret } = await makeToken(admin, { role: 'admin', scope: { type: 'team', accountId, teamId } });
  call = (method, path, body, headers) =>
    admin.call(method, path, body, { authorization: `Bearer ${secret}`, ...headers });
});
afterEach(() => admin.close());

const idsOf = async (path: string): Promise<string[]> => (await call('GET', path)).body.data.map((one: Json) => one.id);

describe('a team’s token sees', () => {
  test('its account without money', async () => {
    const { status, body } = await call('GET', account);
    const shown = { id: world.own.account_id, name: 'own account', status: 'open', timezone: 'UTC', closed_at: null };
    expect([status, body]).toEqual([200, { ...shown, created_at: '2026-11-21T09:30:00.000Z' }]);
    expect((await call('GET', '/accounts')).body).toEqual({ data: [body], has_more: false });
    expect((await call('GET', `/accounts?after=${world.own.account_id}`)).body.data).toEqual([]);
  });

  test('the team, its members, keys and quotas, in whole pages', async () => {
    const { own, memberKeyId, teamQuotaId } = world;
    expect(await idsOf(`${account}/teams`)).toEqual([own.team_id]);
    expect(await idsOf(`${account}/members`)).toEqual([own.member_id]);
    expect(await idsOf(`${account}/keys`)).toEqual([own.key_id, memberKeyId]);
    expect(await idsOf(`${account}/quotas`)).toEqual([own.quota_id, teamQuotaId]);
    const first = (await call('GET', `${account}/keys?limit=1`)).body;
    expect(first).toMatchObject({ has_more: true, next_after: own.key_id });
    expect((await call('GET', `${account}/keys?limit=1&after=${own.key_id}`)).body).toMatchObject({
      ...{ data: [{ id: memberKeyId }], has_more: false },
    });
    expect((await call('GET', `${account}/keys/${memberKeyId}`)).status).toBe(200);
  });

  test('the use and cost of its calls, as a table too', async () => {
    const all = (await admin.call('GET', `${account}/usage?group_by=team`)).body;
    expect([all.data.length, all.total.requests]).toEqual([2, 2]);
    const { body } = await call('GET', `${account}/usage?group_by=team`);
    expect(body.data.map((row: Json) => row.team_id)).toEqual([world.own.team_id]);
    expect(body.total).toMatchObject({ requests: 1, cost_usd: '1.00' });
    const csv = (await call('GET', `${account}/usage?group_by=key&format=csv`)).text;
    expect(csv.trim().split('\r\n')).toHaveLength(2);
    expect(csv).toContain(world.own.key_id);
    expect((await call('GET', `${account}/usage?group_by=session`)).body.errors[0].field).toBe('group_by');
  });

  test.each(['team_id', 'member_id', 'key_id'] as const)('the use of its own alone, by %s', async (field) => {
    const find = async (id: string) => {
      const { status, body } = await call('GET', `${account}/usage?${field}=${id}`);
      return status === 200 ? body.total.requests : { status, detail: body.detail };
    };
    expect(await find(world.own[field])).toBe(1);
    const unknown = { status: 404, detail: `${field} is no ${field.slice(0, -3)} of this account.` };
    for (const id of [world.otherTeam[field], world.otherAccount[field], 'none']) {
      expect(await find(id)).toEqual(unknown);
    }
    if (field === 'key_id') expect(await find(world.memberKeyId)).toBe(0);
  });
});

describe('what a team’s token makes stays in the team', () => {
  const noBody = { name: 'x' };

  test('though its body says nothing of it', async () => {
    const member = (await call('POST', `${account}/members`, noBody)).body;
    const key = (await call('POST', `${account}/keys`, { ...noBody, member_id: member.id })).body;
    expect([member.team_id, key.team_id]).toEqual([world.own.team_id, world.own.team_id]);
    const moved = await call('PATCH', `${account}/keys/${world.memberKeyId}`, { member_id: null });
    expect(moved.body).toMatchObject({ member_id: null, team_id: world.own.team_id });
  });

  test.each(['otherTeam', 'otherAccount'] as const)('and names nothing of the %s', async (whose) => {
    const { team_id, member_id, key_id } = world[whose];
    const { own } = world;
    const quota = { window: 'day', limit_usd: '1' };
    const tries: [string, string, (id: string) => object, string, string][] = [
      ['POST', '/members', (id) => ({ name: 'x', team_id: id }), team_id, 'team_id'],
      ['PATCH', `/members/${own.member_id}`, (id) => ({ team_id: id }), team_id, 'team_id'],
      ['POST', '/keys', (id) => ({ name: 'x', team_id: id }), team_id, 'team_id'],
      ['POST', '/keys', (id) => ({ name: 'x', member_id: id }), member_id, 'member_id'],
      ['PATCH', `/keys/${own.key_id}`, (id) => ({ team_id: id }), team_id, 'team_id'],
      ['PATCH', `/keys/${own.key_id}`, (id) => ({ member_id: id }), member_id, 'member_id'],
      ['POST', '/quotas', (id) => ({ ...quota, scope: { type: 'member', id } }), member_id, 'scope.id'],
      ['POST', '/quotas', (id) => ({ ...quota, scope: { type: 'key', id } }), key_id, 'scope.id'],
    ];
    for (const [method, path, body, id, field] of tries) {
      const answer = await call(method, account + path, body(id));
      expect([path, answer.status, answer.body.errors]).toEqual([
        ...[path, 400],
        [{ field, message: expect.stringMatching(/^is no (team|member|key) of this account$/) }],
      ]);
      expect((await call(method, account + path, body('x_nobody'))).text).toBe(answer.text);
    }
  });

  test('and cannot be let go of', async () => {
    const { own } = world;
    for (const path of [`/members/${own.member_id}`, `/keys/${own.key_id}`]) {
      expect((await call('PATCH', account + path, { team_id: null })).status).toBe(400);
    }
    expect(await idsOf(`${account}/keys`)).toContain(own.key_id);
  });

  test('and limits members and keys, not the team or the account', async () => {
    const { own, teamQuotaId, accountQuotaId } = world;
    const quota = { window: 'day', limit_usd: '1' };
    for (const scope of [{ type: 'account' }, { type: 'team', id: own.team_id }, { type: 'team', id: 'team_x' }]) {
      expect((await call('POST', `${account}/quotas`, { ...quota, scope })).status).toBe(403);
    }
    expect((await call('GET', `${account}/quotas/${teamQuotaId}`)).status).toBe(200);
    expect((await call('DELETE', `${account}/quotas/${teamQuotaId}`)).status).toBe(403);
    expect((await call('PATCH', `${account}/quotas/${teamQuotaId}`, { limit_usd: '9' })).status).toBe(403);
    expect((await call('GET', `${account}/quotas/${accountQuotaId}`)).status).toBe(404);
    expect((await call('PATCH', `${account}/quotas/${own.quota_id}`, { limit_usd: '9' })).status).toBe(200);
  });
});

test('a deletion sent again with its idempotency key is answered as it was', async () => {
  const { id } = (await call('POST', `${account}/members`, { name: 'x' })).body;
  const headers = { 'idempotency-key': 'k' };
  expect((await call('DELETE', `${account}/members/${id}`, undefined, headers)).status).toBe(204);
  expect((await call('DELETE', `${account}/members/${id}`, undefined, headers)).status).toBe(204);
  expect((await call('DELETE', `${account}/members/${id}`)).status).toBe(404);
});

test('a member that moves takes his keys out of sight', async () => {
  const { own, otherTeam, memberKeyId } = world;
  await admin.call('PATCH', `${account}/members/${own.member_id}`, { team_id: otherTeam.team_id });
  expect((await call('GET', `${account}/keys/${memberKeyId}`)).status).toBe(404);
  expect((await call('POST', `${account}/keys/${memberKeyId}/revoke`, {})).status).toBe(404);
  expect((await call('GET', `${account}/keys/${own.key_id}`)).status).toBe(200);
});

test('a team that is deleted ends its tokens', async () => {
  const { account_id: accountId } = world.own;
  const { id: teamId } = (await admin.call('POST', `${account}/teams`, { name: 'x' })).body;
  const { secret, token } = await makeToken(admin, { role: 'viewer', scope: { type: 'team', accountId, teamId } });
  const headers = { authorization: `Bearer ${secret}` };
  expect((await admin.call('GET', '/whoami', undefined, headers)).status).toBe(200);
  expect((await admin.call('DELETE', `${account}/teams/${teamId}`)).status).toBe(204);
  expect((await admin.call('GET', '/whoami', undefined, headers)).status).toBe(401);
  expect((await admin.call('GET', `/tokens/${token.id}`)).body.status).toBe('team_deleted');
});
