import { changeQuota } from '../../directory/change-record.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Quota } from '../../domain/quota.ts';
import { addRaise, findQuotaCrowding, MAX_QUOTAS } from '../../domain/quota-rules.ts';
import type { DirectoryTables } from './directory-tables.ts';
import type { SqliteDirectoryContext } from './sqlite-directory-context.ts';
import { changeOwned, findOwned } from './sqlite-directory-people.ts';

type QuotaQueries = Pick<
  Directory,
  'createQuota' | 'findQuota' | 'listQuotas' | 'updateQuota' | 'raiseQuota' | 'deleteQuota'
>;
type QuotaReply = Awaited<ReturnType<Directory['createQuota']>>;

export function createQuotaQueries(context: SqliteDirectoryContext): QuotaQueries {
  const { tables, read, write } = context;
  const change = (accountId: string, id: string, after: (quota: Quota) => Quota) =>
    changeOwned(context, tables.quotas, { accountId, id }, after);
  return {
    createQuota: (quota) =>
      write(
        quota.accountId,
        () => insertQuota(tables, quota),
        (reply) => reply.result === 'created',
      ),
    findQuota: (accountId, quotaId) => read(() => findOwned(tables.quotas, accountId, quotaId)),
    listQuotas: (accountId, page) => read(() => tables.quotas.list(accountId, page)),
    updateQuota: (accountId, quotaId, fields) => change(accountId, quotaId, (quota) => changeQuota(quota, fields)),
    raiseQuota: (accountId, quotaId, raise, nowMs) =>
      change(accountId, quotaId, (quota) => addRaise(quota, raise, nowMs)),
    deleteQuota: (accountId, quotaId) =>
      write<'deleted' | 'not_found'>(
        accountId,
        () => {
          if (findOwned(tables.quotas, accountId, quotaId) === undefined) return 'not_found';
          tables.quotas.delete(quotaId);
          return 'deleted';
        },
        (reply) => reply === 'deleted',
      ),
  };
}

function insertQuota(tables: DirectoryTables, quota: Quota): QuotaReply {
  if (tables.quotas.find(quota.id) === undefined) {
    if (tables.accounts.find(quota.accountId) === undefined) return { result: 'no_reference', what: 'account' };
    if (!isScopeThere(tables, quota)) return { result: 'no_reference', what: quota.scope.type };
    const crowding = findQuotaCrowding(tables.quotas.list(quota.accountId, { limit: MAX_QUOTAS }), quota);
    if (crowding !== undefined) return { result: 'too_many', what: crowding };
  }
  return tables.quotas.insert(quota);
}

function isScopeThere(tables: DirectoryTables, { accountId, scope }: Quota): boolean {
  switch (scope.type) {
    case 'account':
      return scope.id === accountId;
    case 'team':
      return findOwned(tables.teams, accountId, scope.id) !== undefined;
    case 'member':
      return findOwned(tables.members, accountId, scope.id) !== undefined;
    case 'key':
      return findOwned(tables.keys, accountId, scope.id) !== undefined;
  }
}
