import type { AccessToken, TokenRole, TokenScope } from '../../src/directory/access-token.ts';
import { createId, type IdPrefix } from '../../src/directory/create-id.ts';
import { createKeySecret, createTokenSecret } from '../../src/directory/key-secret.ts';
import { writeReloadId } from '../../src/domain/credit/reload-state.ts';
import type { Quota, QuotaScopeType } from '../../src/domain/quota.ts';
import { type AdminUnderTest, openAccount } from './admin-under-test.ts';

/** Records of one team, or of an account beside its teams; by the name that a path has for them. */
export interface Records {
  account_id: string;
  team_id: string;
  member_id: string;
  key_id: string;
  quota_id: string;
  grant_id: string;
  token_id: string;
  hold_id: string;
  /** Of the call that was charged under the hold. */
  request_id: string;
  /** A team and a member that nothing names: they can be deleted. */
  spare_team_id: string;
  spare_member_id: string;
  /** Of the account, not of the team. */
  alert_id: string;
  channel_id: string;
  delivery_id: string;
  reload_id: string;
}

export interface World {
  /** The caller's own account and team. */
  own: Records;
  /** A key of the own team by its member alone. */
  memberKeyId: string;
  /** Another team of the same account. */
  otherTeam: Records;
  /** Another account. */
  otherAccount: Records;
  /** Quotas on the own account and on the own team. */
  accountQuotaId: string;
  teamQuotaId: string;
}

/** A word in every name that belongs to somebody, by which it is found in an answer. */
export const CANARIES = { otherTeam: 'canary-other-team', otherAccount: 'canary-other-account' } as const;

/** Two accounts, each with one record of every kind and a call that was charged; one has two teams. All of it new, in the stores of the app. */
export async function makeWorld(admin: AdminUnderTest): Promise<World> {
  const account = (await openAccount(admin, { name: 'own account' })).id;
  const own = await makeRecords(admin, account, 'own');
  const memberKeyId = createId('key', admin.clock.nowMs);
  const { secret: _, ...hash } = createKeySecret();
  const key = { id: memberKeyId, accountId: account, memberId: own.member_id, name: 'own', ...hash, createdAtMs: 0 };
  await admin.directory.createKey(key);
  const otherTeam = await makeRecords(admin, account, CANARIES.otherTeam);
  const stranger = (await openAccount(admin, { name: CANARIES.otherAccount })).id;
  const otherAccount = await makeRecords(admin, stranger, CANARIES.otherAccount);
  return {
    ...{ own, memberKeyId, otherTeam, otherAccount },
    accountQuotaId: await makeQuota(admin, account, 'account', account),
    teamQuotaId: await makeQuota(admin, account, 'team', own.team_id),
  };
}

const DOLLAR = 1_000_000_000n;

