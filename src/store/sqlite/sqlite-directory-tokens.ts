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
import type { DirectoryTables } from './directory-tables.ts';
import type { SqliteDirectoryContext } from './sqlite-directory-context.ts';
import { findOwned } from './sqlite-directory-people.ts';

export function createTokenQueries({ tables, read, write }: SqliteDirectoryContext): AccessTokens {
  /** Undefined also where a hash of the changed token is another's. */
  const change = (tokenId: string, after: (token: AccessToken) => AccessToken): Promise<AccessToken | undefined> =>
    write(
      tokenId,
      () => {
        const token = tables.tokens.find(tokenId);
        if (token === undefined) return undefined;
        const changed = after(token);
        const hashes = secretHashesOf(changed);
        if (hashes.some((hash) => (tables.tokenSecrets.findId(hash) ?? tokenId) !== tokenId)) return undefined;
        tables.tokens.replace(changed);
        tables.tokenSecrets.replace(tokenId, hashes);
        return changed;
      },
      (changed) => changed !== undefined,
    );
  return {
    createToken: (token) =>
      write(
        tokenAccountId(token) ?? token.id,
        () => insertToken(tables, token),
        (reply) => reply.result === 'created',
      ),
    findToken: (tokenId) => read(() => tables.tokens.find(tokenId)),
    listTokens: (page, accountId) => read(() => tables.tokens.list(accountId, page)),
    rotateToken: (tokenId, rotation) => change(tokenId, (token) => rotateToken(token, rotation)),
    revokeToken: (tokenId, revokedAtMs) =>
      change(tokenId, (token) => applyChange(token, { revokedAtMs: token.revokedAtMs ?? revokedAtMs })),
    findTokenBearer: (secretHash) =>
      read(() => {
        const tokenId = tables.tokenSecrets.findId(secretHash);
        const token = tokenId === undefined ? undefined : tables.tokens.find(tokenId);
        if (token === undefined) return undefined;
        const secretExpiresAtMs = secretExpiry(token, secretHash);
        return {
          token,
          ...findScope(tables, token),
          ...(secretExpiresAtMs === undefined ? {} : { secretExpiresAtMs }),
        };
      }),
  };
}

function insertToken(tables: DirectoryTables, token: AccessToken): TokenCreated {
  if (tables.tokens.find(token.id) === undefined) {
    const { scope } = token;
    if (scope.type !== 'installation' && tables.accounts.find(scope.accountId) === undefined) {
      return { result: 'no_reference', what: 'account' };
    }
    if (!findScope(tables, token).isScopeThere) return { result: 'no_reference', what: 'team' };
    if (tables.tokenSecrets.findId(token.secretHash) !== undefined) return { result: 'conflict' };
    const active = tables.tokens.countActive(tokenAccountId(token), token.createdAtMs);
    if (active >= MAX_ACTIVE_TOKENS) return { result: 'too_many' };
  }
  const reply = tables.tokens.insert(token);
  if (reply.result === 'created') tables.tokenSecrets.replace(token.id, secretHashesOf(token));
  return reply;
}

function findScope(tables: DirectoryTables, token: AccessToken): { isScopeThere: boolean; isAccountClosed: boolean } {
  const [accountId, teamId] = [tokenAccountId(token), tokenTeamId(token)];
  if (accountId === undefined) return { isScopeThere: true, isAccountClosed: false };
  const account = tables.accounts.find(accountId);
  const isTeamThere = teamId === undefined || findOwned(tables.teams, accountId, teamId) !== undefined;
  return {
    isScopeThere: account !== undefined && isTeamThere,
    isAccountClosed: account?.closedAtMs !== undefined,
  };
}
