import { describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { aKey, aMember, aTeam, type DirectoryInUse, stored, T0 } from './directory-fixtures.ts';

/** Teams and members. */
export function describePeople(on: DirectoryInUse): void {
  describe('teams and members', () => {
    test('are made, found, changed and deleted', async () => {
      const [account] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(account.id)));
      const member = await stored(
        on.directory.createMember(aMember(account.id, { teamId: team.id, email: 'a@example.org' })),
      );
      expect(await on.directory.findTeam(account.id, team.id)).toEqual(team);
      expect(await on.directory.findMember(account.id, member.id)).toEqual(member);
      expect(await on.directory.updateTeam(account.id, team.id, { name: 'New' })).toEqual({ ...team, name: 'New' });
      const { teamId: _, email: __, ...bare } = member;
      expect(await on.directory.updateMember(account.id, member.id, { teamId: null, email: null })).toEqual(bare);
      expect(await on.directory.findMember(account.id, member.id)).toEqual(bare);
      expect(await on.directory.deleteMember(account.id, member.id)).toBe('deleted');
      expect(await on.directory.deleteMember(account.id, member.id)).toBe('not_found');
      expect(await on.directory.findMember(account.id, member.id)).toBeUndefined();
    });

    test("another account's are not found, by any call", async () => {
      const [one, other] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(one.id)));
      const member = await stored(on.directory.createMember(aMember(one.id)));
      const key = await stored(on.directory.createKey(aKey(one.id)));
      expect(await on.directory.findTeam(other.id, team.id)).toBeUndefined();
      expect(await on.directory.findMember(other.id, member.id)).toBeUndefined();
      expect(await on.directory.findKey(other.id, key.id)).toBeUndefined();
      expect(await on.directory.updateTeam(other.id, team.id, { name: 'x' })).toBeUndefined();
      expect(await on.directory.updateMember(other.id, member.id, { name: 'x' })).toBeUndefined();
      expect(await on.directory.updateKey(other.id, key.id, { name: 'x' })).toBeUndefined();
      const rotation = { ...createKeySecret(), oldExpiresAtMs: T0 };
      expect(await on.directory.rotateKey(other.id, key.id, rotation)).toBeUndefined();
      expect(await on.directory.deleteTeam(other.id, team.id)).toBe('not_found');
      expect(await on.directory.deleteMember(other.id, member.id)).toBe('not_found');
      expect(await on.directory.createTeam({ ...team, accountId: other.id })).toEqual({ result: 'conflict' });
      expect(await on.directory.findTeam(one.id, team.id)).toEqual(team);
      expect(await on.directory.findMember(one.id, member.id)).toEqual(member);
      expect(await on.directory.findKey(one.id, key.id)).toEqual(key);
    });

    test('what they name has to be there and of the same account', async () => {
      const [one, other] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(one.id)));
      const member = await stored(on.directory.createMember(aMember(one.id)));
      const absent = createId('acct', T0);
      expect(await on.directory.createTeam(aTeam(absent))).toEqual({ result: 'no_reference', what: 'account' });
      expect(await on.directory.createKey(aKey(absent))).toEqual({ result: 'no_reference', what: 'account' });
      for (const teamId of [team.id, createId('team', T0)]) {
        const refusal = { result: 'no_reference', what: 'team' };
        expect(await on.directory.createMember(aMember(other.id, { teamId }))).toEqual(refusal);
        expect(await on.directory.createKey(aKey(other.id, { teamId }))).toEqual(refusal);
      }
      const memberRefusal = { result: 'no_reference', what: 'member' };
      expect(await on.directory.createKey(aKey(other.id, { memberId: member.id }))).toEqual(memberRefusal);
      const theirs = await stored(on.directory.createMember(aMember(other.id)));
      const key = await stored(on.directory.createKey(aKey(other.id)));
      expect(await on.directory.updateMember(other.id, theirs.id, { teamId: team.id })).toBeUndefined();
      expect(await on.directory.updateKey(other.id, key.id, { teamId: team.id })).toBeUndefined();
      expect(await on.directory.updateKey(other.id, key.id, { memberId: member.id })).toBeUndefined();
      expect(await on.directory.listMembers(other.id, { limit: 10 })).toEqual([theirs]);
      expect(await on.directory.listKeys(other.id, { limit: 10 })).toEqual([key]);
    });

    test('those that are named stay until nothing names them', async () => {
      const [account] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(account.id)));
      const next = await stored(on.directory.createTeam(aTeam(account.id)));
      const member = await stored(on.directory.createMember(aMember(account.id, { teamId: team.id })));
      const key = await stored(on.directory.createKey(aKey(account.id, { teamId: team.id, memberId: member.id })));
      expect(await on.directory.deleteTeam(account.id, team.id)).toBe('in_use');
      expect(await on.directory.deleteMember(account.id, member.id)).toBe('in_use');
      await on.directory.updateMember(account.id, member.id, { teamId: next.id });
      expect(await on.directory.deleteTeam(account.id, team.id)).toBe('in_use');
      await on.directory.updateKey(account.id, key.id, { teamId: null });
      expect(await on.directory.deleteTeam(account.id, team.id)).toBe('deleted');
      await on.directory.updateKey(account.id, key.id, { memberId: null });
      expect(await on.directory.deleteMember(account.id, member.id)).toBe('deleted');
      expect(await on.directory.deleteTeam(account.id, next.id)).toBe('deleted');
    });

    test('a key may not come to name a team while that is deleted', async () => {
      const [account] = await on.twoAccounts();
      for (let round = 0; round < 10; round += 1) {
        const team = await stored(on.directory.createTeam(aTeam(account.id)));
        const [made, deleted] = await Promise.all([
          on.directory.createKey(aKey(account.id, { teamId: team.id })),
          on.directory.deleteTeam(account.id, team.id),
        ]);
        const outcome = `${made.result} ${deleted}`;
        expect(['created in_use', 'no_reference deleted']).toContain(outcome);
      }
    });
  });
}
