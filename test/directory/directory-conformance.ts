import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import type { Account, Created, Directory, Key, Member, Team } from '../../src/directory/directory.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';

/** A store under test: one place where a directory lives, which several clients may open. */
export interface DirectoryStore {
  /** A client of the store; the suite closes it. */
  open(): Promise<Directory>;
  /** Removes the store. */
  destroy(): Promise<void>;
  /** Whether two clients may be open at once. */
  shared: boolean;
  /** Whether the records outlive their last client. */
  durable: boolean;
}

const T0 = 1_795_000_000_000;

const anAccount = (change: Partial<Account> = {}): Account => ({
  id: createId('acct', T0),
  name: 'Example',
  timezone: 'Europe/Berlin',
  mode: 'prepaid',
  creditLimitNanoUsd: 0n,
  onDisconnect: 'drain',
  onExhausted: 'finish',
  lowBalanceNanoUsd: [9_007_199_254_740_991n, 5_000_000_000n],
  createdAtMs: T0,
  ...change,
});
const aTeam = (accountId: string, change: Partial<Team> = {}): Team => ({
  id: createId('team', T0),
  accountId,
  name: 'Search',
  createdAtMs: T0,
  ...change,
});
const aMember = (accountId: string, change: Partial<Member> = {}): Member => ({
  id: createId('mem', T0),
  accountId,
  name: 'Ada "\\ \u0000 é \u{1f511}',
  createdAtMs: T0,
  ...change,
});
const aKey = (accountId: string, change: Partial<Key> = {}): Key => {
  const { secretHash, hint } = createKeySecret();
  return { id: createId('key', T0), accountId, name: 'ci', secretHash, hint, createdAtMs: T0, ...change };
};

