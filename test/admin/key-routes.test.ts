import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashKeySecret, isKeySecret } from '../../src/directory/key-secret.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin, START_MS } from './admin-under-test.ts';

let admin: AdminUnderTest;
let keys: string;
beforeEach(async () => {
  admin = await openAdmin();
  keys = `/accounts/${(await openAccount(admin)).id}/keys`;
});
afterEach(() => admin.close());

const createKey = async (body: object = { name: 'laptop' }): Promise<Json> =>
  (await admin.call('POST', keys, body)).body;
const findBySecret = (secret: string) => admin.directory.findPrincipal(hashKeySecret(secret));

describe('creating a key', () => {
  test('shows a secret that works, once', async () => {
    const { secret, ...shown } = await createKey();
    expect(isKeySecret(secret)).toBe(true);
    expect(shown).toEqual({
      id: expect.stringMatching(/^key_/),
      account_id: keys.split('/')[2],
      team_id: null,
      member_id: null,
      name: 'laptop',
      status: 'active',
      hint: secret.slice(0, 7),
      expires_at: null,
      allowed_models: null,
      previous_secret_expires_at: null,
      revoked_at: null,
      created_at: '2026-11-21T09:30:00.000Z',
    });
    expect((await findBySecret(secret))?.key.id).toBe(shown.id);
    const readBack = [
      await admin.call('GET', `${keys}/${shown.id}`),
      await admin.call('GET', keys),
      await admin.call('PATCH', `${keys}/${shown.id}`, { name: 'desk' }),
      await admin.call('POST', `${keys}/${shown.id}/revoke`),
    ];
    for (const { text } of readBack) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(hashKeySecret(secret));
      expect(text).not.toContain('"secret"');
    }
  });

  test('names every owner that is not of the account', async () => {
    const unknownTeam = await admin.call('POST', keys, { name: 'k', team_id: 'team_none' });
    expect(unknownTeam.body.errors).toEqual([{ field: 'team_id', message: 'is no team of this account' }]);
    const { id } = await createKey();
    const changed = await admin.call('PATCH', `${keys}/${id}`, { team_id: 'team_none', member_id: 'mem_none' });
    expect(changed.body.errors).toEqual([
      { field: 'team_id', message: 'is no team of this account' },
      { field: 'member_id', message: 'is no member of this account' },
    ]);
  });

  test('refuses models that the rate card does not know, on a change too', async () => {
    const unknown = { allowed_models: ['claude-haiku-4-5', 'nope', 'opus'] };
    const errors = [
      { field: 'allowed_models[1]', message: 'is no model of the rate card' },
      { field: 'allowed_models[2]', message: 'is no model of the rate card' },
    ];
    const answer = await admin.call('POST', keys, { name: 'k', ...unknown });
    expect([answer.status, answer.body.errors]).toEqual([400, errors]);
    expect((await admin.call('GET', keys)).body.data).toEqual([]);
    const { id } = await createKey();
    expect((await admin.call('PATCH', `${keys}/${id}`, unknown)).body.errors).toEqual(errors);
    expect((await admin.call('GET', `${keys}/${id}`)).body.allowed_models).toBeNull();
  });

  test('takes any model where unknown ones are priced as another', async () => {
    const lenient = await openAdmin(() => ({
      rateCard: () => ({ ...loadRateCard(), unknownModelPricedAs: 'claude-opus-4-8' }),
    }));
    const { id } = await openAccount(lenient);
    const key = await lenient.call('POST', `/accounts/${id}/keys`, { name: 'k', allowed_models: ['next-1'] });
    const grant = { amount_usd: '1', kind: 'paid', models: ['next-1'] };
    expect([key.status, (await lenient.call('POST', `/accounts/${id}/grants`, grant)).status]).toEqual([201, 201]);
    await lenient.close();
  });

  test('refuses an end that has passed', async () => {
    const answer = await admin.call('POST', keys, { name: 'k', expires_at: new Date(START_MS).toISOString() });
    expect(answer.body.errors).toEqual([{ field: 'expires_at', message: 'must be in the future' }]);
    expect((await admin.call('GET', keys)).body.data).toEqual([]);
  });
});

