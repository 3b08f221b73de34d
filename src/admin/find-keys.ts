import type { Directory, Key } from '../directory/directory.ts';

/** Which keys of an account are wanted. */
export interface KeyWish {
  /** `none`: of no team, not even by a member. */
  teamId?: string;
  memberId?: string;
  /** In the name or the hint, or the id itself; capitals make no difference. */
  text?: string;
}

export interface KeyPage {
  after?: string;
  limit: number;
}

/** Names of no team. */
export const NO_TEAM = 'none';
const PAGE = 500;
/** Keys looked at for one answer; a page may come out short, with more to come. */
const LOOKED_AT_MOST = 20_000;

/**
 * A page of the keys that are wanted, in order of creation, with one more where there is more. A team's are found by
 * the store; for the rest keys are looked through.
 */
export async function findKeys(
  directory: Pick<Directory, 'listKeys' | 'findMember'>,
  accountId: string,
  wish: KeyWish,
  page: KeyPage,
): Promise<Key[]> {
  const team = wish.teamId === undefined || wish.teamId === NO_TEAM ? {} : { teamId: wish.teamId };
  const isSimple = wish.teamId !== NO_TEAM && wish.memberId === undefined && wish.text === undefined;
  if (isSimple) return directory.listKeys(accountId, { ...team, ...page, limit: page.limit + 1 });
  const members = new Map<string, string | undefined>();
  const found: Key[] = [];
  let { after } = page;
  for (let looked = 0; looked < LOOKED_AT_MOST; looked += PAGE) {
    const keys = await directory.listKeys(accountId, {
      ...team,
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const key of keys) {
      if (!(await isWanted(directory, key, wish, members))) continue;
      found.push(key);
      if (found.length > page.limit) return found;
    }
    after = keys.at(-1)?.id;
    if (keys.length < PAGE) break;
  }
  return found;
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