/** The cases every store of the directory has to pass. */
export function describeDirectory(name: string, createStore: () => Promise<DirectoryStore>): void {
  describe(`directory on ${name}`, () => {
    let store: DirectoryStore;
    let directory: Directory;
    const opened: Directory[] = [];
    const open = async (): Promise<Directory> => {
      const client = await store.open();
      opened.push(client);
      return client;
    };
    beforeEach(async () => {
      store = await createStore();
      directory = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await store.destroy();
    });

    const stored = async <T>(creation: Promise<Created<T>>): Promise<T> => {
      const reply = await creation;
      if (reply.result !== 'created') throw new Error(`not created: ${JSON.stringify(reply)}`);
      return reply.record;
    };
    const twoAccounts = async (): Promise<[Account, Account]> => [
      await stored(directory.createAccount(anAccount())),
      await stored(directory.createAccount(anAccount({ name: 'Other' }))),
    ];

    describe('accounts', () => {
      test('are found as they were made, amounts exact', async () => {
        const account = anAccount({ mode: 'postpaid', creditLimitNanoUsd: 100_000_000_000_001n });
        expect(await directory.createAccount(account)).toEqual({ result: 'created', record: account });
        expect(await directory.findAccount(account.id)).toEqual(account);
        expect(await directory.findAccount(createId('acct', T0))).toBeUndefined();
      });

      test('the same id and content is the same account, whenever it is sent and whatever was changed since', async () => {
        const account = await stored(directory.createAccount(anAccount()));
        const changed = await directory.updateAccount(account.id, { name: 'Renamed' });
        const again = await directory.createAccount({ ...account, createdAtMs: T0 + 5 });
        expect(again).toEqual({ result: 'exists', record: changed });
      });

      test('the same id with other content is a conflict and changes nothing', async () => {
        const account = await stored(directory.createAccount(anAccount()));
        for (const other of [{ name: 'x' }, { creditLimitNanoUsd: 1n }, { lowBalanceNanoUsd: [] }]) {
          expect(await directory.createAccount({ ...account, ...other })).toEqual({ result: 'conflict' });
        }
        expect(await directory.findAccount(account.id)).toEqual(account);
        expect(await directory.listAccounts({ limit: 10 })).toEqual([account]);
      });

      test('a change touches only what it names', async () => {
        const [account, other] = await twoAccounts();
        const change = { creditLimitNanoUsd: 9_007_199_254_740_991n, lowBalanceNanoUsd: [1n], closedAtMs: T0 + 1 };
        expect(await directory.updateAccount(account.id, change)).toEqual({ ...account, ...change });
        expect(await directory.findAccount(account.id)).toEqual({ ...account, ...change });
        expect(await directory.findAccount(other.id)).toEqual(other);
        expect(await directory.updateAccount(createId('acct', T0), change)).toBeUndefined();
      });

      test('prices of its own come, reach the principal, and go one by one', async () => {
        const account = await stored(directory.createAccount(anAccount()));
        const key = await stored(directory.createKey(aKey(account.id)));
        const own = {
          priceMultiplier: '1.25',
          priceOverrides: [
            { model: 'claude-opus-5', input: '4.5', effectiveFromMs: T0 },
            { model: 'claude-opus-5', output: '20' },
          ],
        };
        expect(await directory.updateAccount(account.id, own)).toEqual({ ...account, ...own });
        expect((await directory.findPrincipal(key.secretHash))?.account).toEqual({ ...account, ...own });
        const { priceMultiplier: _, ...overrides } = own;
        expect(await directory.updateAccount(account.id, { priceMultiplier: null })).toEqual({
          ...account,
          ...overrides,
        });
        expect(await directory.updateAccount(account.id, { priceOverrides: null })).toEqual(account);
        expect(await directory.findAccount(account.id)).toEqual(account);
      });

      test('concurrent changes are all kept', async () => {
        const account = await stored(directory.createAccount(anAccount()));
        await Promise.all([
          directory.updateAccount(account.id, { name: 'Both' }),
          directory.updateAccount(account.id, { timezone: 'UTC' }),
          directory.updateAccount(account.id, { onDisconnect: 'cancel' }),
          directory.updateAccount(account.id, { onExhausted: 'cut' }),
        ]);
        expect(await directory.findAccount(account.id)).toEqual({
          ...account,
          name: 'Both',
          timezone: 'UTC',
          onDisconnect: 'cancel',
          onExhausted: 'cut',
        });
      });
    });

    describe('lists', () => {
      test('come in order of creation, page by page, without gap or repetition', async () => {
        const accounts: Account[] = [];
        // Ids that sort against the order of creation.
        for (let index = 0; index < 7; index += 1) {
          const account = anAccount({ id: createId('acct', T0 - index * 1000), name: `n${index}` });
          accounts.push(await stored(directory.createAccount(account)));
        }
        const pages: Account[][] = [];
        for (let after: string | undefined; ; ) {
          const page = await directory.listAccounts({ limit: 3, ...(after === undefined ? {} : { after }) });
          if (page.length === 0) break;
          pages.push(page);
          after = page.at(-1)?.id;
        }
        expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
        expect(pages.flat()).toEqual(accounts);
      });

      test('hold only the account asked for, and after an unknown id nothing', async () => {
        const [one, other] = await twoAccounts();
        const teams = [
          await stored(directory.createTeam(aTeam(one.id))),
          await stored(directory.createTeam(aTeam(one.id))),
        ];
        const theirs = await stored(directory.createTeam(aTeam(other.id)));
        expect(await directory.listTeams(one.id, { limit: 10 })).toEqual(teams);
        expect(await directory.listTeams(other.id, { limit: 10 })).toEqual([theirs]);
        expect(await directory.listTeams(createId('acct', T0), { limit: 10 })).toEqual([]);
        expect(await directory.listTeams(one.id, { limit: 10, after: createId('team', T0) })).toEqual([]);
      });

      test('bring a limit outside 1 to 1,000 into it', async () => {
        const accounts = [
          await stored(directory.createAccount(anAccount())),
          await stored(directory.createAccount(anAccount())),
        ];
        expect(await directory.listAccounts({ limit: 0 })).toEqual(accounts.slice(0, 1));
        expect(await directory.listAccounts({ limit: -5 })).toEqual(accounts.slice(0, 1));
        expect(await directory.listAccounts({ limit: 1e9 })).toEqual(accounts);
      });

      test('leave out what was deleted and keep the order of the rest', async () => {
        const [account] = await twoAccounts();
        const teams: Team[] = [];
        for (let index = 0; index < 3; index += 1) teams.push(await stored(directory.createTeam(aTeam(account.id))));
        await directory.deleteTeam(account.id, teams[1]!.id);
        expect(await directory.listTeams(account.id, { limit: 10 })).toEqual([teams[0], teams[2]]);
      });
    });

    describe('teams and members', () => {
      test('are made, found, changed and deleted', async () => {
        const [account] = await twoAccounts();
        const team = await stored(directory.createTeam(aTeam(account.id)));
        const member = await stored(
          directory.createMember(aMember(account.id, { teamId: team.id, email: 'a@example.org' })),
        );
        expect(await directory.findTeam(account.id, team.id)).toEqual(team);
        expect(await directory.findMember(account.id, member.id)).toEqual(member);
        expect(await directory.updateTeam(account.id, team.id, { name: 'New' })).toEqual({ ...team, name: 'New' });
        const { teamId: _, email: __, ...bare } = member;
        expect(await directory.updateMember(account.id, member.id, { teamId: null, email: null })).toEqual(bare);
        expect(await directory.findMember(account.id, member.id)).toEqual(bare);
        expect(await directory.deleteMember(account.id, member.id)).toBe('deleted');
        expect(await directory.deleteMember(account.id, member.id)).toBe('not_found');
        expect(await directory.findMember(account.id, member.id)).toBeUndefined();
      });

      test("another account's are not found, by any call", async () => {
        const [one, other] = await twoAccounts();
        const team = await stored(directory.createTeam(aTeam(one.id)));
        const member = await stored(directory.createMember(aMember(one.id)));
        const key = await stored(directory.createKey(aKey(one.id)));
        expect(await directory.findTeam(other.id, team.id)).toBeUndefined();
        expect(await directory.findMember(other.id, member.id)).toBeUndefined();
        expect(await directory.findKey(other.id, key.id)).toBeUndefined();
        expect(await directory.updateTeam(other.id, team.id, { name: 'x' })).toBeUndefined();
        expect(await directory.updateMember(other.id, member.id, { name: 'x' })).toBeUndefined();
        expect(await directory.updateKey(other.id, key.id, { name: 'x' })).toBeUndefined();
        const rotation = { ...createKeySecret(), oldExpiresAtMs: T0 };
        expect(await directory.rotateKey(other.id, key.id, rotation)).toBeUndefined();
        expect(await directory.deleteTeam(other.id, team.id)).toBe('not_found');
        expect(await directory.deleteMember(other.id, member.id)).toBe('not_found');
        expect(await directory.createTeam({ ...team, accountId: other.id })).toEqual({ result: 'conflict' });
        expect(await directory.findTeam(one.id, team.id)).toEqual(team);
        expect(await directory.findMember(one.id, member.id)).toEqual(member);
        expect(await directory.findKey(one.id, key.id)).toEqual(key);
      });

      test('what they name has to be there and of the same account', async () => {
        const [one, other] = await twoAccounts();
        const team = await stored(directory.createTeam(aTeam(one.id)));
        const member = await stored(directory.createMember(aMember(one.id)));
        const absent = createId('acct', T0);
        expect(await directory.createTeam(aTeam(absent))).toEqual({ result: 'no_reference', what: 'account' });
        expect(await directory.createKey(aKey(absent))).toEqual({ result: 'no_reference', what: 'account' });
        for (const teamId of [team.id, createId('team', T0)]) {
          const refusal = { result: 'no_reference', what: 'team' };
          expect(await directory.createMember(aMember(other.id, { teamId }))).toEqual(refusal);
          expect(await directory.createKey(aKey(other.id, { teamId }))).toEqual(refusal);
        }
        const memberRefusal = { result: 'no_reference', what: 'member' };
        expect(await directory.createKey(aKey(other.id, { memberId: member.id }))).toEqual(memberRefusal);
        const theirs = await stored(directory.createMember(aMember(other.id)));
        const key = await stored(directory.createKey(aKey(other.id)));
        expect(await directory.updateMember(other.id, theirs.id, { teamId: team.id })).toBeUndefined();
        expect(await directory.updateKey(other.id, key.id, { teamId: team.id })).toBeUndefined();
        expect(await directory.updateKey(other.id, key.id, { memberId: member.id })).toBeUndefined();
        expect(await directory.listMembers(other.id, { limit: 10 })).toEqual([theirs]);
        expect(await directory.listKeys(other.id, { limit: 10 })).toEqual([key]);
      });

      test('those that are named stay until nothing names them', async () => {
        const [account] = await twoAccounts();
        const team = await stored(directory.createTeam(aTeam(account.id)));
        const next = await stored(directory.createTeam(aTeam(account.id)));
        const member = await stored(directory.createMember(aMember(account.id, { teamId: team.id })));
        const key = await stored(directory.createKey(aKey(account.id, { teamId: team.id, memberId: member.id })));
        expect(await directory.deleteTeam(account.id, team.id)).toBe('in_use');
        expect(await directory.deleteMember(account.id, member.id)).toBe('in_use');
        await directory.updateMember(account.id, member.id, { teamId: next.id });
        expect(await directory.deleteTeam(account.id, team.id)).toBe('in_use');
        await directory.updateKey(account.id, key.id, { teamId: null });
        expect(await directory.deleteTeam(account.id, team.id)).toBe('deleted');
        await directory.updateKey(account.id, key.id, { memberId: null });
        expect(await directory.deleteMember(account.id, member.id)).toBe('deleted');
        expect(await directory.deleteTeam(account.id, next.id)).toBe('deleted');
      });

      test('a key may not come to name a team while that is deleted', async () => {
        const [account] = await twoAccounts();
        for (let round = 0; round < 10; round += 1) {
          const team = await stored(directory.createTeam(aTeam(account.id)));
          const [made, deleted] = await Promise.all([
            directory.createKey(aKey(account.id, { teamId: team.id })),
            directory.deleteTeam(account.id, team.id),
          ]);
          const outcome = `${made.result} ${deleted}`;
          expect(['created in_use', 'no_reference deleted']).toContain(outcome);
        }
      });
    });

    describe('keys and principals', () => {
      test('a key is found by its hash with all it belongs to', async () => {
        const [account] = await twoAccounts();
        const team = await stored(directory.createTeam(aTeam(account.id)));
        const member = await stored(directory.createMember(aMember(account.id, { teamId: team.id })));
        const bare = await stored(directory.createKey(aKey(account.id)));
        const full = await stored(
          directory.createKey(
            aKey(account.id, { teamId: team.id, memberId: member.id, expiresAtMs: T0 + 9, allowedModels: ['m', 'n'] }),
          ),
        );
        expect(await directory.findPrincipal(bare.secretHash)).toEqual({ account, key: bare, quotas: [] });
        expect(await directory.findPrincipal(full.secretHash)).toEqual({
          account,
          team,
          member,
          key: full,
          quotas: [],
          secretExpiresAtMs: T0 + 9,
        });
        expect(await directory.findPrincipal(createKeySecret().secretHash)).toBeUndefined();
        expect(await directory.findPrincipal('')).toBeUndefined();
        expect(await directory.findPrincipal('__proto__')).toBeUndefined();
      });

      test("a key without a team of its own calls for its member's", async () => {
        const [account] = await twoAccounts();
        const [own, members] = [
          await stored(directory.createTeam(aTeam(account.id))),
          await stored(directory.createTeam(aTeam(account.id))),
        ];
        const member = await stored(directory.createMember(aMember(account.id, { teamId: members.id })));
        const key = await stored(directory.createKey(aKey(account.id, { memberId: member.id })));
        expect((await directory.findPrincipal(key.secretHash))?.team).toEqual(members);
        await directory.updateKey(account.id, key.id, { teamId: own.id });
        expect((await directory.findPrincipal(key.secretHash))?.team).toEqual(own);
      });

      test('a principal shows every later change', async () => {
        const [account] = await twoAccounts();
        const team = await stored(directory.createTeam(aTeam(account.id)));
        const key = await stored(directory.createKey(aKey(account.id, { teamId: team.id, allowedModels: ['m'] })));
        await directory.updateAccount(account.id, { closedAtMs: 5 });
        await directory.updateTeam(account.id, team.id, { name: 'New' });
        await directory.updateKey(account.id, key.id, { revokedAtMs: 7, allowedModels: null, expiresAtMs: 9 });
        const principal = await directory.findPrincipal(key.secretHash);
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
        const [account] = await twoAccounts();
        const key = await stored(directory.createKey(aKey(account.id)));
        expect(await directory.createKey(key)).toEqual({ result: 'exists', record: key });
        const { secretHash, hint } = createKeySecret();
        expect(await directory.createKey({ ...key, secretHash, hint })).toEqual({ result: 'conflict' });
        expect(await directory.createKey({ ...key, id: createId('key', T0) })).toEqual({ result: 'conflict' });
        expect(await directory.findPrincipal(secretHash)).toBeUndefined();
        expect(await directory.listKeys(account.id, { limit: 10 })).toEqual([key]);
      });

      test('a rotation gives the old secret its grace, and a second one ends it at once', async () => {
        const [account] = await twoAccounts();
        const key = await stored(directory.createKey(aKey(account.id)));
        const second = createKeySecret();
        const rotated = await directory.rotateKey(account.id, key.id, {
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
        expect(await directory.findPrincipal(second.secretHash)).toEqual({ account, key: rotated, quotas: [] });
        expect(await directory.findPrincipal(key.secretHash)).toEqual({
          account,
          key: rotated,
          quotas: [],
          secretExpiresAtMs: T0 + 60_000,
        });

        const third = createKeySecret();
        await directory.rotateKey(account.id, key.id, {
          secretHash: third.secretHash,
          hint: third.hint,
          oldExpiresAtMs: T0,
        });
        expect(await directory.findPrincipal(key.secretHash)).toBeUndefined();
        expect((await directory.findPrincipal(second.secretHash))?.secretExpiresAtMs).toBe(T0);
        expect(await directory.findPrincipal(third.secretHash)).toBeDefined();
      });

      test('an old secret ends no later than its key', async () => {
        const [account] = await twoAccounts();
        const key = await stored(directory.createKey(aKey(account.id, { expiresAtMs: T0 + 5 })));
        const { secretHash, hint } = createKeySecret();
        await directory.rotateKey(account.id, key.id, { secretHash, hint, oldExpiresAtMs: T0 + 60_000 });
        expect((await directory.findPrincipal(key.secretHash))?.secretExpiresAtMs).toBe(T0 + 5);
      });

      test("a rotation sent again under its id leaves the client's secret alive", async () => {
        const [account] = await twoAccounts();
        const key = await stored(directory.createKey(aKey(account.id)));
        const lost = createKeySecret();
        const shown = createKeySecret();
        for (const { secretHash, hint } of [lost, shown]) {
          await directory.rotateKey(account.id, key.id, {
            secretHash,
            hint,
            oldExpiresAtMs: T0 + 60_000,
            rotationId: 'r1',
          });
        }
        expect((await directory.findPrincipal(key.secretHash))?.secretExpiresAtMs).toBe(T0 + 60_000);
        expect(await directory.findPrincipal(shown.secretHash)).toBeDefined();
        expect(await directory.findPrincipal(lost.secretHash)).toBeUndefined();
      });

      test('a rotation to the same secret changes nothing, to the secret of another key it is refused', async () => {
        const [account] = await twoAccounts();
        const key = await stored(directory.createKey(aKey(account.id)));
        const other = await stored(directory.createKey(aKey(account.id)));
        const { secretHash, hint } = key;
        expect(await directory.rotateKey(account.id, key.id, { secretHash, hint, oldExpiresAtMs: T0 })).toEqual(key);
        const taken = { secretHash: other.secretHash, hint: other.hint, oldExpiresAtMs: T0 };
        expect(await directory.rotateKey(account.id, key.id, taken)).toBeUndefined();
        expect((await directory.findPrincipal(other.secretHash))?.key.id).toBe(other.id);
        expect((await directory.findPrincipal(key.secretHash))?.key.id).toBe(key.id);
      });
    });

    describe('changes', () => {
      test('every write is announced with its account before it is answered, a read or a refusal is not', async () => {
        const heard: (string | undefined)[] = [];
        directory.onChange((accountId) => heard.push(accountId));
        // The last thing heard, whatever a store announced about its connections before.
        const heardAfter = async (work: Promise<unknown>): Promise<string | undefined> => {
          heard.length = 0;
          await work;
          return heard.at(-1);
        };
        const account = anAccount();
        expect(await heardAfter(directory.createAccount(account))).toBe(account.id);
        const team = aTeam(account.id);
        expect(await heardAfter(directory.createTeam(team))).toBe(account.id);
        const member = aMember(account.id);
        expect(await heardAfter(directory.createMember(member))).toBe(account.id);
        const key = aKey(account.id);
        expect(await heardAfter(directory.createKey(key))).toBe(account.id);
        expect(await heardAfter(directory.updateAccount(account.id, { name: 'a' }))).toBe(account.id);
        expect(await heardAfter(directory.updateTeam(account.id, team.id, { name: 'a' }))).toBe(account.id);
        expect(await heardAfter(directory.updateMember(account.id, member.id, { name: 'a' }))).toBe(account.id);
        expect(await heardAfter(directory.updateKey(account.id, key.id, { name: 'a' }))).toBe(account.id);
        const { secretHash, hint } = createKeySecret();
        const rotation = { secretHash, hint, oldExpiresAtMs: T0 };
        expect(await heardAfter(directory.rotateKey(account.id, key.id, rotation))).toBe(account.id);
        expect(await heardAfter(directory.deleteTeam(account.id, team.id))).toBe(account.id);
        expect(await heardAfter(directory.deleteMember(account.id, member.id))).toBe(account.id);
      });

      test('a client hears of the changes of another', async () => {
        if (!store.shared) return expect(store.open()).rejects.toThrow();
        const other = await open();
        const account = anAccount();
        const heard = new Promise<void>((resolve) =>
          other.onChange((accountId) => {
            if (accountId === account.id) resolve();
          }),
        );
        await directory.createAccount(account);
        await heard;
        expect(await other.findAccount(account.id)).toEqual(account);
      });
    });

    describe('idempotency keys', () => {
      const claim = { scope: 'POST /accounts', key: 'k1', fingerprint: 'f1', atMs: T0 };

      test('new, then resumed, then replayed', async () => {
        expect(await directory.claimIdempotencyKey(claim)).toEqual({ result: 'new' });
        expect(await directory.claimIdempotencyKey({ ...claim, atMs: T0 + 1 })).toEqual({ result: 'resume' });
        const response = { status: 201, body: '{"name":"é\\u0000"}' };
        await directory.completeIdempotencyKey(claim.scope, claim.key, response);
        expect(await directory.claimIdempotencyKey(claim)).toEqual({ result: 'replay', response });
      });

      test('another body under the same key is a conflict, before and after completion', async () => {
        await directory.claimIdempotencyKey(claim);
        expect(await directory.claimIdempotencyKey({ ...claim, fingerprint: 'f2' })).toEqual({ result: 'conflict' });
        await directory.completeIdempotencyKey(claim.scope, claim.key, { status: 201, body: '{}' });
        expect(await directory.claimIdempotencyKey({ ...claim, fingerprint: 'f2' })).toEqual({ result: 'conflict' });
      });

      test('scopes are apart, without an ambiguous border', async () => {
        await directory.claimIdempotencyKey({ ...claim, scope: 'a', key: 'bc' });
        expect(await directory.claimIdempotencyKey({ ...claim, scope: 'ab', key: 'c' })).toEqual({ result: 'new' });
        expect(await directory.claimIdempotencyKey({ ...claim, scope: 'b', key: 'bc' })).toEqual({ result: 'new' });
      });

      test('of many claims at once one is new', async () => {
        const states = await Promise.all(Array.from({ length: 10 }, () => directory.claimIdempotencyKey(claim)));
        expect(states.filter((state) => state.result === 'new')).toHaveLength(1);
        expect(states.filter((state) => state.result === 'resume')).toHaveLength(9);
      });

      test('a completion without a claim is forgotten', async () => {
        await directory.completeIdempotencyKey(claim.scope, claim.key, { status: 201, body: '{}' });
        expect(await directory.claimIdempotencyKey(claim)).toEqual({ result: 'new' });
      });
    });

    test('all is there after the last client was closed', async () => {
      if (!store.durable) return;
      const [account] = await twoAccounts();
      const team = await stored(directory.createTeam(aTeam(account.id)));
      const key = await stored(directory.createKey(aKey(account.id, { teamId: team.id })));
      const claim = { scope: 's', key: 'k', fingerprint: 'f', atMs: T0 };
      await directory.claimIdempotencyKey(claim);
      await directory.close();
      directory = await open();
      expect(await directory.findPrincipal(key.secretHash)).toEqual({ account, team, key, quotas: [] });
      expect(await directory.listTeams(account.id, { limit: 10 })).toEqual([team]);
      expect(await directory.claimIdempotencyKey(claim)).toEqual({ result: 'resume' });
      const later = await stored(directory.createTeam(aTeam(account.id)));
      expect(await directory.listTeams(account.id, { limit: 10 })).toEqual([team, later]);
    });

    test('answers a ping', async () => {
      await directory.ping();
    });
  });
}
