import type { Directory, Key } from '../directory/directory.ts';
import { lookThrough, type WantedPage } from './look-through.ts';

/** Which keys of an account are wanted. */
export interface KeyWish {
  /** `none`: of no team, not even by a member. */
  teamId?: string;
  memberId?: string;
  /** In the name or the hint, or the id itself; capitals make no difference. */
  text?: string;
}

/** Names of no team. */
export const NO_TEAM = 'none';

/**
 * A page of the keys that are wanted, in order of creation, with one more where there is more. A team's are found by
 * the store; for the rest keys are looked through.
 */
export async function findKeys(
  directory: Pick<Directory, 'listKeys' | 'findMember'>,
  accountId: string,
  wish: KeyWish,
  page: WantedPage,
): Promise<Key[]> {
  const team = wish.teamId === undefined || wish.teamId === NO_TEAM ? {} : { teamId: wish.teamId };
  const isSimple = wish.teamId !== NO_TEAM && wish.memberId === undefined && wish.text === undefined;
  if (isSimple) return directory.listKeys(accountId, { ...team, ...page, limit: page.limit + 1 });
  const members = new Map<string, string | undefined>();
  return lookThrough(
    (part) => directory.listKeys(accountId, { ...team, ...part }),
    (key) => isWanted(directory, key, wish, members),
    page,
  );
}

async function isWanted(
  directory: Pick<Directory, 'findMember'>,
  key: Key,
  { teamId, memberId, text }: KeyWish,
  members: Map<string, string | undefined>,
): Promise<boolean> {
  if (memberId !== undefined && key.memberId !== memberId) return false;
  if (text !== undefined && !hasText(key, text.toLowerCase())) return false;
  if (teamId !== NO_TEAM) return true;
  if (key.teamId !== undefined) return false;
  if (key.memberId === undefined) return true;
  if (!members.has(key.memberId)) {
    members.set(key.memberId, (await directory.findMember(key.accountId, key.memberId))?.teamId);
  }
  return members.get(key.memberId) === undefined;
}

function hasText({ id, name, hint }: Key, text: string): boolean {
  return name.toLowerCase().includes(text) || hint.toLowerCase().startsWith(text) || id.toLowerCase() === text;
}
