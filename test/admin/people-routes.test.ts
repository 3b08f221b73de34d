import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminUnderTest, type Json, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let base: string;
let otherBase: string;
beforeEach(async () => {
  admin = await openAdmin();
  base = `/accounts/${(await openAccount(admin)).id}`;
  otherBase = `/accounts/${(await openAccount(admin, { name: 'Other' })).id}`;
});
afterEach(() => admin.close());

const make = async (path: string, body: object): Promise<Json> => (await admin.call('POST', path, body)).body;

describe('teams', () => {
  test('live from creation to deletion', async () => {
    const team = await make(`${base}/teams`, { name: 'Research' });
    expect(team).toEqual({
      id: expect.stringMatching(/^team_/),
      account_id: base.split('/')[2],
      name: 'Research',
      created_at: '2026-11-21T09:30:00.000Z',
    });
    expect((await admin.call('GET', `${base}/teams/${team.id}`)).body).toEqual(team);
    const renamed = await admin.call('PATCH', `${base}/teams/${team.id}`, { name: 'R&D' });
    expect(renamed.body).toEqual({ ...team, name: 'R&D' });
    expect((await admin.call('GET', `${base}/teams`)).body).toEqual({ data: [renamed.body], has_more: false });
    expect((await admin.call('DELETE', `${base}/teams/${team.id}`)).status).toBe(204);
    expect((await admin.call('DELETE', `${base}/teams/${team.id}`)).status).toBe(404);
    expect((await admin.call('GET', `${base}/teams/${team.id}`)).status).toBe(404);
  });

  test('with members or keys are not deleted', async () => {
    const team = await make(`${base}/teams`, { name: 'Research' });
    const member = await make(`${base}/members`, { name: 'Ada', team_id: team.id });
    const inUse = await admin.call('DELETE', `${base}/teams/${team.id}`);
    expect([inUse.status, inUse.body.type]).toEqual([409, 'urn:tollgate:problem:in-use']);
    expect((await admin.call('PATCH', `${base}/members/${member.id}`, { team_id: null })).body.team_id).toBeNull();
    const ofNoTeam = (await admin.call('GET', `${base}/members?team_id=none`)).body.data;
    expect(ofNoTeam.map(({ id }: { id: string }) => id)).toEqual([member.id]);
    expect((await admin.call('GET', `${base}/members?team_id=${team.id}`)).body.data).toEqual([]);
    expect((await admin.call('DELETE', `${base}/teams/${team.id}`)).status).toBe(204);
  });
});

describe('members', () => {
  test('live from creation to deletion', async () => {
    const team = await make(`${base}/teams`, { name: 'Research' });
    const member = await make(`${base}/members`, { name: 'Ada', email: 'ada@example.com', team_id: team.id });
    expect(member).toMatchObject({ name: 'Ada', email: 'ada@example.com', team_id: team.id });
    const changed = await admin.call('PATCH', `${base}/members/${member.id}`, { email: null });
    expect(changed.body).toEqual({ ...member, email: null });
    expect((await admin.call('GET', `${base}/members/${member.id}`)).body).toEqual(changed.body);
    expect((await admin.call('GET', `${base}/members?limit=1`)).body).toEqual({
      data: [changed.body],
      has_more: false,
    });
    expect((await admin.call('DELETE', `${base}/members/${member.id}`)).status).toBe(204);
  });

  test('with keys are not deleted', async () => {
    const member = await make(`${base}/members`, { name: 'Ada' });
    await make(`${base}/keys`, { name: 'laptop', member_id: member.id });
    expect((await admin.call('DELETE', `${base}/members/${member.id}`)).status).toBe(409);
  });

  test("cannot join another account's team", async () => {
    const foreign = await make(`${otherBase}/teams`, { name: 'Theirs' });
    const errors = [{ field: 'team_id', message: 'is no team of this account' }];
    expect((await admin.call('POST', `${base}/members`, { name: 'Ada', team_id: foreign.id })).body.errors).toEqual(
      errors,
    );
    const member = await make(`${base}/members`, { name: 'Ada' });
    const moved = await admin.call('PATCH', `${base}/members/${member.id}`, { team_id: foreign.id });
    expect([moved.status, moved.body.errors]).toEqual([400, errors]);
  });

  test.each(['ada', 'a@b@c', 'ada@example.com\r\nBcc: x@example.com', `${'a'.repeat(250)}@b.de`, 7])(
    'the e-mail %j is refused',
    async (email) => {
      const answer = await admin.call('POST', `${base}/members`, { name: 'Ada', email });
      expect(answer.body.errors.map((error: Json) => error.field)).toContain('email');
    },
  );
});

describe("another account's ids", () => {
  test('are not found under any call', async () => {
    const team = await make(`${base}/teams`, { name: 'Research' });
    const member = await make(`${base}/members`, { name: 'Ada' });
    const key = await make(`${base}/keys`, { name: 'laptop' });
    const calls: [string, string, object?][] = [
      ['GET', `/teams/${team.id}`],
      ['PATCH', `/teams/${team.id}`, { name: 'X' }],
      ['DELETE', `/teams/${team.id}`],
      ['GET', `/members/${member.id}`],
      ['PATCH', `/members/${member.id}`, { name: 'X' }],
      ['DELETE', `/members/${member.id}`],
      ['GET', `/keys/${key.id}`],
      ['PATCH', `/keys/${key.id}`, { name: 'X' }],
      ['POST', `/keys/${key.id}/rotate`],
      ['POST', `/keys/${key.id}/revoke`],
    ];
    for (const [method, path, body] of calls) {
      const answer = await admin.call(method, `${otherBase}${path}`, body);
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect((await admin.call('GET', `${base}/teams/${team.id}`)).body).toEqual(team);
    expect((await admin.call('GET', `${base}/members/${member.id}`)).body).toEqual(member);
    expect((await admin.call('GET', `${base}/keys/${key.id}`)).body).toMatchObject({
      name: 'laptop',
      status: 'active',
    });
  });
});
