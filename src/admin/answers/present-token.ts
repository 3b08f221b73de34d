import type { AccessToken, TokenScope } from '../../directory/access-token.ts';
import { permissionsOf } from '../access/permissions.ts';
import type { TokenAnswer } from '../schemas/token-schemas.ts';
import { writeOptionalTime, writeTime } from './write-time.ts';

/** An access token without its hashes. */
export function presentToken(token: AccessToken, now: { nowMs: number; isTeamThere: boolean }): TokenAnswer {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    scope: presentScope(token.scope),
    permissions: permissionsOf(token.role, token.scope.type),
    status: findTokenStatus(token, now),
    hint: token.hint,
    expires_at: writeOptionalTime(token.expiresAtMs),
    previous_secret_expires_at: writeOptionalTime(token.previousSecret?.expiresAtMs),
    revoked_at: writeOptionalTime(token.revokedAtMs),
    created_at: writeTime(token.createdAtMs),
  };
}

export function presentScope(scope: TokenScope): TokenAnswer['scope'] {
  return {
    type: scope.type,
    ...(scope.type === 'installation' ? {} : { account_id: scope.accountId }),
    ...(scope.type === 'team' ? { team_id: scope.teamId } : {}),
  };
}

function findTokenStatus(
  { revokedAtMs, expiresAtMs }: AccessToken,
  { nowMs, isTeamThere }: { nowMs: number; isTeamThere: boolean },
): TokenAnswer['status'] {
  if (revokedAtMs !== undefined) return 'revoked';
  if (expiresAtMs !== undefined && nowMs >= expiresAtMs) return 'expired';
  return isTeamThere ? 'active' : 'team_deleted';
}
