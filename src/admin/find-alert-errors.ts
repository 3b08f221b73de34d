import type { FastifyRequest } from 'fastify';
import type { AlertChannel } from '../alerts/alert-channel.ts';
import type { AlertRule } from '../alerts/alert-rule.ts';
import type { AdminParts } from './admin-parts.ts';
import type { FieldError } from './problem.ts';

/** What a rule names that it may not. */
export async function findAlertErrors(
  { alerts, directory }: Pick<AdminParts, 'alerts' | 'directory'>,
  request: FastifyRequest,
  { accountId, condition, channels = [] }: AlertRule,
): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  if (condition.kind === 'quota_used' && condition.quotaId !== undefined) {
    const quota = accountId === undefined ? undefined : await directory.findQuota(accountId, condition.quotaId);
    if (quota === undefined) errors.push({ field: 'quota_id', message: 'is no quota of this account' });
  }
  for (const [index, id] of channels.entries()) {
    const channel = await alerts.book.findChannel(id);
    if (channel === undefined || !mayUse(channel, accountId, request.caller.accountId)) {
      errors.push({ field: `channels[${index}]`, message: 'is no channel that may be used here' });
    }
  }
  return errors;
}

/** An account's alerts go to its own channels; the installation's are for who acts for all. */
function mayUse(channel: AlertChannel, accountId: string | undefined, callerAccount: string | undefined): boolean {
  if (channel.accountId !== undefined) return channel.accountId === accountId;
  return callerAccount === undefined;
}
