import { describe, expect, test } from 'vitest';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { aKey, aMember, anAccount, aTeam, type DirectoryInUse, stored, T0 } from './directory-fixtures.ts';

/** What is told of changes, what is sent again, and what outlives its client. */
export function describeChanges(on: DirectoryInUse): void {
  describe('changes', () => {
    test('every write is announced with its account before it is answered, a read or a refusal is not', async () => {
      const heard: (string | undefined)[] = [];
      on.directory.onChange((accountId) => heard.push(accountId));
      // The last thing heard, whatever a store announced about its connections before.
      const heardAfter = async (work: Promise<unknown>): Promise<string | undefined> => {
        heard.length = 0;
        await work;
        return heard.at(-1);
      };
      const account = anAccount();
      expect(await heardAfter(on.directory.createAccount(account))).toBe(account.id);
      const team = aTeam(account.id);
      expect(await heardAfter(on.directory.createTeam(team))).toBe(account.id);
      const member = aMember(account.id);
      expect(await heardAfter(on.directory.createMember(member))).toBe(account.id);
      const key = aKey(account.id);
      expect(await heardAfter(on.directory.createKey(key))).toBe(account.id);
      expect(await heardAfter(on.directory.updateAccount(account.id, { name: 'a' }))).toBe(account.id);
      expect(await heardAfter(on.directory.updateTeam(account.id, team.id, { name: 'a' }))).toBe(account.id);
      expect(await heardAfter(on.directory.updateMember(account.id, member.id, { name: 'a' }))).toBe(account.id);
      expect(await heardAfter(on.directory.updateKey(account.id, key.id, { name: 'a' }))).toBe(account.id);
      const { secretHash, hint } = createKeySecret();
      const rotation = { secretHash, hint, oldExpiresAtMs: T0 };
      expect(await heardAfter(on.directory.rotateKey(account.id, key.id, rotation))).toBe(account.id);
      expect(await heardAfter(on.directory.deleteTeam(account.id, team.id))).toBe(account.id);
      expect(await heardAfter(on.directory.deleteMember(account.id, member.id))).toBe(account.id);
    });

    test('a client hears of the changes of another', async () => {
      if (!on.store.shared) return expect(on.store.open()).rejects.toThrow();
      const other = await on.open();
      const account = anAccount();
      const heard = new Promise<void>((resolve) =>
        other.onChange((accountId) => {
          if (accountId === account.id) resolve();
        }),
      );
      await on.directory.createAccount(account);
      await heard;
      expect(await other.findAccount(account.id)).toEqual(account);
    });
  });

  describe('idempotency keys', () => {
    const claim = { scope: 'POST /accounts', key: 'k1', fingerprint: 'f1', atMs: T0 };

    test('new, then resumed, then replayed', async () => {
      expect(await on.directory.claimIdempotencyKey(claim)).toEqual({ result: 'new' });
      expect(await on.directory.claimIdempotencyKey({ ...claim, atMs: T0 + 1 })).toEqual({ result: 'resume' });
      const response = { status: 201, body: '{"name":"é\\u0000"}' };
      await on.directory.completeIdempotencyKey(claim.scope, claim.key, response);
      expect(await on.directory.claimIdempotencyKey(claim)).toEqual({ result: 'replay', response });
    });

    test('another body under the same key is a conflict, before and after completion', async () => {
      await on.directory.claimIdempotencyKey(claim);
      expect(await on.directory.claimIdempotencyKey({ ...claim, fingerprint: 'f2' })).toEqual({ result: 'conflict' });
      await on.directory.completeIdempotencyKey(claim.scope, claim.key, { status: 201, body: '{}' });
      expect(await on.directory.claimIdempotencyKey({ ...claim, fingerprint: 'f2' })).toEqual({ result: 'conflict' });
    });

    test('scopes are apart, without an ambiguous border', async () => {
      await on.directory.claimIdempotencyKey({ ...claim, scope: 'a', key: 'bc' });
      expect(await on.directory.claimIdempotencyKey({ ...claim, scope: 'ab', key: 'c' })).toEqual({ result: 'new' });
      expect(await on.directory.claimIdempotencyKey({ ...claim, scope: 'b', key: 'bc' })).toEqual({ result: 'new' });
    });

    test('of many claims at once one is new', async () => {
      const states = await Promise.all(Array.from({ length: 10 }, () => on.directory.claimIdempotencyKey(claim)));
      expect(states.filter((state) => state.result === 'new')).toHaveLength(1);
      expect(states.filter((state) => state.result === 'resume')).toHaveLength(9);
    });

    test('a completion without a claim is forgotten', async () => {
      await on.directory.completeIdempotencyKey(claim.scope, claim.key, { status: 201, body: '{}' });
      expect(await on.directory.claimIdempotencyKey(claim)).toEqual({ result: 'new' });
    });
  });

  test('all is there after the last client was closed', async () => {
    if (!on.store.durable) return;
    const [account] = await on.twoAccounts();
    const team = await stored(on.directory.createTeam(aTeam(account.id)));
    const key = await stored(on.directory.createKey(aKey(account.id, { teamId: team.id })));
    const claim = { scope: 's', key: 'k', fingerprint: 'f', atMs: T0 };
    await on.directory.claimIdempotencyKey(claim);
    await on.directory.close();
    on.directory = await on.open();
    expect(await on.directory.findPrincipal(key.secretHash)).toEqual({ account, team, key, quotas: [] });
    expect(await on.directory.listTeams(account.id, { limit: 10 })).toEqual([team]);
    expect(await on.directory.claimIdempotencyKey(claim)).toEqual({ result: 'resume' });
    const later = await stored(on.directory.createTeam(aTeam(account.id)));
    expect(await on.directory.listTeams(account.id, { limit: 10 })).toEqual([team, later]);
  });

  test('answers a ping', async () => {
    await on.directory.ping();
  });
}