describe('changing a key', () => {
  test('null removes what is optional', async () => {
    const created = await createKey({
      name: 'laptop',
      expires_at: '2027-01-01T00:00:00Z',
      allowed_models: ['claude-haiku-4-5'],
    });
    expect(created).toMatchObject({ expires_at: '2027-01-01T00:00:00.000Z', allowed_models: ['claude-haiku-4-5'] });
    const { body } = await admin.call('PATCH', `${keys}/${created.id}`, { expires_at: null, allowed_models: null });
    expect(body).toMatchObject({ name: 'laptop', expires_at: null, allowed_models: null });
  });

  test('an expired key reads as expired', async () => {
    const { id } = await createKey({ name: 'k', expires_at: '2026-11-21T10:00:00Z' });
    admin.clock.nowMs += 30 * 60_000;
    expect((await admin.call('GET', `${keys}/${id}`)).body.status).toBe('expired');
    const rotated = await admin.call('POST', `${keys}/${id}/rotate`);
    expect([rotated.status, rotated.body.type]).toEqual([409, 'urn:tollgate:problem:key-not-active']);
  });
});

describe('rotating a key', () => {
  test('ends the old secret at once without a grace', async () => {
    const created = await createKey();
    const rotated = await admin.call('POST', `${keys}/${created.id}/rotate`);
    expect(rotated.body.secret).not.toBe(created.secret);
    expect(rotated.body.hint).toBe(rotated.body.secret.slice(0, 7));
    expect((await findBySecret(rotated.body.secret))?.key.id).toBe(created.id);
    const old = await findBySecret(created.secret);
    expect(old === undefined || (old.secretExpiresAtMs ?? Infinity) <= START_MS).toBe(true);
  });

  test('keeps the old secret alive for the grace', async () => {
    const created = await createKey();
    const rotated = await admin.call('POST', `${keys}/${created.id}/rotate`, { grace_seconds: 3600 });
    expect(rotated.body.previous_secret_expires_at).toBe('2026-11-21T10:30:00.000Z');
    expect((await findBySecret(created.secret))?.secretExpiresAtMs).toBe(START_MS + 3_600_000);
  });

  test.each([{ grace_seconds: -1 }, { grace_seconds: 2_592_001 }, { grace_seconds: '60' }, { grace_seconds: 1.5 }])(
    'refuses %j',
    async (body) => {
      const { id, secret } = await createKey();
      const answer = await admin.call('POST', `${keys}/${id}/rotate`, body);
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'grace_seconds']);
      expect((await findBySecret(secret))?.secretExpiresAtMs).toBeUndefined();
    },
  );
});

describe('revoking a key', () => {
  test('is for good and keeps its first time', async () => {
    const { id } = await createKey();
    const revoked = await admin.call('POST', `${keys}/${id}/revoke`);
    expect(revoked.body).toMatchObject({ status: 'revoked', revoked_at: '2026-11-21T09:30:00.000Z' });
    admin.clock.nowMs += 1_000;
    expect((await admin.call('POST', `${keys}/${id}/revoke`)).body).toEqual(revoked.body);
    expect((await admin.call('POST', `${keys}/${id}/rotate`)).status).toBe(409);
    const reopened = await admin.call('PATCH', `${keys}/${id}`, { revoked_at: null });
    expect(reopened.body.errors).toEqual([{ field: 'revoked_at', message: 'is not known here' }]);
  });
});

