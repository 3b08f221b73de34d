import type { Directory } from '../directory/directory.ts';
import { isKeyOfTeam } from './access/team-membership.ts';
import { NO_TEAM } from './find-keys.ts';
import type { FieldError } from './problem.ts';
import { describeUnknown } from './unknown-details.ts';

export type Owner = 'team' | 'member' | 'key';

/** The account that is asked about, and the team that alone is, if it is one. */
export interface AskedPart {
  accountId: string;
  teamId?: string;
}

type People = Pick<Directory, 'findTeam' | 'findMember' | 'findKey'>;

/**
 * The ids named that are nobody's of the account, or of the team that alone is asked about, by the fields that name
 * them: what others have is as if it were not there. {@link NO_TEAM} is there for whoever sees the whole account.
 */
export async function findUnknownOwners(
  directory: People,
  part: AskedPart,
  named: { readonly [owner in Owner]?: string | null | undefined },
): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  for (const [owner, id] of Object.entries(named) as [Owner, string | null | undefined][]) {
    if (typeof id !== 'string' || (await isOwnerThere(directory, owner, id, part))) continue;
    errors.push({ field: `${owner}_id`, message: describeUnknown(owner) });
  }
  return errors;
}

/** The same of a single id. */
export async function isOwnerThere(
  directory: People,
  owner: Owner,
  id: string,
  { accountId, teamId }: AskedPart,
): Promise<boolean> {
  switch (owner) {
    case 'team':
      if (id === NO_TEAM) return teamId === undefined;
      return (teamId ?? id) === id && (await directory.findTeam(accountId, id)) !== undefined;
    case 'member': {
      const member = await directory.findMember(accountId, id);
      return member !== undefined && (teamId ?? member.teamId) === member.teamId;
    }
    case 'key': {
      const key = await directory.findKey(accountId, id);
      return key !== undefined && (teamId === undefined || isKeyOfTeam(directory, key, teamId));
    }
  }
}
