import { expect, test } from 'vitest';
import type { Member } from '../../../src/directory/directory.ts';
import { createTeamPages, selectMembers } from '../../../src/store/redis/redis-team-pages.ts';

const members: Member[] = Array.from({ length: 2_500 }, (_, index) => ({
  ...{ id: `mem_${index}`, accountId: 'acct_a', name: 'x', createdAtMs: 0 },
  ...(index % 500 === 499 ? { teamId: 'team_a' } : {}),
}));
const table = {
  find: async (_account: string | undefined, id: string) => members.find((one) => one.id === id),
  list: async (_account: string | undefined, { limit, after }: { limit: number; after?: string }) => {
    const start = members.findIndex(({ id }) => id === after) + 1;
    return members.slice(start, start + limit);
  },
};

test("a team's few are found among thousands, and no page is cut short by where the others stand", async () => {
  const list = createTeamPages<Member>(table, selectMembers);
  const idsOf = async (page: { limit: number; after?: string; teamId?: string }) =>
    (await list('acct_a', page)).map(({ id }) => id);
  const all = [499, 999, 1_499, 1_999, 2_499].map((index) => `mem_${index}`);
  expect(await idsOf({ limit: 10, teamId: 'team_a' })).toEqual(all);
  expect(await idsOf({ limit: 3, teamId: 'team_a' })).toEqual(all.slice(0, 3));
  expect(await idsOf({ limit: 3, teamId: 'team_a', after: 'mem_1499' })).toEqual(all.slice(3));
  expect(await idsOf({ limit: 3, teamId: 'team_a', after: 'mem_0' })).toEqual([]);
  expect(await idsOf({ limit: 3, teamId: 'team_b' })).toEqual([]);
  expect(await idsOf({ limit: 3 })).toEqual(['mem_0', 'mem_1', 'mem_2']);
});
