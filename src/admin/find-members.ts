import type { Directory, Member } from '../directory/directory.ts';
import { NO_TEAM } from './find-keys.ts';
import { lookThrough, type WantedPage } from './look-through.ts';

/** A page of the members of a team, of none ({@link NO_TEAM}) or of the account, with one more where there is more. */
export async function findMembers(
  directory: Pick<Directory, 'listMembers'>,
  accountId: string,
  { teamId }: { teamId?: string },
  page: WantedPage,
): Promise<Member[]> {
  if (teamId === NO_TEAM) {
    return lookThrough(
      (part) => directory.listMembers(accountId, part),
      (member) => member.teamId === undefined,
      page,
    );
  }
  const team = teamId === undefined ? {} : { teamId };
  return directory.listMembers(accountId, { ...page, ...team, limit: page.limit + 1 });
}
