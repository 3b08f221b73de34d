import { describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import type { Page } from '../../src/directory/page.ts';
import type { Quota } from '../../src/domain/quota.ts';
import { aKey, aMember, aTeam, type DirectoryInUse, stored, T0 } from './directory-fixtures.ts';

const aQuota = (accountId: string, scope: Quota['scope']): Quota => ({
  id: createId('quota', T0),
  accountId,
  scope,
  ...{ window: 'day', measure: 'usd', limit: 1n, mode: 'hard', raises: [], createdAtMs: T0 },
});

/** Pages of what belongs to one team. */
export function describeTeamPages(on: DirectoryInUse): void {
  describe('pages of a team', () => {
    /** Every id, by pages of `limit`. */
    const walk = async (list: (page: Page) => Promise<{ id: string }[]>, limit: number): Promise<string[]> => {
      const ids: string[] = [];
      for (;;) {
        const after = ids.at(-1);
        const page = await list({ limit, ...(after === undefined ? {} : { after }) });
        ids.push(...page.map(({ id }) => id));
        if (page.length < limit) return ids;
      }
    };
    const makeQuota = async (accountId: string, scope: Quota['scope']): Promise<string> => {
      const created = await on.directory.createQuota(aQuota(accountId, scope));
      if (created.result !== 'created') throw new Error(created.result);
      return created.record.id;
    };
    /** Two teams whose records were made in turn, and some of no team. */
    const twoTeams = async () => {
      const [account, stranger] = await on.twoAccounts();
      const { id: accountId } = account;
      const red = await stored(on.directory.createTeam(aTeam(accountId)));
      const blue = await stored(on.directory.createTeam(aTeam(accountId)));
      const made: { team: string | undefined; members: string[]; keys: string[]; quotas: string[] }[] = [];
      for (const team of [red.id, blue.id, undefined]) made.push({ team, members: [], keys: [], quotas: [] });
      const quotaOn = (scope: Quota['scope']) => makeQuota(accountId, scope);
      for (let round = 0; round < 4; round += 1) {
        for (const { team, members, keys, quotas } of made) {
          const owner = team === undefined ? {} : { teamId: team };
          const member = await stored(on.directory.createMember(aMember(accountId, owner)));
          const own = await stored(on.directory.createKey(aKey(accountId, owner)));
          const byMember = await stored(on.directory.createKey(aKey(accountId, { memberId: member.id })));
          members.push(member.id);
          keys.push(own.id, byMember.id);
          if (round === 0 && team !== undefined) quotas.push(await quotaOn({ type: 'team', id: team }));
          quotas.push(
            await quotaOn({ type: 'member', id: member.id }),
            await quotaOn({ type: 'key', id: byMember.id }),
          );
        }
      }
      return {
        account,
        stranger,
        red: made[0] as never as Made,
        blue: made[1] as never as Made,
        loose: made[2] as never as Made,
      };
    };
    interface Made {
      team: string;
      members: string[];
      keys: string[];
      quotas: string[];
    }

    test.each([1, 2, 3, 100])('have all that is its own, by %i, and nothing else', async (limit) => {
      const { account, red, blue } = await twoTeams();
      for (const { team, members, keys, quotas } of [red, blue]) {
        const of = (page: Page) => ({ ...page, teamId: team });
        expect(await walk((page) => on.directory.listMembers(account.id, of(page)), limit)).toEqual(members);
        expect(await walk((page) => on.directory.listKeys(account.id, of(page)), limit)).toEqual(keys);
        expect(await walk((page) => on.directory.listQuotas(account.id, of(page)), limit)).toEqual(quotas);
      }
    });

    test('a key of its own team is not its member’s', async () => {
      const { account, red, blue } = await twoTeams();
      const memberId = red.members[0] as string;
      const key = await stored(on.directory.createKey(aKey(account.id, { teamId: blue.team, memberId })));
      const keysOf = (teamId: string) => walk((page) => on.directory.listKeys(account.id, { ...page, teamId }), 10);
      expect(await keysOf(red.team)).not.toContain(key.id);
      expect(await keysOf(blue.team)).toContain(key.id);
    });

    test('a member that moves takes its keys along', async () => {
      const { account, red, blue } = await twoTeams();
      const [memberId, keyId] = [red.members[1] as string, red.keys[3] as string];
      await on.directory.updateMember(account.id, memberId, { teamId: blue.team });
      const keysOf = (teamId: string) => walk((page) => on.directory.listKeys(account.id, { ...page, teamId }), 10);
      expect(await keysOf(red.team)).not.toContain(keyId);
      expect(await keysOf(blue.team)).toContain(keyId);
    });

    test("go on after one of the very list only: another's id gives an empty page", async () => {
      const { account, stranger, red, blue, loose } = await twoTeams();
      const teamId = red.team;
      for (const after of [blue.keys[0], loose.keys[0], createId('key', T0)] as string[]) {
        expect(await on.directory.listKeys(account.id, { limit: 10, after, teamId })).toEqual([]);
      }
      for (const after of [blue.members[0], loose.members[0]] as string[]) {
        expect(await on.directory.listMembers(account.id, { limit: 10, after, teamId })).toEqual([]);
      }
      expect(await on.directory.listQuotas(account.id, { limit: 10, after: blue.quotas[0] as string, teamId })).toEqual(
        [],
      );
      const theirs = await stored(on.directory.createKey(aKey(stranger.id)));
      expect(await on.directory.listKeys(account.id, { limit: 10, after: theirs.id })).toEqual([]);
      expect(await on.directory.listKeys(stranger.id, { limit: 10, teamId })).toEqual([]);
    });
  });
}
