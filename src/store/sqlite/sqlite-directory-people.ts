import { applyChange } from '../../directory/change-record.ts';
import type { Created, Directory } from '../../directory/directory.ts';
import type { DirectoryRecord } from '../../directory/record-json.ts';
import type { DirectoryTables } from './directory-tables.ts';
import type { RecordTable } from './record-table.ts';
import type { SqliteDirectoryContext } from './sqlite-directory-context.ts';

type TeamQueries = Pick<Directory, 'createTeam' | 'findTeam' | 'listTeams' | 'updateTeam' | 'deleteTeam'>;
type MemberQueries = Pick<Directory, 'createMember' | 'findMember' | 'listMembers' | 'updateMember' | 'deleteMember'>;

/** A record that belongs to an account and may name a team and a member of it. */
export interface OwnedRecord extends DirectoryRecord {
  accountId: string;
  teamId?: string;
  memberId?: string;
}

export function createTeamQueries(context: SqliteDirectoryContext): TeamQueries {
  const { tables, read } = context;
  return {
    createTeam: (team) => createOwned(context, tables.teams, team),
    findTeam: (accountId, teamId) => read(() => findOwned(tables.teams, accountId, teamId)),
    listTeams: (accountId, page) => read(() => tables.teams.list(accountId, page)),
    updateTeam: (accountId, teamId, change) =>
      changeOwned(context, tables.teams, { accountId, id: teamId }, (team) => applyChange(team, change)),
    deleteTeam: (accountId, teamId) => deleteOwned(context, tables.teams, { accountId, id: teamId }, tables.isTeamUsed),
  };
}

export function createMemberQueries(context: SqliteDirectoryContext): MemberQueries {
  const { tables, read } = context;
  return {
    createMember: (member) => createOwned(context, tables.members, member),
    findMember: (accountId, memberId) => read(() => findOwned(tables.members, accountId, memberId)),
    listMembers: (accountId, page) => read(() => tables.members.list(accountId, page)),
    updateMember: (accountId, memberId, change) =>
      changeOwned(context, tables.members, { accountId, id: memberId }, (member) => applyChange(member, change)),
    deleteMember: (accountId, memberId) =>
      deleteOwned(context, tables.members, { accountId, id: memberId }, tables.isMemberUsed),
  };
}

/** The record, if it is this account's. Another account's is as absent as one that never was. */
export function findOwned<T extends OwnedRecord>(table: RecordTable<T>, accountId: string, id: string): T | undefined {
  const record = table.find(id);
  return record?.accountId === accountId ? record : undefined;
}

/** Which of the records that `record` names is not there or not of its account; undefined when all are. */
export function findBrokenReference(
  tables: DirectoryTables,
  { accountId, teamId, memberId }: OwnedRecord,
): 'account' | 'team' | 'member' | undefined {
  if (tables.accounts.find(accountId) === undefined) return 'account';
  if (teamId !== undefined && findOwned(tables.teams, accountId, teamId) === undefined) return 'team';
  if (memberId !== undefined && findOwned(tables.members, accountId, memberId) === undefined) return 'member';
  return undefined;
}

function createOwned<T extends OwnedRecord>(
  { tables, write }: SqliteDirectoryContext,
  table: RecordTable<T>,
  record: T,
): Promise<Created<T>> {
  return write<Created<T>>(
    record.accountId,
    () => {
      const missing = table.find(record.id) === undefined ? findBrokenReference(tables, record) : undefined;
      return missing === undefined ? table.insert(record) : { result: 'no_reference', what: missing };
    },
    (reply) => reply.result === 'created',
  );
}

/** Replaces a record by what `change` makes of it, unless that names what is not there. */
export function changeOwned<T extends OwnedRecord>(
  { tables, write }: SqliteDirectoryContext,
  table: RecordTable<T>,
  { accountId, id }: { accountId: string; id: string },
  change: (record: T) => T,
): Promise<T | undefined> {
  return write(
    accountId,
    () => {
      const record = findOwned(table, accountId, id);
      if (record === undefined) return undefined;
      const changed = change(record);
      if (findBrokenReference(tables, changed) !== undefined) return undefined;
      table.replace(changed);
      return changed;
    },
    (changed) => changed !== undefined,
  );
}

function deleteOwned<T extends OwnedRecord>(
  { tables, write }: SqliteDirectoryContext,
  table: RecordTable<T>,
  { accountId, id }: { accountId: string; id: string },
  isUsed: (id: string) => boolean,
): Promise<'deleted' | 'not_found' | 'in_use'> {
  return write(
    accountId,
    () => {
      if (findOwned(table, accountId, id) === undefined) return 'not_found';
      if (isUsed(id)) return 'in_use';
      table.delete(id);
      tables.quotas.deleteOn(id);
      return 'deleted';
    },
    (reply) => reply === 'deleted',
  );
}
