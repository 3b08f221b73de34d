import { findBuiltInRule } from '../alerts/built-in-rules.ts';
import type { AlertAdmin } from '../alerts/start-alerts.ts';
import type { Directory } from '../directory/directory.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { presentAccount } from './answers/present-account.ts';
import { presentAlertChannel } from './answers/present-alert-channel.ts';
import { presentGrant } from './answers/present-grant.ts';
import { presentKey } from './answers/present-key.ts';
import { presentMember, presentTeam } from './answers/present-people.ts';
import { presentReload } from './answers/present-reload.ts';
import { presentAlertNow } from './present-alert-now.ts';
import { presentQuotaNow } from './present-quota-now.ts';
import { presentTokenNow } from './present-token-now.ts';

export interface AuditedParts {
  directory: Directory;
  ledger: Ledger;
  alerts: Pick<AlertAdmin, 'store' | 'book'>;
  clock: () => number;
}

type Params = { readonly [name: string]: string };

/** Routes that change the account itself; elsewhere it is only whose record is changed. */
const ACCOUNT_ROUTES: ReadonlySet<string> = new Set([
  '/admin/v1/accounts/{account_id}',
  '/admin/v1/accounts/{account_id}/close',
]);

const RELOAD_ROUTE = '/admin/v1/accounts/{account_id}/auto-reload';

/** The record that a write is about, as the API shows it; undefined when the write makes one, or there is none. */
export async function readAudited(parts: AuditedParts, route: string, params: Params): Promise<object | undefined> {
  const { directory } = parts;
  const { account_id: accountId = '', key_id: keyId, member_id: memberId, team_id: teamId, grant_id: grantId } = params;
  if (params.token_id !== undefined) {
    const token = await directory.findToken(params.token_id);
    return token && presentTokenNow(directory, token, parts.clock());
  }
  if (params.alert_id !== undefined) return readAlert(parts, params.account_id, params.alert_id);
  if (params.channel_id !== undefined) return readChannel(parts, params.channel_id);
  if (params.quota_id !== undefined) return readQuota(parts, accountId, params.quota_id);
  if (keyId !== undefined) {
    const key = await directory.findKey(accountId, keyId);
    return key && presentKey(key, parts.clock());
  }
  if (memberId !== undefined) {
    const member = await directory.findMember(accountId, memberId);
    return member && presentMember(member);
  }
  if (teamId !== undefined) {
    const team = await directory.findTeam(accountId, teamId);
    return team && presentTeam(team);
  }
  if (grantId !== undefined) return readGrant(parts, accountId, grantId);
  if (route === RELOAD_ROUTE) {
    const reload = await parts.ledger.readReload(accountId);
    return reload && presentReload(accountId, reload, undefined, parts.clock());
  }
  return ACCOUNT_ROUTES.has(route) ? readAccount(parts, accountId) : undefined;
}

async function readAlert(parts: AuditedParts, accountId: string | undefined, alertId: string) {
  const rule = (await parts.alerts.store.rules.find(alertId)) ?? findBuiltInRule(alertId);
  const isNamed = accountId === undefined || rule?.accountId === accountId;
  return rule !== undefined && isNamed ? presentAlertNow(parts, rule, rule.accountId) : undefined;
}

async function readChannel({ alerts }: AuditedParts, channelId: string) {
  const channel = await alerts.book.findChannel(channelId);
  return channel && presentAlertChannel(channel);
}

async function readQuota(parts: AuditedParts, accountId: string, quotaId: string) {
  const account = await parts.directory.findAccount(accountId);
  const quota = account && (await parts.directory.findQuota(accountId, quotaId));
  return account && quota && presentQuotaNow(parts, account, quota);
}

async function readGrant({ ledger, clock }: AuditedParts, accountId: string, grantId: string) {
  const found = (await ledger.readGrants(accountId)).find((grant) => grant.grantId === grantId);
  return found && presentGrant(accountId, found, clock());
}

async function readAccount({ directory, ledger }: AuditedParts, accountId: string) {
  const account = await directory.findAccount(accountId);
  const balance = account && (await ledger.readBalance(accountId));
  return balance && presentAccount(account, balance, true);
}
