import { teamIdOf } from '../../directory/create-principal.ts';
import type { Key, Member } from '../../directory/directory.ts';
import type { TeamPage } from '../../directory/page.ts';
import { clampLimit } from '../../directory/page-limit.ts';
import { readRecord } from '../../directory/record-json.ts';
import type { Quota } from '../../domain/quota.ts';
import type { RedisDirectoryContext } from './redis-directory-context.ts';
import { directoryKeys } from './redis-keys.ts';
import type { OwnedRecord, RedisRecordTable } from './redis-record-table.ts';

/** The records of these that belong to a team. */
type SelectOfTeam<T> = (records: readonly T[], teamId: string) => Promise<T[]>;

/** Records read at a time of an account whose team's are looked for. */
const READ_AT_ONCE = 1_000;

/**
 * One page of an account's records, or of those of a team. The latter are looked for in order: an account has them by
 * the thousand at most, and an index would have to follow each member that moves with all its keys.
 */
export function createTeamPages<T extends OwnedRecord>(
  table: Pick<RedisRecordTable<T>, 'find' | 'list'>,
  selectOfTeam: SelectOfTeam<T>,
): (accountId: string, page: TeamPage) => Promise<T[]> {
  return async (accountId, { teamId, ...page }) => {
    if (teamId === undefined) return table.list(accountId, page);
    let { after } = page;
    if (after !== undefined) {
      const record = await table.find(accountId, after);
      if (record === undefined || (await selectOfTeam([record], teamId)).length === 0) return [];
    }
    const limit = clampLimit(page.limit);
    const found: T[] = [];
    for (;;) {
      const read = await table.list(accountId, { limit: READ_AT_ONCE, ...(after === undefined ? {} : { after }) });
      found.push(...(await selectOfTeam(read, teamId)));
      if (found.length >= limit || read.length < READ_AT_ONCE) return found.slice(0, limit);
      after = read.at(-1)?.id;
    }
  };
}

export const selectMembers: SelectOfTeam<Member> = async (members, teamId) =>
  members.filter((member) => member.teamId === teamId);

/** Those without a team of their own belong to their member's. */
export function createSelectKeys(context: RedisDirectoryContext): SelectOfTeam<Key> {
  return async (keys, teamId) => {
    const memberIds = keys.flatMap((key) =>
      key.teamId === undefined && key.memberId !== undefined ? key.memberId : [],
    );
    const members = await readRecords<Member>(context, 'members', memberIds);
    return keys.filter((key) => teamIdOf(key, members.get(key.memberId ?? '')) === teamId);
  };
}

export function createSelectQuotas(context: RedisDirectoryContext): SelectOfTeam<Quota> {
  const selectKeys = createSelectKeys(context);
  return async (quotas, teamId) => {
    const scopeIds = (type: 'member' | 'key') => quotas.flatMap(({ scope }) => (scope.type === type ? scope.id : []));
    const [members, keys] = await Promise.all([
      readRecords<Member>(context, 'members', scopeIds('member')),
      readRecords<Key>(context, 'keys', scopeIds('key')),
    ]);
    const ofTeam = await Promise.all([
      selectMembers([...members.values()], teamId),
      selectKeys([...keys.values()], teamId),
    ]);
    const ids = new Set([teamId, ...ofTeam.flat().map(({ id }) => id)]);
    return quotas.filter(({ scope }) => ids.has(scope.id));
  };
}

async function readRecords<T extends Member | Key>(
  { ask }: RedisDirectoryContext,
  table: 'members' | 'keys',
  ids: readonly string[],
): Promise<Map<string, T>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const texts = await ask((client) => client.hmget(directoryKeys.table(table), ...wanted));
  return new Map(texts.flatMap((text) => (text === null ? [] : [readRecord<T>(text)])).map((each) => [each.id, each]));
}
