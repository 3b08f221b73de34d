import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AccessToken, tokenAccountId } from '../../directory/access-token.ts';
import type { Directory } from '../../directory/directory.ts';
import type { AdminApp } from '../admin-parts.ts';
import { refuse } from '../problem.ts';
import { UNKNOWN } from '../unknown-details.ts';
import type { Caller } from './caller.ts';
import { isKeyOfTeam, isScopeOfTeam } from './team-membership.ts';

type Params = { readonly [name: string]: string | undefined };
type Found = Pick<Directory, 'findMember' | 'findKey' | 'findQuota' | 'findToken'>;

/**
 * Keeps a token that is bound to an account or a team to what is theirs: what a path names and others have is answered
 * as if it were not there. What is not there at all is left to the route, which says the same.
 *
 * Call after {@link addIdempotentWrites}, so that a deletion sent again is answered as it was, and before
 * {@link addAuditedWrites}, since nobody acts on what he cannot see.
 */
export function addBounds(app: AdminApp, { directory }: { directory: Found }): void {
  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.config.public === true || request.caller.accountId === undefined) return undefined;
    const { token_id: tokenId } = request.params as Params;
    if (tokenId !== undefined) {
      const token = await directory.findToken(tokenId);
      if (token !== undefined && !reachesToken(request.caller, token)) return refuse(reply, 'not_found', UNKNOWN.token);
    }
    return request.caller.teamId === undefined
      ? undefined
      : refuseOthers(directory, request.caller.teamId, request, reply);
  });
}

/** Whether a token is the caller's to see: of his account, or one of its teams. */
export function reachesToken(caller: Pick<Caller, 'accountId'>, token: Pick<AccessToken, 'scope'>): boolean {
  return caller.accountId === undefined || tokenAccountId(token) === caller.accountId;
}

async function refuseOthers(
  directory: Found,
  teamId: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const params = request.params as Params;
  const { account_id: accountId = '', member_id: memberId, key_id: keyId, quota_id: quotaId } = params;
  if (params.team_id !== undefined && params.team_id !== teamId) return refuse(reply, 'not_found', UNKNOWN.team);
  if (memberId !== undefined) {
    const member = await directory.findMember(accountId, memberId);
    if (member !== undefined && member.teamId !== teamId) return refuse(reply, 'not_found', UNKNOWN.member);
  }
  if (keyId !== undefined) {
    const key = await directory.findKey(accountId, keyId);
    if (key !== undefined && !(await isKeyOfTeam(directory, key, teamId))) {
      return refuse(reply, 'not_found', UNKNOWN.key);
    }
  }
  return quotaId === undefined ? undefined : refuseQuota(directory, { accountId, quotaId, teamId }, request, reply);
}

/** A team may read the quota on itself, and is not the one to change it. */
async function refuseQuota(
  directory: Found,
  { accountId, quotaId, teamId }: { accountId: string; quotaId: string; teamId: string },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const quota = await directory.findQuota(accountId, quotaId);
  if (quota === undefined) return undefined;
  if (!(await isScopeOfTeam(directory, quota, teamId))) return refuse(reply, 'not_found', UNKNOWN.quota);
  if (quota.scope.type !== 'team' || request.method === 'GET') return undefined;
  return refuse(reply, 'forbidden', OWN_QUOTA);
}

export const OWN_QUOTA = 'A token of a team limits its members and keys; its own limits are for others to change.';
