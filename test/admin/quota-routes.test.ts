import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { MAX_RAISES } from '../../src/domain/quota-rules.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin, START_MS } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
let quotas: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin, { timezone: 'Europe/Berlin' })).id;
  quotas = `/accounts/${accountId}/quotas`;
});
afterEach(() => admin.close());

const MONTHLY = { scope: { type: 'account' }, window: 'month', limit_usd: '50.00' };

async function create(body: object = MONTHLY, headers = {}): Promise<Json> {
  const answer = await admin.call('POST', quotas, body, headers);
  expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
  return answer.body;
}
const errorsOf = async (body: object, path = quotas, method = 'POST') => {
  const answer = await admin.call(method, path, body);
  expect(answer.status).toBe(400);
  return answer.body.errors.map(({ field, message }: Json) => `${field} ${message}`);
};
const createTeam = async () => (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'Red' })).body.id;
const createKey = async (body: object = {}) =>
  (await admin.call('POST', `/accounts/${accountId}/keys`, { name: 'ci', ...body })).body.id;

/** Charges a call in the cell of a window, or leaves it open. */
async function count(quotaId: string, window: string, amountNanoUsd: bigint, open = false): Promise<void> {
  const measure = 'usd' as const;
  const cell = { quotaId, window, measure, limit: 10n ** 12n, mode: 'hard' as const };
  const holdId = createId('hold', admin.clock.nowMs);
  const command = { accountId, holdId, amountNanoUsd, tokens: 0n, modelLabels: [], cells: [cell] };
  expect((await admin.ledger.hold({ ...command, leaseMs: 60_000 })).result).toBe('held');
  if (!open) await admin.ledger.settle(command);
}

describe('a quota', () => {
  test('is made, with its use in the window of now', async () => {
    await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '100', kind: 'paid' });
    const quota = await create();
    expect(quota).toEqual({
      id: expect.stringMatching(/^quota_/),
      account_id: accountId,
      scope: { type: 'account', id: accountId },
      window: 'month',
      anchor_day: null,
      mode: 'hard',
      models: null,
      limit_usd: '50.00',
      current_limit_usd: '50.00',
      used_usd: '0.00',
      held_usd: '0.00',
      room_usd: '50.00',
      // Midnight in Berlin.
      window_starts_at: '2026-10-31T23:00:00.000Z',
      resets_at: '2026-11-30T23:00:00.000Z',
      raises: [],
      created_at: '2026-11-21T09:30:00.000Z',
    });
    await count(quota.id, 'month:2026-11-01:Europe/Berlin', 1_500_000_000n);
    await count(quota.id, 'month:2026-11-01:Europe/Berlin', 2_000_000_000n, true);
    const shown = { used_usd: '1.50', held_usd: '2.00', room_usd: '46.50' };
    expect((await admin.call('GET', `${quotas}/${quota.id}`)).body).toEqual({ ...quota, ...shown });
    expect((await admin.call('GET', quotas)).body).toEqual({ data: [{ ...quota, ...shown }], has_more: false });
    admin.clock.nowMs = Date.parse('2026-11-30T23:00:00Z');
    const next = (await admin.call('GET', `${quotas}/${quota.id}`)).body;
    expect(next).toMatchObject({ used_usd: '0.00', held_usd: '0.00', resets_at: '2026-12-31T23:00:00.000Z' });
  });

  test('may be on a team, member or key, of any measure', async () => {
    const team = await createTeam();
    const member = (await admin.call('POST', `/accounts/${accountId}/members`, { name: 'Ada' })).body.id;
    const key = await createKey();
    const bodies = [
      { scope: { type: 'team', id: team }, window: 'week', limit_tokens: 9_007_199_254_740_991 },
      { scope: { type: 'member', id: member }, window: 'minute', limit_requests: 0, mode: 'shadow' },
      { scope: { type: 'key', id: key }, window: 'total', limit_concurrency: 3, models: ['opus', 'claude-sonnet-4-6'] },
      { scope: { type: 'account', id: accountId }, window: 'month', anchor_day: 31, limit_usd: '0', mode: 'soft' },
    ];
    for (const body of bodies)
      expect(await create(body)).toMatchObject(body.limit_usd === '0' ? { anchor_day: 31 } : body);
    const { data } = (await admin.call('GET', quotas)).body;
    expect(data.map((quota: Json) => quota.scope.type)).toEqual(['team', 'member', 'key', 'account']);
    expect(data[2]).toMatchObject({
      window_starts_at: null,
      resets_at: null,
      room_concurrency: 3,
      used_concurrency: 0,
    });
  });

  test('is listed page by page', async () => {
    const made = [await create(), await create(), await create()];
    const first = (await admin.call('GET', `${quotas}?limit=2`)).body;
    expect(first).toEqual({ data: made.slice(0, 2), has_more: true, next_after: made[1].id });
    const second = (await admin.call('GET', `${quotas}?limit=2&after=${first.next_after}`)).body;
    expect(second).toEqual({ data: made.slice(2), has_more: false });
  });

  test('is made once under its idempotency key', async () => {
    const headers = { 'idempotency-key': 'q-1' };
    const quota = await create(MONTHLY, headers);
    expect(await create(MONTHLY, headers)).toEqual(quota);
    expect((await admin.call('POST', quotas, { ...MONTHLY, limit_usd: '1' }, headers)).status).toBe(409);
    expect((await admin.call('GET', quotas)).body.data).toHaveLength(1);
  });

  test("is another account's as little as its teams are", async () => {
    const quota = await create();
    const other = (await openAccount(admin, { name: 'Other' })).id;
    for (const method of ['GET', 'DELETE']) {
      expect((await admin.call(method, `/accounts/${other}/quotas/${quota.id}`)).status).toBe(404);
    }
    expect((await admin.call('PATCH', `/accounts/${other}/quotas/${quota.id}`, { limit_usd: '1' })).status).toBe(404);
    const raise = { limit_usd: '99', until: '2027-01-01T00:00:00Z' };
    expect((await admin.call('POST', `/accounts/${other}/quotas/${quota.id}/raises`, raise)).status).toBe(404);
    expect((await admin.call('GET', '/accounts/acct_x/quotas')).status).toBe(404);
    const theirs = { ...MONTHLY, scope: { type: 'team', id: await createTeam() } };
    expect((await admin.call('POST', `/accounts/${other}/quotas`, theirs)).body.errors).toEqual([
      { field: 'scope.id', message: 'is no team of this account' },
    ]);
  });

  test('is refused on a closed account', async () => {
    await admin.call('POST', `/accounts/${accountId}/close`, {});
    expect((await admin.call('POST', quotas, MONTHLY)).body.type).toBe('urn:tollgate:problem:account-closed');
  });
});

