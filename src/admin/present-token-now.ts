import type { AccessToken } from '../directory/access-token.ts';
import type { Directory } from '../directory/directory.ts';
import { presentToken } from './answers/present-token.ts';
import type { TokenAnswer } from './schemas/token-schemas.ts';

/** A token as the API shows it: one whose team is gone works no more. */
export async function presentTokenNow(
  directory: Pick<Directory, 'findTeam'>,
  token: AccessToken,
  nowMs: number,
): Promise<TokenAnswer> {
  const { scope } = token;
  const isTeamThere = scope.type !== 'team' || (await directory.findTeam(scope.accountId, scope.teamId)) !== undefined;
  return presentToken(token, { nowMs, isTeamThere });
}
