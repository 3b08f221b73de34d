import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameActor } from '../../src/admin/access/name-actor.ts';
import { DirectoryUnavailable } from '../../src/directory/directory.ts';
import { type AdminUnderTest, type Json, openAccount, openAdmin, type Tamper, TOKEN } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
const open = async (tamper?: Tamper) => {
  admin = await openAdmin(tamper);
  accountId = (await openAccount(admin)).id;
};
beforeEach(() => open());
afterEach(() => admin.close());

const records = async (query = '?newest=100'): Promise<Json[]> => (await admin.call('GET', `/audit${query}`)).body.data;
const last = async (): Promise<Json> => (await records('?newest=1'))[0];

test('a change says who, when, where and what, before and after', async () => {
  admin.clock.nowMs += 60_000;
  await admin.call('PATCH', `/accounts/${accountId}`, { name: 'Acme & Sons', on_disconnect: 'cancel' });
  expect(await last()).toEqual({
    sequence: 2,
    at: '2026-11-21T09:31:00.000Z',
    actor: nameActor(TOKEN),
    method: 'PATCH',
    path: '/admin/v1/accounts/{account_id}',
    ids: { account_id: accountId },
    request_id: expect.stringMatching(/^req_/),
    outcome: 'done',
    status: 200,
    requested: { name: 'Acme & Sons', on_disconnect: 'cancel' },
    changes: [
      { field: 'name', before: 'Acme', after: 'Acme & Sons' },
      { field: 'on_disconnect', before: 'drain', after: 'cancel' },
    ],
  });
});

test('what is made has no before, what is deleted no after', async () => {
  const { body: team } = await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'Red' });
  expect((await last()).changes).toContainEqual({ field: 'name', after: 'Red' });
  await admin.call('DELETE', `/accounts/${accountId}/teams/${team.id}`);
  expect(await last()).toMatchObject({ outcome: 'done', status: 204, ids: { team_id: team.id } });
  expect((await last()).changes).toContainEqual({ field: 'name', before: 'Red' });
});

test('no secret is kept, and a rotation shows that it was one', async () => {
  const { body: key } = await admin.call('POST', `/accounts/${accountId}/keys`, { name: 'laptop' });
  const { body: rotated } = await admin.call('POST', `/accounts/${accountId}/keys/${key.id}/rotate`, {});
  expect((await last()).changes).toContainEqual({ field: 'hint', before: key.hint, after: rotated.hint });
  const text = JSON.stringify(await records());
  for (const secret of [key.secret, rotated.secret, TOKEN]) expect(text).not.toContain(secret);
});

test('every write there is leaves a record with its path', async () => {
  const before = (await records()).length;
  const writes = admin.routes.filter((route) => !/^(GET|HEAD|OPTIONS) |\/console\//.test(route));
  expect(writes.length).toBeGreaterThan(12);
  for (const route of writes) {
    const [method = '', url = ''] = route.split(' ');
    const path = url
      .replace('/admin/v1', '')
      .replace(/:(\w+)/g, (_, name) => (name === 'account_id' ? accountId : 'x'));
    const answer = await admin.call(method, path, bodyFor(method, path));
    const record = await last();
    expect([route, answer.status < 500]).toEqual([route, true]);
    expect(`${record.method} ${record.path.replace(/\{(\w+)\}/g, ':$1')}`).toBe(route);
    expect(record.outcome).toBe(answer.status < 400 ? 'done' : 'refused');
  }
  expect((await records()).length).toBe(before + writes.length);
});

/** A body that fits the schema of the route. */
function bodyFor(method: string, path: string): object | undefined {
  if (method === 'DELETE') return undefined;
  if (path === '/tokens') return { name: 'x', role: 'viewer', scope: { type: 'account', account_id: accountId } };
  if (path.endsWith('/auto-reload')) return { enabled: false };
  if (path.includes('/auto-reload/requests/')) return { outcome: 'paid' };
  if (/\/(close|void|revoke|rotate)$/.test(path)) return {};
  if (path.endsWith('/grants')) return { amount_usd: '1', kind: 'paid' };
  if (path.endsWith('/refunds')) return { hold_id: 'hold_1' };
  if (path.endsWith('/corrections')) return { hold_id: 'hold_1', charge_usd: '1' };
  if (path.endsWith('/raises')) return { limit_usd: '1', until: '2027-01-01T00:00:00Z' };
  if (path.endsWith('/quotas')) return { scope: { type: 'account' }, window: 'day', limit_usd: '1' };
  if (/\/quotas\/x/.test(path)) return { mode: 'soft' };
  if (method === 'POST' && path.endsWith('/alerts')) return { kind: 'reload_failed' };
  if (/\/(test|replay)$/.test(path)) return {};
  if (path.endsWith('/alert-channels')) return { name: 'x', type: 'slack', url: 'https://a.example' };
  return { name: 'x' };
}

test('where the record cannot be written the act is not done', async () => {
  await admin.close();
  let fails = false;
  await open(({ audit }) => ({
    audit: {
      ...audit,
      begin: (act) => (fails ? Promise.reject(new DirectoryUnavailable('full')) : audit.begin(act)),
    },
  }));
  fails = true;
  const headers = { 'idempotency-key': 'order-1' };
  const grant = { amount_usd: '1', kind: 'paid' };
  expect((await admin.call('POST', `/accounts/${accountId}/grants`, grant, headers)).status).toBe(503);
  expect((await admin.call('GET', `/accounts/${accountId}/grants`)).body.data).toEqual([]);
  fails = false;
  expect((await admin.call('POST', `/accounts/${accountId}/grants`, grant, headers)).status).toBe(201);
});

test('an outcome that cannot be noted is answered all the same and stays unknown', async () => {
  await admin.close();
  await open(({ audit }) => ({ audit: { ...audit, finish: () => Promise.reject(new DirectoryUnavailable('full')) } }));
  expect((await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'Red' })).status).toBe(201);
  const record = await last();
  expect(record).toMatchObject({ outcome: 'unknown', requested: { name: 'Red' }, changes: [] });
  expect('status' in record).toBe(false);
});

test('an act that ended in a fault is failed', async () => {
  await admin.close();
  await open(({ ledger }) => ({ ledger: { ...ledger, grant: () => Promise.reject(new Error('cut')) } }));
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '1', kind: 'paid' });
  expect(await last()).toMatchObject({ outcome: 'failed', status: 500, changes: [] });
});

test('what could do nothing is no act', async () => {
  const count = (await records()).length;
  await admin.call('POST', '/accounts', { nme: 'x' });
  await admin.app.inject({ method: 'POST', url: '/admin/v1/accounts', payload: { name: 'x' } });
  await admin.call('GET', '/accounts');
  const headers = { 'idempotency-key': 'k' };
  await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'Red' }, headers);
  await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'Red' }, headers);
  expect((await records()).length).toBe(count + 1);
});

test('is read in pages', async () => {
  for (let number = 1; number <= 4; number += 1)
    await admin.call('PATCH', `/accounts/${accountId}`, { name: `n${number}` });
  const first = await admin.call('GET', '/audit?limit=3');
  expect(first.body).toMatchObject({ has_more: true, next_after: 3 });
  const second = await admin.call('GET', '/audit?after=3&limit=2');
  expect(second.body).toMatchObject({ has_more: false, data: [{ sequence: 4 }, { sequence: 5 }] });
  expect((await admin.call('GET', '/audit?newest=1&after=1')).status).toBe(400);
});
