import { createHash } from 'node:crypto';
import { createId } from '../../src/directory/create-id.ts';
import { type AdminUnderTest, type Json, openAccount } from './admin-under-test.ts';
import { makeAlert, makeReload } from './two-accounts.ts';

/** Stands in every text of the other account: no answer to a call on the first may hold it. */
export const CANARY = 'canary of another account';

/** The records of one account by what paths and bodies name them. */
export type Ids = { [name: string]: string };

/** An account to call, and another one whose records are nobody's business there. */
export interface TwoAccounts {
  mine: Ids;
  foreign: Ids;
}

export async function openTwoAccounts(admin: AdminUnderTest): Promise<TwoAccounts> {
  return { mine: await openFull(admin, 'mine'), foreign: await openFull(admin, CANARY) };
}

/** An account with one record of every kind, and a call that was charged. */
async function openFull(admin: AdminUnderTest, name: string): Promise<Ids> {
  const { id } = await openAccount(admin, { name, low_balance_usd: ['5'] });
  const create = async (path: string, body: object): Promise<string> => {
    const answer = await admin.call('POST', `/accounts/${id}${path}`, body);
    if (answer.status !== 201) throw new Error(`no ${path}: ${answer.text}`);
    return answer.body.id as string;
  };
  const grant_id = await create('/grants', { amount_usd: '10', kind: 'paid', note: name });
  const team_id = await create('/teams', { name });
  const member_id = await create('/members', { name, email: 'ada@example.com' });
  const key_id = await create('/keys', { name, team_id, member_id });
  const quota_id = await create('/quotas', { scope: { type: 'team', id: team_id }, window: 'day', limit_usd: '1' });
  const spare_team_id = await create('/teams', { name });
  const spare_member_id = await create('/members', { name });
  const token_id = await createToken(admin, { name, role: 'viewer', scope: { type: 'account', account_id: id } });
  const request_id = createId('req', admin.clock.nowMs);
  const hold_id = await charge(admin, id, { request_id, model: 'claude-opus-5-5', key_id, session_id: name });
  const alerts = { ...(await makeAlert(admin, id, name)), reload_id: await makeReload(admin, id, 100n) };
  const spares = { token_id, spare_team_id, spare_member_id, ...alerts };
  return { account_id: id, grant_id, team_id, member_id, key_id, quota_id, request_id, hold_id, ...spares };
}

async function createToken(admin: AdminUnderTest, body: object): Promise<string> {
  const answer = await admin.call('POST', '/tokens', body);
  if (answer.status !== 201) throw new Error(`no token: ${answer.text}`);
  return answer.body.id as string;
}

async function charge(admin: AdminUnderTest, accountId: string, details: Json): Promise<string> {
  const holdId = createId('hold', admin.clock.nowMs);
  const call = { accountId, holdId, amountNanoUsd: 1_000_000_000n, tokens: 1n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...call, leaseMs: 60_000 });
  await admin.ledger.settle({ ...call, details });
  return holdId;
}

/** Everything in the store but the audit, which keeps refused acts too. */
export function digestStore({ database: { connection } }: AdminUnderTest): string {
  const hash = createHash('sha256');
  const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  for (const { name } of tables) {
    if (/^(audit|sqlite_)/.test(`${name}`)) continue;
    const rows = connection.prepare(`SELECT * FROM "${name}"`).all();
    hash.update(JSON.stringify([name, rows], (_key, value) => (typeof value === 'bigint' ? `${value}` : value)));
  }
  return hash.digest('hex');
}