describe('a quota that could never count is refused, field by field', () => {
  test.each<[string, object, string[]]>([
    [
      'no limit',
      { limit_usd: undefined },
      ['limit_usd exactly one of limit_usd, limit_tokens, limit_requests, limit_concurrency is required'],
    ],
    [
      'two limits',
      { limit_tokens: 5 },
      ['limit_usd exactly one of limit_usd, limit_tokens, limit_requests, limit_concurrency is required'],
    ],
    ['an anchor for a total', { window: 'total', anchor_day: 5 }, ['anchor_day is for the window month only']],
    ['an anchor for a day', { window: 'day', anchor_day: 1 }, ['anchor_day is for the window month only']],
    [
      'open calls by the day',
      { window: 'day', limit_usd: undefined, limit_concurrency: 5 },
      ['window must be total for open calls: they are counted now, not by the calendar'],
    ],
    ['an unknown team', { scope: { type: 'team', id: 'team_x' } }, ['scope.id is no team of this account']],
    ['an unknown member', { scope: { type: 'member', id: 'mem_x' } }, ['scope.id is no member of this account']],
    ['an unknown key', { scope: { type: 'key', id: 'key_x' } }, ['scope.id is no key of this account']],
    ['a team without its id', { scope: { type: 'team' } }, ['scope.id is required for team']],
    [
      'another account',
      { scope: { type: 'account', id: 'acct_x' } },
      ["scope.id is not needed for account, or must be the account's own"],
    ],
    [
      'models that are none',
      { models: ['opus', 'gpt-9', 'claude-haiku-4-5'] },
      [
        'models[1] is neither a model nor a family of the rate card',
        'models[2] is another name of claude-haiku-4-5-20251001, which is the one to give',
      ],
    ],
    [
      'everything at once',
      { window: 'day', anchor_day: 3, scope: { type: 'team', id: 'team_x' }, models: ['gpt-9'] },
      [
        'anchor_day is for the window month only',
        'scope.id is no team of this account',
        'models[0] is neither a model nor a family of the rate card',
      ],
    ],
  ])('%s', async (_, change, errors) => {
    expect(await errorsOf({ ...MONTHLY, ...change })).toEqual(errors);
    expect((await admin.call('GET', quotas)).body.data).toEqual([]);
  });

  test.each<[object, string]>([
    [{ limit_usd: '-1' }, 'limit_usd'],
    [{ limit_usd: '9007199.254740992' }, 'limit_usd'],
    [{ limit_usd: undefined, limit_tokens: -1 }, 'limit_tokens'],
    [{ limit_usd: undefined, limit_requests: 1.5 }, 'limit_requests'],
    [{ limit_usd: undefined, limit_tokens: 2 ** 53 }, 'limit_tokens'],
    [{ anchor_day: 32 }, 'anchor_day'],
    [{ anchor_day: 0 }, 'anchor_day'],
    [{ window: 'year' }, 'window'],
    [{ mode: 'off' }, 'mode'],
    [{ models: [] }, 'models'],
    [{ scope: { type: 'robot', id: 'x' } }, 'scope.type'],
  ])('%j', async (change, field) => {
    const answer = await admin.call('POST', quotas, { ...MONTHLY, ...change });
    expect([answer.status, answer.body.errors.map((error: Json) => error.field)]).toEqual([400, [field]]);
  });

  test('a key that makes no more calls, or may not call the models', async () => {
    const revoked = await createKey();
    await admin.call('POST', `/accounts/${accountId}/keys/${revoked}/revoke`, {});
    const expiring = await createKey({ expires_at: '2026-11-21T09:31:00Z' });
    const narrow = await createKey({ allowed_models: ['claude-haiku-4-5'] });
    const on = (id: string, more = {}) => ({ ...MONTHLY, scope: { type: 'key', id }, ...more });
    admin.clock.nowMs = START_MS + 60_000;
    expect(await errorsOf(on(revoked))).toEqual(['scope.id names a key that is revoked: it makes no more calls']);
    expect(await errorsOf(on(expiring))).toEqual(['scope.id names a key that has expired: it makes no more calls']);
    expect(await errorsOf(on(narrow, { models: ['opus'] }))).toEqual([
      'models names none that this key is allowed to call',
    ]);
    await create(on(narrow, { models: ['opus', 'haiku'] }));
  });

  test('more than 32 for one call', async () => {
    const team = await createTeam();
    for (let made = 0; made < 31; made += 1) await create({ ...MONTHLY, scope: { type: 'team', id: team } });
    await create();
    const refused = await admin.call('POST', quotas, MONTHLY);
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:tollgate:problem:too-many']);
    expect(refused.body.detail).toContain('more than 32 quotas');
  });
});

