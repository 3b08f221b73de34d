import { createHash } from 'node:crypto';
import { createChangeListeners } from '../../directory/change-listeners.ts';
import { applyChange, rotateSecret } from '../../directory/change-record.ts';
import { createPrincipal, secretHashesOf } from '../../directory/create-principal.ts';
import type { Account, Directory, Key, Member, Team } from '../../directory/directory.ts';
import { IDEMPOTENCY_LIFE_MS } from '../../directory/idempotency-life.ts';
import { readAccount, readQuota, readRecord } from '../../directory/record-json.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts } from './define-scripts.ts';
import { readWord } from './read-reply.ts';
import { createRedisDirectoryContext, type RedisDirectoryContext } from './redis-directory-context.ts';
import { createQuotaQueries } from './redis-directory-quotas.ts';
import { createTokenQueries } from './redis-directory-tokens.ts';
import { directoryKeys } from './redis-keys.ts';
import { createRedisRecordTable } from './redis-record-table.ts';
import { createSelectKeys, createTeamPages, selectMembers } from './redis-team-pages.ts';
import { subscribeChanges } from './subscribe-changes.ts';

/**
 * The directory in Redis, for any number of processes. Hears of the others' changes on a connection of its own.
 * `client` stays the caller's to close.
 */
export async function openRedisDirectory(client: RedisClient): Promise<Directory> {
  defineScripts(client);
  const listeners = createChangeListeners();
  const subscription = await subscribeChanges(client, directoryKeys.changesChannel, listeners.announce);
  const context = createRedisDirectoryContext(client, listeners.announce);
  return {
    ...createAccountQueries(context),
    ...createTeamQueries(context),
    ...createMemberQueries(context),
    ...createKeyQueries(context),
    ...createQuotaQueries(context),
    ...createTokenQueries(context),
    ...createIdempotencyQueries(context),
    onChange: (listener) => listeners.add(listener),
    ping: async () => void (await context.run('tollgatePing', [directoryKeys.ordinal], [])),
    close: () => subscription.close(),
  };
}

type AccountQueries = Pick<Directory, 'createAccount' | 'findAccount' | 'listAccounts' | 'updateAccount'>;
type TeamQueries = Pick<Directory, 'createTeam' | 'findTeam' | 'listTeams' | 'updateTeam' | 'deleteTeam'>;
type MemberQueries = Pick<Directory, 'createMember' | 'findMember' | 'listMembers' | 'updateMember' | 'deleteMember'>;
type KeyQueries = Pick<Directory, 'createKey' | 'findKey' | 'listKeys' | 'updateKey' | 'rotateKey' | 'findPrincipal'>;
type IdempotencyQueries = Pick<Directory, 'claimIdempotencyKey' | 'completeIdempotencyKey'>;

function createAccountQueries(context: RedisDirectoryContext): AccountQueries {
  const accounts = createRedisRecordTable<Account>(context, { table: 'accounts', read: readAccount });
  return {
    createAccount: (account) => accounts.create(account),
    findAccount: (accountId) => accounts.find(undefined, accountId),
    listAccounts: (page) => accounts.list(undefined, page),
    updateAccount: (accountId, change) =>
      accounts.change(undefined, accountId, (account) => applyChange(account, change)),
  };
}

function createTeamQueries(context: RedisDirectoryContext): TeamQueries {
  const teams = createRedisRecordTable<Team>(context, { table: 'teams', read: readRecord<Team> });
  return {
    createTeam: (team) => teams.create(team),
    findTeam: teams.find,
    listTeams: teams.list,
    updateTeam: (accountId, teamId, change) => teams.change(accountId, teamId, (team) => applyChange(team, change)),
    deleteTeam: teams.delete,
  };
}

function createMemberQueries(context: RedisDirectoryContext): MemberQueries {
  const members = createRedisRecordTable<Member>(context, { table: 'members', read: readRecord<Member> });
  return {
    createMember: (member) => members.create(member),
    findMember: members.find,
    listMembers: createTeamPages(members, selectMembers),
    updateMember: (accountId, memberId, change) =>
      members.change(accountId, memberId, (member) => applyChange(member, change)),
    deleteMember: members.delete,
  };
}

function createKeyQueries(context: RedisDirectoryContext): KeyQueries {
  const keys = createRedisRecordTable<Key>(context, {
    table: 'keys',
    read: readRecord<Key>,
    secretHashes: secretHashesOf,
  });
  return {
    createKey: (key) => keys.create(key, key.secretHash),
    findKey: keys.find,
    listKeys: createTeamPages(keys, createSelectKeys(context)),
    updateKey: (accountId, keyId, change) => keys.change(accountId, keyId, (key) => applyChange(key, change)),
    rotateKey: (accountId, keyId, rotation) => keys.change(accountId, keyId, (key) => rotateSecret(key, rotation)),
    findPrincipal: async (secretHash) => {
      const words = await context.run('tollgateFindPrincipal', PRINCIPAL_KEYS, [secretHash]);
      if (words[0] === 'none') return undefined;
      const [, key, account, team, member] = [0, 1, 2, 3, 4].map((index) => readWord(words, index)) as PrincipalWords;
      return createPrincipal({
        key: readRecord<Key>(key),
        account: readAccount(account),
        team: team === '' ? undefined : readRecord<Team>(team),
        member: member === '' ? undefined : readRecord<Member>(member),
        quotas: words.slice(5).map(readQuota),
        secretHash,
      });
    },
  };
}

type PrincipalWords = [found: string, key: string, account: string, team: string, member: string];

const PRINCIPAL_KEYS = [
  directoryKeys.secrets,
  directoryKeys.table('keys'),
  directoryKeys.table('accounts'),
  directoryKeys.table('teams'),
  directoryKeys.table('members'),
  directoryKeys.table('quotas'),
  directoryKeys.quotasOn,
];

function createIdempotencyQueries(context: RedisDirectoryContext): IdempotencyQueries {
  return {
    claimIdempotencyKey: async ({ scope, key, fingerprint }) => {
      const args = [fingerprint, `${IDEMPOTENCY_LIFE_MS}`];
      const words = await context.run('tollgateClaimIdempotencyKey', [idempotencyKey(scope, key)], args);
      const result = readWord(words, 0) as 'new' | 'resume' | 'replay' | 'conflict';
      if (result !== 'replay') return { result };
      return { result, response: { status: Number(readWord(words, 1)), body: readWord(words, 2) } };
    },
    completeIdempotencyKey: async (scope, key, { status, body }) => {
      await context.run('tollgateCompleteIdempotencyKey', [idempotencyKey(scope, key)], [`${status}`, body]);
    },
  };
}

/** Hashed, because a client chooses the key: its length and letters are not ours. */
function idempotencyKey(scope: string, key: string): string {
  return directoryKeys.idempotency(
    createHash('sha256')
      .update(JSON.stringify([scope, key]))
      .digest('hex'),
  );
}
