import { teamIdOf } from '../../directory/create-principal.ts';
import type { Directory, Key } from '../../directory/directory.ts';
import type { Quota } from '../../domain/quota.ts';

type People = Pick<Directory, 'findMember' | 'findKey'>;

/** Whether a key is a team's: by its own team, or else by its member's. */
export async function isKeyOfTeam(directory: People, key: Key, teamId: string): Promise<boolean> {
  const { accountId, memberId } = key;
  const needsMember = key.teamId === undefined && memberId !== undefined;
  const member = needsMember ? await directory.findMember(accountId, memberId) : undefined;
  return teamIdOf(key, member) === teamId;
}

/** Whether what a quota is on is the team, or a member or key of it. What is not there is nobody's. */
export async function isScopeOfTeam(
  directory: People,
  { accountId, scope }: Pick<Quota, 'accountId' | 'scope'>,
  teamId: string,
): Promise<boolean> {
  switch (scope.type) {
    case 'account':
      return false;
    case 'team':
      return scope.id === teamId;
    case 'member':
      return (await directory.findMember(accountId, scope.id))?.teamId === teamId;
    case 'key': {
      const key = await directory.findKey(accountId, scope.id);
      return key !== undefined && isKeyOfTeam(directory, key, teamId);
    }
  }
}