describe('a change', () => {
  test('of limit, mode and models takes effect at once and touches nothing else', async () => {
    const quota = await create({ ...MONTHLY, models: ['opus'] });
    const path = `${quotas}/${quota.id}`;
    const changed = (await admin.call('PATCH', path, { limit_usd: '0', mode: 'soft', models: null })).body;
    const now = { limit_usd: '0.00', current_limit_usd: '0.00', room_usd: '0.00', mode: 'soft', models: null };
    expect(changed).toEqual({ ...quota, ...now });
    expect((await admin.call('GET', path)).body).toEqual(changed);
  });

  test('of what is counted, or to what cannot count, is refused', async () => {
    const quota = await create();
    const path = `${quotas}/${quota.id}`;
    expect(await errorsOf({ limit_tokens: 5 }, path, 'PATCH')).toEqual([
      'limit_tokens is not what this quota measures: give limit_usd',
    ]);
    expect(await errorsOf({ models: ['gpt-9'] }, path, 'PATCH')).toEqual([
      'models[0] is neither a model nor a family of the rate card',
    ]);
    for (const fixed of [{ window: 'day' }, { scope: { type: 'account' } }, { anchor_day: 5 }, {}, { raises: [] }]) {
      expect((await admin.call('PATCH', path, fixed)).status).toBe(400);
    }
    expect((await admin.call('GET', path)).body).toEqual(quota);
    expect((await admin.call('PATCH', `${quotas}/quota_x`, { mode: 'soft' })).status).toBe(404);
  });

  test('deletion is for good and can be sent again', async () => {
    const quota = await create();
    const headers = { 'idempotency-key': 'd-1' };
    expect((await admin.call('DELETE', `${quotas}/${quota.id}`, undefined, headers)).status).toBe(204);
    expect((await admin.call('DELETE', `${quotas}/${quota.id}`, undefined, headers)).status).toBe(204);
    expect((await admin.call('DELETE', `${quotas}/${quota.id}`)).status).toBe(404);
    expect((await admin.call('GET', quotas)).body.data).toEqual([]);
  });

  test('quotas go with the team or key they are on', async () => {
    const team = await createTeam();
    const key = await createKey();
    const stays = await create();
    await create({ ...MONTHLY, scope: { type: 'team', id: team } });
    await create({ ...MONTHLY, scope: { type: 'key', id: key } });
    await admin.call('DELETE', `/accounts/${accountId}/teams/${team}`);
    await admin.call('POST', `/accounts/${accountId}/keys/${key}/revoke`, {});
    expect((await admin.call('GET', quotas)).body.data).toEqual([stays]);
  });
});

