import { afterEach, beforeEach } from 'vitest';
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

export const T0 = 1_795_000_000_000;

export const anAccount = (change: Partial<Account> = {}): Account => ({
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
export const aTeam = (accountId: string, change: Partial<Team> = {}): Team => ({
  id: createId('team', T0),
  accountId,
  name: 'Search',
  createdAtMs: T0,
  ...change,
});
export const aMember = (accountId: string, change: Partial<Member> = {}): Member => ({
  id: createId('mem', T0),
  accountId,
  name: 'Ada "\\ \u0000 é \u{1f511}',
  createdAtMs: T0,
  ...change,
});
export const aKey = (accountId: string, change: Partial<Key> = {}): Key => {
  const { secretHash, hint } = createKeySecret();
  return { id: createId('key', T0), accountId, name: 'ci', secretHash, hint, createdAtMs: T0, ...change };
};

/** The store of the test that runs. */
export interface DirectoryInUse {
  readonly store: DirectoryStore;
  /** The first client; a test may put another in its place. */
  directory: Directory;
  /** A further client. */
  open(): Promise<Directory>;
  twoAccounts(): Promise<[Account, Account]>;
}

/** To be called within a suite: a store of its own for each of its tests. */
export function useDirectory(createStore: () => Promise<DirectoryStore>): DirectoryInUse {
  const opened: Directory[] = [];
  const use: { -readonly [Name in keyof DirectoryInUse]: DirectoryInUse[Name] } = {
    // Both are there while a test runs.
    store: undefined as never,
    directory: undefined as never,
    async open() {
      const client = await use.store.open();
      opened.push(client);
      return client;
    },
    twoAccounts: async () => [
      await stored(use.directory.createAccount(anAccount())),
      await stored(use.directory.createAccount(anAccount({ name: 'Other' }))),
    ],
  };
  beforeEach(async () => {
    use.store = await createStore();
    use.directory = await use.open();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await use.store.destroy();
  });
  return use;
}

/** The record made; fails the test where none was. */
export async function stored<T>(creation: Promise<Created<T> | { result: 'too_many' }>): Promise<T> {
  const reply = await creation;
  if (reply.result !== 'created') throw new Error(`not created: ${JSON.stringify(reply)}`);
  return reply.record;
}
