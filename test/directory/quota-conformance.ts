import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import type { Directory, Key, Member, Team } from '../../src/directory/directory.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { createPrincipalCache } from '../../src/directory/principal-cache.ts';
import type { Quota, QuotaScopeType } from '../../src/domain/quota.ts';
import { MAX_QUOTAS, MAX_RAISES } from '../../src/domain/quota-rules.ts';
import type { DirectoryStore } from './directory-fixtures.ts';

const T0 = 1_795_000_000_000;

interface People {
  accountId: string;
  team: Team;
  member: Member;
  key: Key;
}

/** An account with a team, a member of it and a key of both. */
async function createPeople(directory: Directory): Promise<People> {
  const accountId = createId('acct', T0);
  await directory.createAccount({
    id: accountId,
    name: 'a',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'finish',
    lowBalanceNanoUsd: [],
    createdAtMs: T0,
  });
  const team = { id: createId('team', T0), accountId, name: 't', createdAtMs: T0 };
  await directory.createTeam(team);
  const member = { id: createId('mem', T0), accountId, teamId: team.id, name: 'm', createdAtMs: T0 };
  await directory.createMember(member);
  const { secretHash, hint } = createKeySecret();
  const names = { teamId: team.id, memberId: member.id };
  const key = { id: createId('key', T0), accountId, ...names, name: 'k', secretHash, hint, createdAtMs: T0 };
  await directory.createKey(key);
  return { accountId, team, member, key };
}

function scopeOf({ accountId, team, member, key }: People, type: QuotaScopeType): Quota['scope'] {
  return { type, id: { account: accountId, team: team.id, member: member.id, key: key.id }[type] };
}

const aQuota = (people: People, type: QuotaScopeType = 'account', change: Partial<Quota> = {}): Quota => ({
  id: createId('quota', T0),
  accountId: people.accountId,
  scope: scopeOf(people, type),
  window: 'month',
  measure: 'usd',
  limit: 9_007_199_254_740_991n,
  mode: 'hard',
  raises: [],
  createdAtMs: T0,
  ...change,
});