describe('a raise', () => {
  const raise = { limit_usd: '80', from: '2026-11-22T00:00:00Z', until: '2026-11-23T00:00:00Z' };

  test('is in force from its beginning to its end', async () => {
    const quota = await create();
    const answer = await admin.call('POST', `${quotas}/${quota.id}/raises`, raise);
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        ...quota,
        raises: [
          {
            id: expect.stringMatching(/^raise_/),
            limit_usd: '80.00',
            from: '2026-11-22T00:00:00.000Z',
            until: '2026-11-23T00:00:00.000Z',
          },
        ],
      },
    ]);
    const limitAt = async (time: string) => {
      admin.clock.nowMs = Date.parse(time);
      const { body } = await admin.call('GET', `${quotas}/${quota.id}`);
      return [body.limit_usd, body.current_limit_usd, body.room_usd];
    };
    expect(await limitAt('2026-11-21T23:59:59.999Z')).toEqual(['50.00', '50.00', '50.00']);
    expect(await limitAt('2026-11-22T00:00:00Z')).toEqual(['50.00', '80.00', '80.00']);
    expect(await limitAt('2026-11-22T23:59:59.999Z')).toEqual(['50.00', '80.00', '80.00']);
    expect(await limitAt('2026-11-23T00:00:00Z')).toEqual(['50.00', '50.00', '50.00']);
  });

  test('begins now unless it says otherwise, and is ended by null', async () => {
    const quota = await create();
    const path = `${quotas}/${quota.id}`;
    const raised = (await admin.call('POST', `${path}/raises`, { limit_usd: '80', until: raise.until })).body;
    expect(raised).toMatchObject({ current_limit_usd: '80.00', raises: [{ from: '2026-11-21T09:30:00.000Z' }] });
    expect((await admin.call('PATCH', path, { raises: null })).body).toEqual(quota);
  });

  test('is one raise however often it is sent under its idempotency key', async () => {
    const quota = await create();
    const headers = { 'idempotency-key': 'r-1' };
    const path = `${quotas}/${quota.id}/raises`;
    const first = await admin.call('POST', path, { limit_usd: '80', until: raise.until }, headers);
    const again = await admin.call('POST', path, { limit_usd: '80', until: raise.until }, headers);
    expect(again.body).toEqual(first.body);
    expect(again.body.raises).toHaveLength(1);
  });

  test.each<[object, string]>([
    [{ until: '2026-11-21T09:30:00Z' }, 'until must be in the future'],
    [{ until: '2026-11-21T12:00:00Z' }, 'until must be after from'],
    [{ from: '3026-11-22T00:00:00Z' }, expect.stringMatching(/^from must be an RFC 3339 time/)],
    [{ limit_usd: '50' }, "limit_usd must be above the quota's own, or it would raise nothing"],
    [{ limit_usd: undefined, limit_tokens: 99 }, 'limit_tokens is not what this quota measures: give limit_usd'],
  ])('%j is refused', async (change, message) => {
    const quota = await create();
    expect(await errorsOf({ ...raise, ...change }, `${quotas}/${quota.id}/raises`)).toEqual([message]);
    expect((await admin.call('GET', `${quotas}/${quota.id}`)).body.raises).toEqual([]);
  });

  test('there are ten at most', async () => {
    const quota = await create();
    const path = `${quotas}/${quota.id}/raises`;
    for (let made = 0; made < MAX_RAISES; made += 1) {
      expect((await admin.call('POST', path, raise)).status).toBe(201);
    }
    expect((await admin.call('POST', path, raise)).body.type).toBe('urn:tollgate:problem:too-many');
    admin.clock.nowMs = Date.parse(raise.until);
    const later = { ...raise, from: undefined, until: '2026-11-24T00:00:00Z' };
    expect((await admin.call('POST', path, later)).body.raises).toHaveLength(1);
  });
});
