import { describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { aKey, aMember, aTeam, type DirectoryInUse, stored, T0 } from './directory-fixtures.ts';

/** Keys, and whom they stand for. */
export function describeKeys(on: DirectoryInUse): void {
  describe('keys and principals', () => {
    test('a key is found by its hash with all it belongs to', async () => {
      const [account] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(account.id)));
      const member = await stored(on.directory.createMember(aMember(account.id, { teamId: team.id })));
      const bare = await stored(on.directory.createKey(aKey(account.id)));
      const full = await stored(
        on.directory.createKey(
          aKey(account.id, { teamId: team.id, memberId: member.id, expiresAtMs: T0 + 9, allowedModels: ['m', 'n'] }),
        ),
      );
      expect(await on.directory.findPrincipal(bare.secretHash)).toEqual({ account, key: bare, quotas: [] });
      expect(await on.directory.findPrincipal(full.secretHash)).toEqual({
        account,
        team,
        member,
        key: full,
        quotas: [],
        secretExpiresAtMs: T0 + 9,
      });
      expect(await on.directory.findPrincipal(createKeySecret().secretHash)).toBeUndefined();
      expect(await on.directory.findPrincipal('')).toBeUndefined();
      expect(await on.directory.findPrincipal('__proto__')).toBeUndefined();
    });

    test("a key without a team of its own calls for its member's", async () => {
      const [account] = await on.twoAccounts();
      const [own, members] = [
        await stored(on.directory.createTeam(aTeam(account.id))),
        await stored(on.directory.createTeam(aTeam(account.id))),
      ];
      const member = await stored(on.directory.createMember(aMember(account.id, { teamId: members.id })));
      const key = await stored(on.directory.createKey(aKey(account.id, { memberId: member.id })));
      expect((await on.directory.findPrincipal(key.secretHash))?.team).toEqual(members);
      await on.directory.updateKey(account.id, key.id, { teamId: own.id });
      expect((await on.directory.findPrincipal(key.secretHash))?.team).toEqual(own);
    });

    test('a principal shows every later change', async () => {
      const [account] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(account.id)));
      const key = await stored(on.directory.createKey(aKey(account.id, { teamId: team.id, allowedModels: ['m'] })));
      await on.directory.updateAccount(account.id, { closedAtMs: 5 });
      await on.directory.updateTeam(account.id, team.id, { name: 'New' });
      await on.directory.updateKey(account.id, key.id, { revokedAtMs: 7, allowedModels: null, expiresAtMs: 9 });
      const principal = await on.directory.findPrincipal(key.secretHash);
      const { allowedModels: _, ...rest } = key;
      expect(principal).toEqual({
        account: { ...account, closedAtMs: 5 },
        team: { ...team, name: 'New' },
        key: { ...rest, revokedAtMs: 7, expiresAtMs: 9 },
        quotas: [],
        secretExpiresAtMs: 9,
      });
    });

    test('the same key sent again exists; another secret under its id, or its secret under another id, conflicts', async () => {
      const [account] = await on.twoAccounts();
      const key = await stored(on.directory.createKey(aKey(account.id)));
      expect(await on.directory.createKey(key)).toEqual({ result: 'exists', record: key });
      const { secretHash, hint } = createKeySecret();
      expect(await on.directory.createKey({ ...key, secretHash, hint })).toEqual({ result: 'conflict' });
      expect(await on.directory.createKey({ ...key, id: createId('key', T0) })).toEqual({ result: 'conflict' });
      expect(await on.directory.findPrincipal(secretHash)).toBeUndefined();
      expect(await on.directory.listKeys(account.id, { limit: 10 })).toEqual([key]);
    });

    test('a rotation gives the old secret its grace, and a second one ends it at once', async () => {
      const [account] = await on.twoAccounts();
      const key = await stored(on.directory.createKey(aKey(account.id)));
      const second = createKeySecret();
      const rotated = await on.directory.rotateKey(account.id, key.id, {
        secretHash: second.secretHash,
        hint: second.hint,
        oldExpiresAtMs: T0 + 60_000,
      });
      expect(rotated).toEqual({
        ...key,
        secretHash: second.secretHash,
        hint: second.hint,
        previousSecret: { secretHash: key.secretHash, expiresAtMs: T0 + 60_000 },
      });
      expect(await on.directory.findPrincipal(second.secretHash)).toEqual({ account, key: rotated, quotas: [] });
      expect(await on.directory.findPrincipal(key.secretHash)).toEqual({
        account,
        key: rotated,
        quotas: [],
        secretExpiresAtMs: T0 + 60_000,
      });

      const third = createKeySecret();
      await on.directory.rotateKey(account.id, key.id, {
        secretHash: third.secretHash,
        hint: third.hint,
        oldExpiresAtMs: T0,
      });
      expect(await on.directory.findPrincipal(key.secretHash)).toBeUndefined();
      expect((await on.directory.findPrincipal(second.secretHash))?.secretExpiresAtMs).toBe(T0);
      expect(await on.directory.findPrincipal(third.secretHash)).toBeDefined();
    });

    test('an old secret ends no later than its key', async () => {
      const [account] = await on.twoAccounts();
      const key = await stored(on.directory.createKey(aKey(account.id, { expiresAtMs: T0 + 5 })));
      const { secretHash, hint } = createKeySecret();
      await on.directory.rotateKey(account.id, key.id, { secretHash, hint, oldExpiresAtMs: T0 + 60_000 });
      expect((await on.directory.findPrincipal(key.secretHash))?.secretExpiresAtMs).toBe(T0 + 5);
    });

    test("a rotation sent again under its id leaves the client's secret alive", async () => {
      const [account] = await on.twoAccounts();
      const key = await stored(on.directory.createKey(aKey(account.id)));
      const lost = createKeySecret();
      const shown = createKeySecret();
      for (const { secretHash, hint } of [lost, shown]) {
        await on.directory.rotateKey(account.id, key.id, {
          secretHash,
          hint,
          oldExpiresAtMs: T0 + 60_000,
          rotationId: 'r1',
        });
      }
      expect((await on.directory.findPrincipal(key.secretHash))?.secretExpiresAtMs).toBe(T0 + 60_000);
      expect(await on.directory.findPrincipal(shown.secretHash)).toBeDefined();
      expect(await on.directory.findPrincipal(lost.secretHash)).toBeUndefined();
    });

    test('a rotation to the same secret changes nothing, to the secret of another key it is refused', async () => {
      const [account] = await on.twoAccounts();
      const key = await stored(on.directory.createKey(aKey(account.id)));
      const other = await stored(on.directory.createKey(aKey(account.id)));
      const { secretHash, hint } = key;
      expect(await on.directory.rotateKey(account.id, key.id, { secretHash, hint, oldExpiresAtMs: T0 })).toEqual(key);
      const taken = { secretHash: other.secretHash, hint: other.hint, oldExpiresAtMs: T0 };
      expect(await on.directory.rotateKey(account.id, key.id, taken)).toBeUndefined();
      expect((await on.directory.findPrincipal(other.secretHash))?.key.id).toBe(other.id);
      expect((await on.directory.findPrincipal(key.secretHash))?.key.id).toBe(key.id);
    });
  });
}