describe('looking for keys', () => {
  const account = () => keys.replace(/\/keys$/, '');
  const find = async (query: string): Promise<string[]> =>
    (await admin.call('GET', `${keys}?${query}`)).body.data.map(({ name }: Json) => name);

  test('by team, which a member’s keys belong to as well, by member, and by no team', async () => {
    const team = (await admin.call('POST', `${account()}/teams`, { name: 'A' })).body.id;
    const member = (await admin.call('POST', `${account()}/members`, { name: 'Ada', team_id: team })).body.id;
    const loner = (await admin.call('POST', `${account()}/members`, { name: 'Bob' })).body.id;
    await createKey({ name: 'of the team', team_id: team });
    await createKey({ name: 'of Ada', member_id: member });
    await createKey({ name: 'of Bob', member_id: loner });
    await createKey({ name: 'of nobody' });
    expect(await find(`team_id=${team}`)).toEqual(['of the team', 'of Ada']);
    expect(await find(`member_id=${member}`)).toEqual(['of Ada']);
    expect(await find('team_id=none')).toEqual(['of Bob', 'of nobody']);
    const members = await admin.call('GET', `${account()}/members?team_id=${team}`);
    expect(members.body.data.map(({ name }: Json) => name)).toEqual(['Ada']);
  });

  test('by a part of the name, the beginning of the secret, or the id; page by page', async () => {
    const made = await createKey({ name: 'ada-Laptop' });
    for (const index of [1, 2, 3]) await createKey({ name: `ci-${index}` });
    expect(await find('q=LAPTOP')).toEqual(['ada-Laptop']);
    expect(await find(`q=${made.hint}`)).toContain('ada-Laptop');
    expect(await find(`q=${made.id}`)).toEqual(['ada-Laptop']);
    const first = (await admin.call('GET', `${keys}?q=ci-&limit=2`)).body;
    expect(first).toMatchObject({ has_more: true, data: [{ name: 'ci-1' }, { name: 'ci-2' }] });
    expect(await find(`q=ci-&limit=2&after=${first.next_after}`)).toEqual(['ci-3']);
    expect(await find('q=nothing')).toEqual([]);
  });

  test('a team’s token looks among its own', async () => {
    const team = (await admin.call('POST', `${account()}/teams`, { name: 'A' })).body.id;
    await createKey({ name: 'own', team_id: team });
    await createKey({ name: 'other' });
    const scope = { type: 'team', account_id: account().split('/')[2], team_id: team };
    const { secret } = (await admin.call('POST', '/tokens', { name: 'lead', role: 'viewer', scope })).body;
    const headers = { authorization: `Bearer ${secret}` };
    const read = (query: string) => admin.call('GET', `${keys}?${query}`, undefined, headers);
    expect((await read('q=o')).body.data.map(({ name }: Json) => name)).toEqual(['own']);
    expect((await read('team_id=none')).status).toBe(404);
    const other = (await admin.call('POST', `${account()}/teams`, { name: 'B' })).body.id;
    const stranger = (await admin.call('POST', `${account()}/members`, { name: 'Eve', team_id: other })).body.id;
    for (const [query, unknown] of [
      [`team_id=${other}`, 'team_id=team_x'],
      [`member_id=${stranger}`, 'member_id=mem_x'],
    ] as const) {
      const theirs = await read(query);
      expect(theirs.status).toBe(404);
      // Nothing tells what others have from what is not there.
      expect((await read(unknown)).text).toBe(theirs.text);
    }
  });

  test('by a team or member that is not there is not found, by the field’s name; one without keys has none', async () => {
    const team = (await admin.call('POST', `${account()}/teams`, { name: 'A' })).body.id;
    const member = (await admin.call('POST', `${account()}/members`, { name: 'Ada' })).body.id;
    expect(await find(`team_id=${team}&member_id=${member}`)).toEqual([]);
    for (const [path, fields] of [
      [`${keys}?team_id=team_x&member_id=mem_x`, ['team_id', 'member_id']],
      [`${keys}?team_id=none&member_id=mem_x`, ['member_id']],
      [`${account()}/members?team_id=team_x`, ['team_id']],
    ] as const) {
      const { status, body } = await admin.call('GET', path);
      expect([status, body.errors.map(({ field }: Json) => field)]).toEqual([404, fields]);
    }
    expect((await admin.call('GET', `${account()}/members?team_id=${team}`)).body.data).toEqual([]);
  });
});
