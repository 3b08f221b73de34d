import { describe, expect, test } from 'vitest';
import { type AccessToken, MAX_ACTIVE_TOKENS } from '../../src/directory/access-token.ts';
import { createId } from '../../src/directory/create-id.ts';
import { createTokenSecret } from '../../src/directory/key-secret.ts';
import { aTeam, type DirectoryInUse, stored, T0 } from './directory-fixtures.ts';

export const aToken = (change: Partial<AccessToken> = {}): AccessToken => {
  const { secretHash, hint } = createTokenSecret();
  const scope = { type: 'installation' } as const;
  return {
    id: createId('token', T0),
    name: 'ci "ä"',
    role: 'viewer',
    scope,
    secretHash,
    hint,
    createdAtMs: T0,
    ...change,
  };
};
const ofAccount = (accountId: string) => aToken({ scope: { type: 'account', accountId } });
const ofTeam = (accountId: string, teamId: string) => aToken({ scope: { type: 'team', accountId, teamId } });

/** Access tokens. */
export function describeTokens(on: DirectoryInUse): void {
  describe('access tokens', () => {
    test('are found by their id and by the hash of their secret, and made once', async () => {
      const token = aToken({ expiresAtMs: T0 + 5 });
      expect(await on.directory.createToken(token)).toEqual({ result: 'created', record: token });
      const later = { ...token, createdAtMs: T0 + 9 };
      expect(await on.directory.createToken(later)).toEqual({ result: 'exists', record: token });
      expect(await on.directory.createToken({ ...token, role: 'owner' })).toEqual({ result: 'conflict' });
      expect(await on.directory.createToken(aToken({ secretHash: token.secretHash }))).toEqual({ result: 'conflict' });
      expect(await on.directory.findToken(token.id)).toEqual(token);
      expect(await on.directory.findTokenBearer(token.secretHash)).toEqual({
        token,
        isScopeThere: true,
        isAccountClosed: false,
        secretExpiresAtMs: T0 + 5,
      });
      expect(await on.directory.findTokenBearer(createTokenSecret().secretHash)).toBeUndefined();
      expect(await on.directory.findToken(createId('token', T0))).toBeUndefined();
    });

    test("the hash of a key's secret finds no token, and the other way round", async () => {
      const token = await stored(on.directory.createToken(aToken()));
      expect(await on.directory.findPrincipal(token.secretHash)).toBeUndefined();
    });

    test('what they are of has to be there, and of the account', async () => {
      const [one, other] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(other.id)));
      const absent = createId('acct', T0);
      expect(await on.directory.createToken(ofAccount(absent))).toEqual({ result: 'no_reference', what: 'account' });
      expect(await on.directory.createToken(ofTeam(absent, team.id))).toEqual({
        result: 'no_reference',
        what: 'account',
      });
      expect(await on.directory.createToken(ofTeam(one.id, team.id))).toEqual({ result: 'no_reference', what: 'team' });
      expect(await on.directory.listTokens({ limit: 10 })).toEqual([]);
    });

    test('are listed in order of creation, of all or of one account with its teams', async () => {
      const [one, other] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(one.id)));
      const made = [aToken(), ofAccount(one.id), ofAccount(other.id), ofTeam(one.id, team.id)];
      for (const token of made) await stored(on.directory.createToken(token));
      const [first, second, third, fourth] = made as [AccessToken, AccessToken, AccessToken, AccessToken];
      expect(await on.directory.listTokens({ limit: 10 })).toEqual(made);
      expect(await on.directory.listTokens({ limit: 2, after: first.id })).toEqual([second, third]);
      expect(await on.directory.listTokens({ limit: 10 }, one.id)).toEqual([second, fourth]);
      expect(await on.directory.listTokens({ limit: 10, after: second.id }, one.id)).toEqual([fourth]);
      expect(await on.directory.listTokens({ limit: 10, after: third.id }, one.id)).toEqual([]);
      expect(await on.directory.listTokens({ limit: 10 }, createId('acct', T0))).toEqual([]);
    });

    test('after a rotation the old secret ends with its grace, and no later than it would have', async () => {
      const token = await stored(on.directory.createToken(aToken({ expiresAtMs: T0 + 10 })));
      const [second, third] = [createTokenSecret(), createTokenSecret()];
      const rotated = await on.directory.rotateToken(token.id, {
        ...{ secretHash: second.secretHash, hint: second.hint, rotationId: 'one' },
        ...{ oldExpiresAtMs: T0 + 50, expiresAtMs: T0 + 90 },
      });
      expect(rotated).toMatchObject({ secretHash: second.secretHash, hint: second.hint, expiresAtMs: T0 + 90 });
      expect(rotated).not.toHaveProperty('secret');
      const expiryOf = async (hash: string) => (await on.directory.findTokenBearer(hash))?.secretExpiresAtMs;
      expect(await expiryOf(token.secretHash)).toBe(T0 + 10);
      expect(await expiryOf(second.secretHash)).toBe(T0 + 90);
      // Sent again: the client still has the first secret, and the second is nobody's.
      const again = { secretHash: third.secretHash, hint: third.hint, rotationId: 'one', oldExpiresAtMs: T0 + 60 };
      await on.directory.rotateToken(token.id, { ...again, expiresAtMs: null });
      expect(await expiryOf(token.secretHash)).toBe(T0 + 10);
      expect(await on.directory.findTokenBearer(second.secretHash)).toBeUndefined();
      expect(await on.directory.findTokenBearer(third.secretHash)).not.toHaveProperty('secretExpiresAtMs');
      const taken = await stored(on.directory.createToken(aToken()));
      const theirs = { secretHash: taken.secretHash, hint: taken.hint, oldExpiresAtMs: T0 };
      expect(await on.directory.rotateToken(token.id, theirs)).toBeUndefined();
      expect(await on.directory.rotateToken(createId('token', T0), again)).toBeUndefined();
      expect((await on.directory.findTokenBearer(taken.secretHash))?.token.id).toBe(taken.id);
    });

    test('are revoked once and stay where they can be looked up', async () => {
      const token = await stored(on.directory.createToken(aToken()));
      const revoked = { ...token, revokedAtMs: T0 + 1 };
      expect(await on.directory.revokeToken(token.id, T0 + 1)).toEqual(revoked);
      expect(await on.directory.revokeToken(token.id, T0 + 9)).toEqual(revoked);
      expect((await on.directory.findTokenBearer(token.secretHash))?.token).toEqual(revoked);
      expect(await on.directory.revokeToken(createId('token', T0), T0)).toBeUndefined();
    });

    test('that are active have a bound, by account with its teams and for the installation', async () => {
      const [one, other] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(one.id)));
      const ofOne = (_: unknown, index: number) => (index % 2 === 0 ? ofAccount(one.id) : ofTeam(one.id, team.id));
      const tokens = Array.from({ length: MAX_ACTIVE_TOKENS - 1 }, ofOne);
      const ending = { ...ofAccount(one.id), expiresAtMs: T0 + 5 };
      await Promise.all([...tokens, ending].map((token) => stored(on.directory.createToken(token))));
      const [first, second] = tokens as [AccessToken, AccessToken];
      const further = { ...ofTeam(one.id, team.id), createdAtMs: T0 + 4 };
      expect(await on.directory.createToken(further)).toEqual({ result: 'too_many' });
      expect(await on.directory.findToken(further.id)).toBeUndefined();
      expect(await on.directory.createToken(first)).toEqual({ result: 'exists', record: first });
      await stored(on.directory.createToken(ofAccount(other.id)));
      await stored(on.directory.createToken(aToken()));
      // The place of the one that has expired, and that of the one that is revoked.
      await stored(on.directory.createToken({ ...further, createdAtMs: T0 + 5 }));
      expect(await on.directory.createToken(ofAccount(one.id))).toEqual({ result: 'too_many' });
      await on.directory.revokeToken(second.id, T0 + 6);
      await stored(on.directory.createToken({ ...ofAccount(one.id), createdAtMs: T0 + 6 }));
      const last = { ...ofAccount(one.id), createdAtMs: T0 + 6 };
      expect(await on.directory.createToken(last)).toEqual({ result: 'too_many' });
    });

    test('of the installation have the same bound', async () => {
      const tokens = Array.from({ length: MAX_ACTIVE_TOKENS }, () => aToken());
      await Promise.all(tokens.map((token) => stored(on.directory.createToken(token))));
      expect(await on.directory.createToken(aToken())).toEqual({ result: 'too_many' });
      const [account] = await on.twoAccounts();
      await stored(on.directory.createToken(ofAccount(account.id)));
    });

    test('keep no team from being deleted, and end with it', async () => {
      const [account] = await on.twoAccounts();
      const team = await stored(on.directory.createTeam(aTeam(account.id)));
      const token = await stored(on.directory.createToken(ofTeam(account.id, team.id)));
      expect((await on.directory.findTokenBearer(token.secretHash))?.isScopeThere).toBe(true);
      expect(await on.directory.deleteTeam(account.id, team.id)).toBe('deleted');
      expect((await on.directory.findTokenBearer(token.secretHash))?.isScopeThere).toBe(false);
      expect(await on.directory.listTokens({ limit: 10 }, account.id)).toEqual([token]);
    });

    test('tell that their account is closed', async () => {
      const [account] = await on.twoAccounts();
      const token = await stored(on.directory.createToken(ofAccount(account.id)));
      await on.directory.updateAccount(account.id, { closedAtMs: T0 });
      expect(await on.directory.findTokenBearer(token.secretHash)).toMatchObject({
        isScopeThere: true,
        isAccountClosed: true,
      });
    });

    test('what one client changes another sees at once', async () => {
      if (!on.store.shared) return expect(on.store.open()).rejects.toThrow();
      const other = await on.open();
      const token = await stored(on.directory.createToken(aToken()));
      expect((await other.findTokenBearer(token.secretHash))?.token.id).toBe(token.id);
      await on.directory.revokeToken(token.id, T0);
      expect((await other.findTokenBearer(token.secretHash))?.token.revokedAtMs).toBe(T0);
    });
  });
}
