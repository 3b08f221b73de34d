import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type AccessToken, tokenAccountId, tokenTeamId } from '../../directory/access-token.ts';
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
  tokens: RecordTable<AccessToken> & ActiveTokens;
  tokenSecrets: SecretTable;
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

export interface ActiveTokens {
  /** How many of an account and its teams, or of the installation, are neither revoked nor expired by then. */
  countActive(accountId: string | undefined, nowMs: number): number;
}

/** Which key or access token a secret's hash finds. */
export interface SecretTable {
  findId(secretHash: string): string | undefined;
  /** Makes exactly these hashes find the record. */
  replace(id: string, secretHashes: readonly string[]): void;
}

/** Conditions for what belongs to the team `:team`. */
const MEMBERS_OF_TEAM = 'SELECT id FROM member WHERE team_id = :team';
const IS_KEY_OF_TEAM = `team_id = :team OR (team_id IS NULL AND member_id IN (${MEMBERS_OF_TEAM}))`;
const IS_QUOTA_OF_TEAM = `scope_id = :team OR scope_id IN (${MEMBERS_OF_TEAM})
  OR scope_id IN (SELECT id FROM api_key WHERE ${IS_KEY_OF_TEAM})`;

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
      ofTeam: 'team_id = :team',
    }),
    keys: createRecordTable<Key>(connection, {
      name: 'api_key',
      columns: { ...owner, ...team, member_id: (key) => key.memberId },
      read: readRecord<Key>,
      ofTeam: IS_KEY_OF_TEAM,
    }),
    quotas: createQuotaTable(connection),
    secrets: createSecretTable(connection, { table: 'secret', column: 'key_id' }),
    tokens: createTokenTable(connection),
    tokenSecrets: createSecretTable(connection, { table: 'token_secret', column: 'token_id' }),
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
      ofTeam: IS_QUOTA_OF_TEAM,
    }),
    listOn: (scopeIds) => listOn.all(JSON.stringify(scopeIds)).map((row) => readQuota(String(row.record))),
    deleteOn: (scopeId) => void deleteOn.run(scopeId),
  };
}

function createTokenTable(connection: DatabaseSync): DirectoryTables['tokens'] {
  // In the words of the index `access_token_in_force`, or it is not used.
  const countActive = connection.prepare(
    `SELECT count(*) AS active FROM access_token
       WHERE account_id IS ? AND record ->> 'revokedAtMs' IS NULL AND ifnull(record ->> 'expiresAtMs', 9e15) > ?`,
  );
  return {
    ...createRecordTable<AccessToken>(connection, {
      name: 'access_token',
      columns: { account_id: tokenAccountId, team_id: tokenTeamId },
      read: readRecord<AccessToken>,
    }),
    countActive: (accountId, nowMs) => Number(countActive.get(accountId ?? null, nowMs)?.active),
  };
}

function createSecretTable(
  connection: DatabaseSync,
  { table, column }: { table: 'secret' | 'token_secret'; column: 'key_id' | 'token_id' },
): SecretTable {
  const find = connection.prepare(`SELECT ${column} AS id FROM ${table} WHERE hash = ?`);
  const clear = connection.prepare(`DELETE FROM ${table} WHERE ${column} = ?`);
  const insert = connection.prepare(`INSERT INTO ${table} (hash, ${column}) VALUES (?, ?)`);
  return {
    findId: (secretHash) => {
      const row = find.get(secretHash);
      return row === undefined ? undefined : String(row.id);
    },
    replace: (id, secretHashes) => {
      clear.run(id);
      for (const secretHash of secretHashes) insert.run(secretHash, id);
    },
  };
}

const hasRow = (statement: StatementSync, id: string): boolean => statement.get(id) !== undefined;
