import { afterEach, beforeEach, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { createOpenCalls, type OpenCalls } from '../../src/metering/open-calls.ts';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let openCalls: OpenCalls;
let accountId: string;
beforeEach(async () => {
  openCalls = createOpenCalls();
  admin = await openAdmin(() => ({ openCalls }));
  accountId = (await openAccount(admin)).id;
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '10', kind: 'paid' });
});
afterEach(() => admin.close());

async function hold(amountNanoUsd: bigint): Promise<string> {
  const holdId = createId('hold', admin.clock.nowMs);
  const command = { accountId, holdId, tokens: 0n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...command, amountNanoUsd, leaseMs: 60_000 });
  return holdId;
}

async function open(keyId: string, teamId: string | undefined): Promise<string> {
  const holdId = await hold(500_000_000n);
  openCalls.add({
    ...{ accountId, holdId, modelLabels: [], cells: [] },
    look: () => ({
      ...{ requestId: `req_${keyId}`, keyId, teamId, memberId: undefined, model: 'claude-opus-5' },
      startedAtMs: admin.clock.nowMs,
      heldNanoUsd: 700_000_000n,
      ...{ inputTokens: 12, outputTokens: 34 },
    }),
    interrupt: () => undefined,
  });
  return holdId;
}

const createKey = async (name: string): Promise<string> =>
  (await admin.call('POST', `/accounts/${accountId}/keys`, { name })).body.id;
const read = async (query = '') => (await admin.call('GET', `/accounts/${accountId}/calls${query}`)).body;

test('shows calls of this process as they stand, and the holds of others, the newest first', async () => {
  const elsewhere = await hold(250_000_000n);
  admin.clock.nowMs += 1_000;
  const own = await open('key_a', 'team_a');
  const body = await read();
  expect(body).toMatchObject({ open: 2, held_usd: '0.95' });
  expect(body.data).toMatchObject([
    { hold_id: own, key_id: 'key_a', model: 'claude-opus-5', held_usd: '0.70', input_tokens: 12, output_tokens: 34 },
    { hold_id: elsewhere, key_id: null, model: null, held_usd: '0.25', output_tokens: null },
  ]);
});

test('by a key or a team there are only its own', async () => {
  await hold(1n);
  const team = (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'A' })).body.id;
  const [key, idle] = await Promise.all(['b', 'c'].map(createKey));
  await open('key_a', team);
  const other = await open(`${key}`, undefined);
  expect((await read(`?key_id=${key}`)).data.map((call: { hold_id: string }) => call.hold_id)).toEqual([other]);
  expect((await read(`?team_id=${team}`)).open).toBe(1);
  expect((await read(`?key_id=${idle}`)).data).toEqual([]);
});

test.each(['team', 'key'])('by a %s that the account does not have they are not found', async (owner) => {
  const { status, body } = await admin.call('GET', `/accounts/${accountId}/calls?${owner}_id=${owner}_x`);
  expect(status).toBe(404);
  expect(body.errors).toMatchObject([{ field: `${owner}_id` }]);
});

test('a team’s token sees its own calls, and none of others’', async () => {
  const team = (await admin.call('POST', `/accounts/${accountId}/teams`, { name: 'A' })).body.id;
  await open('key_a', team);
  await open('key_b', undefined);
  await hold(1n);
  const scope = { type: 'team', account_id: accountId, team_id: team };
  const { secret } = (await admin.call('POST', '/tokens', { name: 'lead', role: 'viewer', scope })).body;
  const headers = { authorization: `Bearer ${secret}` };
  const { body } = await admin.call('GET', `/accounts/${accountId}/calls`, undefined, headers);
  expect(body.data.map((call: { key_id: string }) => call.key_id)).toEqual(['key_a']);
  const others = await admin.call('GET', `/accounts/${accountId}/calls?team_id=team_x`, undefined, headers);
  expect(others.status).toBe(404);
});

test('of an account that is not there is not found', async () => {
  expect((await admin.call('GET', '/accounts/acct_x/calls')).status).toBe(404);
});
