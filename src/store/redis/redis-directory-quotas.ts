import { changeQuota } from '../../directory/change-record.ts';
import type { Directory } from '../../directory/directory.ts';
import { fingerprintRecord, readQuota, writeRecord } from '../../directory/record-json.ts';
import type { Quota, QuotaScopeType } from '../../domain/quota.ts';
import { addRaise, findQuotaCrowding, MAX_QUOTAS } from '../../domain/quota-rules.ts';
import { readWord } from './read-reply.ts';
import type { RedisDirectoryContext } from './redis-directory-context.ts';
import { type DirectoryTable, directoryKeys } from './redis-keys.ts';
import { CHANGED_MEANWHILE, createRedisRecordTable, retryWhileChanged } from './redis-record-table.ts';
import { createSelectQuotas, createTeamPages } from './redis-team-pages.ts';

type QuotaQueries = Pick<
  Directory,
  'createQuota' | 'findQuota' | 'listQuotas' | 'updateQuota' | 'raiseQuota' | 'deleteQuota'
>;
type QuotaReply = Awaited<ReturnType<Directory['createQuota']>>;

const TABLE_OF_SCOPE: { readonly [type in QuotaScopeType]: DirectoryTable } = {
  account: 'accounts',
  team: 'teams',
  member: 'members',
  key: 'keys',
};

export function createQuotaQueries(context: RedisDirectoryContext): QuotaQueries {
  const quotas = createRedisRecordTable<Quota>(context, { table: 'quotas', read: readQuota });
  return {
    createQuota: (quota) =>
      retryWhileChanged(async () => {
        const present = await quotas.list(quota.accountId, { limit: MAX_QUOTAS });
        return createQuota(context, quota, present);
      }),
    findQuota: quotas.find,
    listQuotas: createTeamPages(quotas, createSelectQuotas(context)),
    updateQuota: (accountId, quotaId, change) =>
      quotas.change(accountId, quotaId, (quota) => changeQuota(quota, change)),
    raiseQuota: (accountId, quotaId, raise, nowMs) =>
      quotas.change(accountId, quotaId, (quota) => addRaise(quota, raise, nowMs)),
    deleteQuota: async (accountId, quotaId) => {
      const quota = await quotas.find(accountId, quotaId);
      return quota === undefined ? 'not_found' : deleteQuota(context, quota);
    },
  };
}

/** One that was made already is answered as it is: its account may have no room for a second. */
async function createQuota(
  context: RedisDirectoryContext,
  quota: Quota,
  present: readonly Quota[],
): Promise<QuotaReply | typeof CHANGED_MEANWHILE> {
  const { id, accountId, scope } = quota;
  const crowding = present.some((one) => one.id === id) ? undefined : findQuotaCrowding(present, quota);
  if (crowding !== undefined) return { result: 'too_many', what: crowding };
  const keys = [
    ...[directoryKeys.table('quotas'), directoryKeys.order('quotas', accountId), directoryKeys.table('accounts')],
    ...[directoryKeys.table(TABLE_OF_SCOPE[scope.type]), directoryKeys.quotasOn],
    ...[directoryKeys.madeOf, directoryKeys.ordinal],
  ];
  const idsAsRead = present.map((one) => one.id).join(' ');
  const names = [accountId, scope.id, scope.type, idsAsRead, directoryKeys.changesChannel];
  const words = await context.run('tollgateCreateQuota', keys, [
    ...[id, fingerprintRecord(quota), writeRecord(quota)],
    ...names,
  ]);
  switch (readWord(words, 0)) {
    case 'created':
      context.announce(accountId);
      return { result: 'created', record: quota };
    case 'exists':
      return { result: 'exists', record: readQuota(readWord(words, 1)) };
    case 'no_reference':
      return { result: 'no_reference', what: readWord(words, 1) as QuotaScopeType };
    case 'changed':
      return CHANGED_MEANWHILE;
    default:
      return { result: 'conflict' };
  }
}

async function deleteQuota(context: RedisDirectoryContext, quota: Quota): Promise<'deleted' | 'not_found'> {
  const { id, accountId, scope } = quota;
  const keys = [
    ...[directoryKeys.table('quotas'), directoryKeys.order('quotas', accountId)],
    ...[directoryKeys.madeOf, directoryKeys.quotasOn],
  ];
  const [word] = await context.run('tollgateDeleteQuota', keys, [
    ...[id, scope.id, directoryKeys.changesChannel, accountId],
  ]);
  if (word !== 'deleted') return 'not_found';
  context.announce(accountId);
  return 'deleted';
}