async function makeRecords(admin: AdminUnderTest, accountId: string, name: string): Promise<Records> {
  const { directory, ledger, clock } = admin;
  const createdAtMs = clock.nowMs;
  const id = (prefix: IdPrefix) => createId(prefix, createdAtMs);
  const [team, member, key, grant, hold] = [id('team'), id('mem'), id('key'), id('grant'), id('hold')];
  const [request, spareTeam, spareMember] = [id('req'), id('team'), id('mem')];
  for (const one of [team, spareTeam]) await directory.createTeam({ id: one, accountId, name, createdAtMs });
  await directory.createMember({ id: spareMember, accountId, name, createdAtMs });
  await directory.createMember({
    id: member,
    accountId,
    teamId: team,
    name,
    email: `${name}@example.com`,
    createdAtMs,
  });
  const { secret: _, ...hash } = createKeySecret();
  await directory.createKey({ id: key, accountId, teamId: team, memberId: member, name, ...hash, createdAtMs });
  const term = { priority: 1, effectiveAtMs: createdAtMs, expiresAtMs: createdAtMs + 86_400_000 };
  const details = { note: name };
  await ledger.grant({ accountId, grantId: grant, amountNanoUsd: 10n * DOLLAR, kind: 'paid', ...term, details });
  const call = { accountId, holdId: hold, amountNanoUsd: DOLLAR, tokens: 1n, modelLabels: [], cells: [] };
  await ledger.hold({ ...call, leaseMs: 60_000 });
  const caller = { request_id: request, team_id: team, member_id: member, key_id: key, session_id: name };
  await ledger.settle({ ...call, details: { ...caller, model: 'claude-haiku-4-5' } });
  const { token } = await makeToken(admin, { role: 'admin', scope: { type: 'team', accountId, teamId: team }, name });
  return {
    ...{ account_id: accountId, team_id: team, member_id: member, key_id: key, grant_id: grant, hold_id: hold },
    ...{ request_id: request, spare_team_id: spareTeam, spare_member_id: spareMember },
    quota_id: await makeQuota(admin, accountId, 'key', key),
    token_id: token.id,
    ...(await makeAlert(admin, accountId, name)),
    reload_id: await makeReload(admin, accountId),
  };
}

/** A rule and a channel of the account, and a delivery that nobody took. */
async function makeAlert({ alerts, clock }: AdminUnderTest, accountId: string, name: string) {
  const common = { accountId, name, enabled: true, createdAtMs: clock.nowMs };
  const [alert, channel] = [createId('alert', 0), createId('channel', 0)];
  const condition = { kind: 'balance_low', amountsNanoUsd: [5n] } as const;
  await alerts.store.rules.create({ ...common, id: alert, condition, recovery: true, quietMs: 0 }, 100);
  // A port that nobody listens on.
  const target = { type: 'slack', url: 'http://127.0.0.1:1/' } as const;
  const to = { ...common, id: channel, target, isDefault: false, publicOnly: false };
  await alerts.store.channels.create(to, 100);
  const notice = {
    id: `notice_${name}`,
    payload: JSON.stringify({ type: 'test', data: { account: { id: accountId } } }),
  };
  const delivery = await alerts.sendNow(notice, to);
  return { alert_id: alert, channel_id: channel, delivery_id: delivery.id };
}

/** A request for a reload that waits for its answer; an account has one at a time. Its credit is below the threshold. */
async function makeReload({ ledger, clock }: AdminUnderTest, accountId: string) {
  const usd = 100n * DOLLAR;
  const terms = { thresholdNanoUsd: usd, mode: 'fixed', amountNanoUsd: usd, monthlyCapNanoUsd: usd } as const;
  await ledger.setReload({ accountId, terms: { ...terms, hourlyCount: 1 } });
  await ledger.requestReload({ accountId, monthEndsAtMs: clock.nowMs + 86_400_000 });
  return writeReloadId(accountId, 1);
}

async function makeQuota(admin: AdminUnderTest, accountId: string, type: QuotaScopeType, id: string): Promise<string> {
  const quota: Quota = {
    ...{ id: createId('quota', 0), accountId, scope: { type, id }, window: 'day', measure: 'usd', limit: 5n },
    ...{ mode: 'hard', raises: [], createdAtMs: 0 },
  };
  await admin.directory.createQuota(quota);
  return quota.id;
}

/** A token in the directory, with its secret. */
export async function makeToken(
  { directory, clock }: Pick<AdminUnderTest, 'directory' | 'clock'>,
  token: { role: TokenRole; scope: TokenScope; name?: string } & Partial<AccessToken>,
): Promise<{ token: AccessToken; secret: string }> {
  const { secret, ...hash } = createTokenSecret();
  const record = { id: createId('token', clock.nowMs), name: 'own', ...hash, createdAtMs: clock.nowMs, ...token };
  const created = await directory.createToken(record);
  if (created.result !== 'created') throw new Error(`no token: ${created.result}`);
  return { token: record, secret };
}
