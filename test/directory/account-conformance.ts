import { describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import type { Account, Team } from '../../src/directory/directory.ts';
import { aKey, anAccount, aTeam, type DirectoryInUse, stored, T0 } from './directory-fixtures.ts';

/** Accounts, and the lists of all records. */
export function describeAccounts(on: DirectoryInUse): void {
  describe('accounts', () => {
    test('are found as they were made, amounts exact', async () => {
      const account = anAccount({ mode: 'postpaid', creditLimitNanoUsd: 100_000_000_000_001n });
      expect(await on.directory.createAccount(account)).toEqual({ result: 'created', record: account });
      expect(await on.directory.findAccount(account.id)).toEqual(account);
      expect(await on.directory.findAccount(createId('acct', T0))).toBeUndefined();
    });

    test('the same id and content is the same account, whenever it is sent and whatever was changed since', async () => {
      const account = await stored(on.directory.createAccount(anAccount()));
      const changed = await on.directory.updateAccount(account.id, { name: 'Renamed' });
      const again = await on.directory.createAccount({ ...account, createdAtMs: T0 + 5 });
      expect(again).toEqual({ result: 'exists', record: changed });
    });

    test('the same id with other content is a conflict and changes nothing', async () => {
      const account = await stored(on.directory.createAccount(anAccount()));
      for (const other of [{ name: 'x' }, { creditLimitNanoUsd: 1n }, { lowBalanceNanoUsd: [] }]) {
        expect(await on.directory.createAccount({ ...account, ...other })).toEqual({ result: 'conflict' });
      }
      expect(await on.directory.findAccount(account.id)).toEqual(account);
      expect(await on.directory.listAccounts({ limit: 10 })).toEqual([account]);
    });

    test('a change touches only what it names', async () => {
      const [account, other] = await on.twoAccounts();
      const change = { creditLimitNanoUsd: 9_007_199_254_740_991n, lowBalanceNanoUsd: [1n], closedAtMs: T0 + 1 };
      expect(await on.directory.updateAccount(account.id, change)).toEqual({ ...account, ...change });
      expect(await on.directory.findAccount(account.id)).toEqual({ ...account, ...change });
      expect(await on.directory.findAccount(other.id)).toEqual(other);
      expect(await on.directory.updateAccount(createId('acct', T0), change)).toBeUndefined();
    });

    test('prices of its own come, reach the principal, and go one by one', async () => {
      const account = await stored(on.directory.createAccount(anAccount()));
      const key = await stored(on.directory.createKey(aKey(account.id)));
      const own = {
        priceMultiplier: '1.25',
        priceOverrides: [
          { model: 'claude-opus-5', input: '4.5', effectiveFromMs: T0 },
          { model: 'claude-opus-5', output: '20' },
        ],
      };
      expect(await on.directory.updateAccount(account.id, own)).toEqual({ ...account, ...own });
      expect((await on.directory.findPrincipal(key.secretHash))?.account).toEqual({ ...account, ...own });
      const { priceMultiplier: _, ...overrides } = own;
      expect(await on.directory.updateAccount(account.id, { priceMultiplier: null })).toEqual({
        ...account,
        ...overrides,
      });
      expect(await on.directory.updateAccount(account.id, { priceOverrides: null })).toEqual(account);
      expect(await on.directory.findAccount(account.id)).toEqual(account);
    });

    test('concurrent changes are all kept', async () => {
      const account = await stored(on.directory.createAccount(anAccount()));
      await Promise.all([
        on.directory.updateAccount(account.id, { name: 'Both' }),
        on.directory.updateAccount(account.id, { timezone: 'UTC' }),
        on.directory.updateAccount(account.id, { onDisconnect: 'cancel' }),
        on.directory.updateAccount(account.id, { onExhausted: 'cut' }),
      ]);
      expect(await on.directory.findAccount(account.id)).toEqual({
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
        accounts.push(await stored(on.directory.createAccount(account)));
      }
      const pages: Account[][] = [];
      for (let after: string | undefined; ; ) {
        const page = await on.directory.listAccounts({ limit: 3, ...(after === undefined ? {} : { after }) });
        if (page.length === 0) break;
        pages.push(page);
        after = page.at(-1)?.id;
      }
      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(pages.flat()).toEqual(accounts);
    });

    test('hold only the account asked for, and after an unknown id nothing', async () => {
      const [one, other] = await on.twoAccounts();
      const teams = [
        await stored(on.directory.createTeam(aTeam(one.id))),
        await stored(on.directory.createTeam(aTeam(one.id))),
      ];
      const theirs = await stored(on.directory.createTeam(aTeam(other.id)));
      expect(await on.directory.listTeams(one.id, { limit: 10 })).toEqual(teams);
      expect(await on.directory.listTeams(other.id, { limit: 10 })).toEqual([theirs]);
      expect(await on.directory.listTeams(createId('acct', T0), { limit: 10 })).toEqual([]);
      expect(await on.directory.listTeams(one.id, { limit: 10, after: createId('team', T0) })).toEqual([]);
    });

    test('bring a limit outside 1 to 1,000 into it', async () => {
      const accounts = [
        await stored(on.directory.createAccount(anAccount())),
        await stored(on.directory.createAccount(anAccount())),
      ];
      expect(await on.directory.listAccounts({ limit: 0 })).toEqual(accounts.slice(0, 1));
      expect(await on.directory.listAccounts({ limit: -5 })).toEqual(accounts.slice(0, 1));
      expect(await on.directory.listAccounts({ limit: 1e9 })).toEqual(accounts);
    });

    test('leave out what was deleted and keep the order of the rest', async () => {
      const [account] = await on.twoAccounts();
      const teams: Team[] = [];
      for (let index = 0; index < 3; index += 1) teams.push(await stored(on.directory.createTeam(aTeam(account.id))));
      await on.directory.deleteTeam(account.id, teams[1]!.id);
      expect(await on.directory.listTeams(account.id, { limit: 10 })).toEqual([teams[0], teams[2]]);
    });
  });
}