/** What every store of the directory has to do with quotas. */
export function describeQuotas(name: string, createStore: () => Promise<DirectoryStore>): void {
  describe(`quotas on ${name}`, () => {
    let store: DirectoryStore;
    let directory: Directory;
    let people: People;
    beforeEach(async () => {
      store = await createStore();
      directory = await store.open();
      people = await createPeople(directory);
    });
    afterEach(async () => {
      await directory.close();
      await store.destroy();
    });

    const made = async (quota: Quota): Promise<Quota> => {
      expect(await directory.createQuota(quota)).toEqual({ result: 'created', record: quota });
      return quota;
    };
    const quotasOf = async (key: Key) => (await directory.findPrincipal(key.secretHash))?.quotas;

    test('are found and listed as they were made, limits exact, and not by another account', async () => {
      const raises = [{ id: 'raise_1', limit: 9_007_199_254_740_991n, startsAtMs: T0, endsAtMs: T0 + 1 }];
      const one = await made(aQuota(people, 'account', { anchorDay: 31, models: ['opus'], raises }));
      const two = await made(aQuota(people, 'key', { limit: 0n }));
      expect(await directory.findQuota(people.accountId, one.id)).toEqual(one);
      expect(await directory.listQuotas(people.accountId, { limit: 10 })).toEqual([one, two]);
      expect(await directory.listQuotas(people.accountId, { limit: 10, after: one.id })).toEqual([two]);
      const other = (await createPeople(directory)).accountId;
      expect(await directory.findQuota(other, one.id)).toBeUndefined();
      expect(await directory.listQuotas(other, { limit: 10 })).toEqual([]);
      expect(await directory.updateQuota(other, one.id, { limit: 1n })).toBeUndefined();
      expect(await directory.deleteQuota(other, one.id)).toBe('not_found');
      expect(await directory.findQuota(people.accountId, one.id)).toEqual(one);
    });

    test('the same id and content is the same quota, other content a conflict', async () => {
      const quota = await made(aQuota(people));
      const changed = await directory.updateQuota(people.accountId, quota.id, { limit: 1n });
      expect(await directory.createQuota({ ...quota, createdAtMs: T0 + 1 })).toEqual({
        result: 'exists',
        record: changed,
      });
      expect(await directory.createQuota({ ...quota, limit: 5n })).toEqual({ result: 'conflict' });
    });

    test.each(['account', 'team', 'member', 'key'] as const)('on a %s that is not there is refused', async (type) => {
      const other = await createPeople(directory);
      const absent = { accountId: people.accountId, scope: { type, id: `${type}_absent` } };
      const theirs = { accountId: people.accountId, scope: scopeOf(other, type) };
      for (const wrong of [absent, theirs]) {
        expect(await directory.createQuota(aQuota(people, type, wrong))).toEqual({
          result: 'no_reference',
          what: type,
        });
      }
      expect(await directory.createQuota({ ...aQuota(people), accountId: createId('acct', 1) })).toEqual({
        result: 'no_reference',
        what: 'account',
      });
      expect(await directory.listQuotas(people.accountId, { limit: 10 })).toEqual([]);
    });

    test('a change touches only what it names', async () => {
      const raise = { id: 'raise_1', limit: 2n, startsAtMs: T0, endsAtMs: T0 + 1 };
      const quota = await made(aQuota(people, 'team', { models: ['opus', 'haiku'] }));
      const change = { limit: 7n, mode: 'soft' } as const;
      expect(await directory.updateQuota(people.accountId, quota.id, change)).toEqual({ ...quota, ...change });
      const { models: _, ...all } = { ...quota, ...change };
      expect(await directory.updateQuota(people.accountId, quota.id, { models: null })).toEqual(all);
      const raised = await directory.raiseQuota(people.accountId, quota.id, raise, T0);
      expect(raised).toEqual({ ...all, raises: [raise] });
      expect(await directory.updateQuota(people.accountId, quota.id, { raises: null })).toEqual(all);
      expect(await directory.findQuota(people.accountId, quota.id)).toEqual(all);
      expect(await quotasOf(people.key)).toEqual([all]);
    });

    test('a raise sent again is one raise, ended ones go, and there is a bound', async () => {
      const quota = await made(aQuota(people));
      const raise = (id: string, endsAtMs: number) => ({ id, limit: 2n, startsAtMs: T0, endsAtMs });
      const add = (id: string, endsAtMs: number, nowMs: number) =>
        directory.raiseQuota(people.accountId, quota.id, raise(id, endsAtMs), nowMs);
      await add('a', T0 + 1, T0);
      expect((await add('a', T0 + 1, T0))?.raises).toEqual([raise('a', T0 + 1)]);
      expect((await add('b', T0 + 9, T0 + 1))?.raises).toEqual([raise('b', T0 + 9)]);
      await Promise.all(Array.from({ length: MAX_RAISES - 1 }, (_, index) => add(`c${index}`, T0 + 9, T0 + 1)));
      const full = await add('d', T0 + 9, T0 + 1);
      expect(full?.raises).toHaveLength(MAX_RAISES);
      expect(full?.raises.map(({ id }) => id)).not.toContain('d');
      expect(await directory.raiseQuota(people.accountId, 'quota_absent', raise('e', T0 + 1), T0)).toBeUndefined();
    });

    test('a principal has those of its account, team, member and key, in the order they are checked', async () => {
      const stranger = await createPeople(directory);
      await made(aQuota(stranger));
      const { secretHash, hint } = createKeySecret();
      const bare = {
        id: createId('key', T0),
        accountId: people.accountId,
        name: '',
        secretHash,
        hint,
        createdAtMs: T0,
      };
      await directory.createKey(bare);
      const minute = await made(aQuota(people, 'account', { window: 'minute' }));
      const open = await made(aQuota(people, 'account', { window: 'total', measure: 'concurrency' }));
      const onKey = await made(aQuota(people, 'key'));
      const onMember = await made(aQuota(people, 'member'));
      const onTeam = await made(aQuota(people, 'team'));
      const second = await made(aQuota(people, 'team'));
      const total = await made(aQuota(people, 'key', { window: 'total' }));
      expect(await quotasOf(people.key)).toEqual([total, onTeam, second, onMember, onKey, minute, open]);
      expect(await quotasOf(bare)).toEqual([minute, open]);
      await directory.deleteQuota(people.accountId, onTeam.id);
      await directory.deleteQuota(people.accountId, minute.id);
      expect(await quotasOf(people.key)).toEqual([total, second, onMember, onKey, open]);
      expect(await directory.deleteQuota(people.accountId, minute.id)).toBe('not_found');
    });

    test('go with the team or member they are on, and no others', async () => {
      const stays = await made(aQuota(people));
      await made(aQuota(people, 'team'));
      await made(aQuota(people, 'team', { window: 'day' }));
      await made(aQuota(people, 'member'));
      expect(await directory.deleteTeam(people.accountId, people.team.id)).toBe('in_use');
      expect(await directory.listQuotas(people.accountId, { limit: 10 })).toHaveLength(4);
      await directory.updateKey(people.accountId, people.key.id, { teamId: null, memberId: null });
      expect(await directory.deleteMember(people.accountId, people.member.id)).toBe('deleted');
      expect(await directory.deleteTeam(people.accountId, people.team.id)).toBe('deleted');
      expect(await directory.listQuotas(people.accountId, { limit: 10 })).toEqual([stays]);
      expect(await quotasOf(people.key)).toEqual([stays]);
    });

    test('no call can be counted by more than 32, whoever makes them at once', async () => {
      for (const type of ['team', 'member', 'key'] as const) {
        for (let count = 0; count < 10; count += 1) await made(aQuota(people, type));
      }
      const replies = await Promise.all(
        Array.from({ length: 6 }, () => directory.createQuota(aQuota(people, 'account'))),
      );
      expect(replies.map(({ result }) => result).toSorted()).toEqual([
        ...['created', 'created'],
        ...['too_many', 'too_many', 'too_many', 'too_many'],
      ]);
      expect(await quotasOf(people.key)).toHaveLength(32);
      const team = { id: createId('team', T0), accountId: people.accountId, name: 'x', createdAtMs: T0 };
      await directory.createTeam(team);
      // Another team's do not count the same calls.
      await made(aQuota(people, 'team', { scope: { type: 'team', id: team.id } }));
      expect(await directory.createQuota(aQuota(people, 'key'))).toEqual({ result: 'too_many', what: 'cells' });
    });

    test('an account has 200 at most', async () => {
      for (let count = 0; count < MAX_QUOTAS / 20; count += 1) {
        const team = { id: createId('team', T0), accountId: people.accountId, name: 'x', createdAtMs: T0 };
        await directory.createTeam(team);
        const scope = { type: 'team', id: team.id } as const;
        for (let index = 0; index < 20; index += 1) await made(aQuota(people, 'team', { scope }));
      }
      const [first] = await directory.listQuotas(people.accountId, { limit: 1 });
      expect(await directory.createQuota(aQuota(people))).toEqual({ result: 'too_many', what: 'quotas' });
      expect(await directory.createQuota(first as Quota)).toMatchObject({ result: 'exists' });
      await directory.deleteQuota(people.accountId, first?.id ?? '');
      await made(aQuota(people));
    });

    test('a team that is deleted while a quota is made on it leaves none behind', async () => {
      for (let round = 0; round < 10; round += 1) {
        const team = { id: createId('team', T0), accountId: people.accountId, name: 'x', createdAtMs: T0 };
        await directory.createTeam(team);
        await Promise.all([
          directory.createQuota(aQuota(people, 'team', { scope: { type: 'team', id: team.id } })),
          directory.deleteTeam(people.accountId, team.id),
        ]);
        expect(await directory.findTeam(people.accountId, team.id)).toBeUndefined();
        expect(await directory.listQuotas(people.accountId, { limit: 10 })).toEqual([]);
      }
    });

    test('every change of them reaches a cached principal at once', async () => {
      const cache = createPrincipalCache({ directory, now: () => 0 });
      const cached = async () => {
        const found = await cache.find(people.key.secretHash);
        return found === 'busy' ? found : found?.quotas;
      };
      expect(await cached()).toEqual([]);
      const quota = await made(aQuota(people));
      expect(await cached()).toEqual([quota]);
      await directory.updateQuota(people.accountId, quota.id, { limit: 1n });
      expect(await cached()).toEqual([{ ...quota, limit: 1n }]);
      const raise = { id: 'raise_1', limit: 2n, startsAtMs: T0, endsAtMs: T0 + 1 };
      await directory.raiseQuota(people.accountId, quota.id, raise, T0);
      expect(await cached()).toEqual([{ ...quota, limit: 1n, raises: [raise] }]);
      await directory.deleteQuota(people.accountId, quota.id);
      expect(await cached()).toEqual([]);
    });
  });
}
