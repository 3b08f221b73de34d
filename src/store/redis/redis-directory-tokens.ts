import {
  type AccessToken,
  type AccessTokens,
  MAX_ACTIVE_TOKENS,
  type TokenCreated,
  tokenAccountId,
  tokenTeamId,
} from '../../directory/access-token.ts';
import { applyChange, rotateToken } from '../../directory/change-record.ts';
import { secretExpiry, secretHashesOf } from '../../directory/create-principal.ts';
import type { Team } from '../../directory/directory.ts';
import { fingerprintRecord, readAccount, readRecord, writeRecord } from '../../directory/record-json.ts';
import { readWord } from './read-reply.ts';
import type { RedisDirectoryContext } from './redis-directory-context.ts';
import { directoryKeys } from './redis-keys.ts';
import { createRedisRecordTable } from './redis-record-table.ts';

export function createTokenQueries(context: RedisDirectoryContext): AccessTokens {
  const tokens = createRedisRecordTable<AccessToken>(context, {
    table: 'tokens',
    read: readRecord<AccessToken>,
    secretHashes: secretHashesOf,
    secrets: directoryKeys.tokenSecrets,
  });
  return {
    createToken: (token) => createToken(context, token),
    findToken: (tokenId) => tokens.find(undefined, tokenId),
    listTokens: (page, accountId) => tokens.list(accountId, page),
    rotateToken: (tokenId, rotation) => tokens.change(undefined, tokenId, (token) => rotateToken(token, rotation)),
    revokeToken: (tokenId, revokedAtMs) =>
      tokens.change(undefined, tokenId, (token) =>
        applyChange(token, { revokedAtMs: token.revokedAtMs ?? revokedAtMs }),
      ),
    findTokenBearer: async (secretHash) => {
      const words = await context.run('tollgateFindTokenBearer', BEARER_KEYS, [secretHash]);
      if (words[0] === 'none') return undefined;
      const token = readRecord<AccessToken>(readWord(words, 1));
      const secretExpiresAtMs = secretExpiry(token, secretHash);
      return {
        token,
        ...readScope(token, readWord(words, 2), readWord(words, 3)),
        ...(secretExpiresAtMs === undefined ? {} : { secretExpiresAtMs }),
      };
    },
  };
}

const BEARER_KEYS = [
  directoryKeys.tokenSecrets,
  directoryKeys.table('tokens'),
  directoryKeys.table('accounts'),
  directoryKeys.table('teams'),
];

/** @param account,team JSON, or '' where there is none. */
function readScope(token: AccessToken, account: string, team: string) {
  const [accountId, teamId] = [tokenAccountId(token), tokenTeamId(token)];
  const isAccountThere = accountId === undefined || account !== '';
  const isTeamThere = teamId === undefined || (team !== '' && readRecord<Team>(team).accountId === accountId);
  return {
    isScopeThere: isAccountThere && isTeamThere,
    isAccountClosed: account !== '' && readAccount(account).closedAtMs !== undefined,
  };
}

async function createToken(context: RedisDirectoryContext, token: AccessToken): Promise<TokenCreated> {
  const accountId = tokenAccountId(token) ?? '';
  const owner = accountId === '' ? token.id : accountId;
  const keys = [
    ...[directoryKeys.table('tokens'), directoryKeys.order('tokens'), directoryKeys.order('tokens', accountId)],
    ...[directoryKeys.table('accounts'), directoryKeys.table('teams'), directoryKeys.tokenSecrets],
    ...[directoryKeys.madeOf, directoryKeys.ordinal, directoryKeys.activeTokens(accountId)],
  ];
  const words = await context.run('tollgateCreateToken', keys, [
    ...[token.id, fingerprintRecord(token), writeRecord(token), accountId, tokenTeamId(token) ?? ''],
    ...[token.secretHash, directoryKeys.changesChannel, owner, `${token.createdAtMs}`, `${MAX_ACTIVE_TOKENS}`],
  ]);
  switch (readWord(words, 0)) {
    case 'created':
      context.announce(owner);
      return { result: 'created', record: token };
    case 'exists':
      return { result: 'exists', record: readRecord<AccessToken>(readWord(words, 1)) };
    case 'no_reference':
      return { result: 'no_reference', what: readWord(words, 1) as 'account' | 'team' };
    case 'too_many':
      return { result: 'too_many' };
    default:
      return { result: 'conflict' };
  }
}
