import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Account, Key, Member, Team } from '../../directory/directory.ts';
import { readAccount, readQuota, readRecord } from '../../directory/record-json.ts';
import type { Quota } from '../../domain/quota.ts';
import { createRecordTable, type RecordTable } from './record-table.ts';

export interface DirectoryTables {
  accounts: RecordTable<Account>;
  teams: RecordTable<Team>;
  members: RecordTable<Member>;
  keys: RecordTable<Key>;
  quotas: RecordTable<Quota> & QuotasOfScopes;
  secrets: SecretTable;
  /** Whether a member or a key names the team. */
  isTeamUsed(teamId: string): boolean;
  /** Whether a key names the member. */
  isMemberUsed(memberId: string): boolean;
}

export interface QuotasOfScopes {
  /** The quotas on any of these records, in order of creation. */
  listOn(scopeIds: readonly string[]): Quota[];
  /** Deletes every quota on the record. */
  deleteOn(scopeId: string): void;
}

/** Which key a secret's hash finds. */
export interface SecretTable {
  findKeyId(secretHash: string): string | undefined;
  /** Makes exactly these hashes find the key. */
  replace(keyId: string, secretHashes: readonly string[]): void;
}

/** @param connection with the directory's schema applied. */
export function createDirectoryTables(connection: DatabaseSync): DirectoryTables {
  const owner = { account_id: (record: { accountId: string }) => record.accountId };
  const team = { team_id: (record: { teamId?: string }) => record.teamId };
  const teamUse = connection.prepare(
    'SELECT 1 FROM member WHERE team_id = ?1 UNION ALL SELECT 1 FROM api_key WHERE team_id = ?1 LIMIT 1',
  );
  const memberUse = connection.prepare('SELECT 1 FROM api_key WHERE member_id = ? LIMIT 1');
  return {
    accounts: createRecordTable<Account>(connection, { name: 'account', columns: {}, read: readAccount }),
    teams: createRecordTable<Team>(connection, { name: 'team', columns: owner, read: readRecord<Team> }),
    members: createRecordTable<Member>(connection, {
      name: 'member',
      columns: { ...owner, ...team },
      read: readRecord<Member>,
    }),
    keys: createRecordTable<Key>(connection, {
      name: 'api_key',
      columns: { ...owner, ...team, member_id: (key) => key.memberId },
      read: readRecord<Key>,
    }),
    quotas: createQuotaTable(connection),
    secrets: createSecretTable(connection),
    isTeamUsed: (teamId) => hasRow(teamUse, teamId),
    isMemberUsed: (memberId) => hasRow(memberUse, memberId),
  };
}

function createQuotaTable(connection: DatabaseSync): DirectoryTables['quotas'] {
  const listOn = connection.prepare(
    'SELECT record FROM quota WHERE scope_id IN (SELECT value FROM json_each(?)) ORDER BY ordinal',
  );
  const deleteOn = connection.prepare('DELETE FROM quota WHERE scope_id = ?');
  return {
    ...createRecordTable<Quota>(connection, {
      name: 'quota',
      columns: { account_id: (quota) => quota.accountId, scope_id: (quota) => quota.scope.id },
      read: readQuota,
    }),
    listOn: (scopeIds) => listOn.all(JSON.stringify(scopeIds)).map((row) => readQuota(String(row.record))),
    deleteOn: (scopeId) => void deleteOn.run(scopeId),
  };
}

function createSecretTable(connection: DatabaseSync): SecretTable {
  const find = connection.prepare('SELECT key_id FROM secret WHERE hash = ?');
  const clear = connection.prepare('DELETE FROM secret WHERE key_id = ?');
  const insert = connection.prepare('INSERT INTO secret (hash, key_id) VALUES (?, ?)');
  return {
    findKeyId: (secretHash) => {
      const row = find.get(secretHash);
      return row === undefined ? undefined : String(row.key_id);
    },
    replace: (keyId, secretHashes) => {
      clear.run(keyId);
      for (const secretHash of secretHashes) insert.run(secretHash, keyId);
    },
  };
}

const hasRow = (statement: StatementSync, id: string): boolean => statement.get(id) !== undefined;
