import type { NanoUsd } from '../domain/money.ts';

/** An account as alerts need it. */
export interface WatchedAccount {
  id: string;
  name: string;
  timezone: string;
  lowBalanceNanoUsd: readonly NanoUsd[];
  closedAtMs?: number;
}

export interface WatchedAccountsOptions {
  directory: {
    findAccount(accountId: string): Promise<WatchedAccount | undefined>;
    onChange(listener: (accountId: string | undefined) => void): void;
  };
  nowMs: () => number;
}

/** Accounts remembered; of the rest they are read again. */
const ACCOUNTS_AT_MOST = 10_000;
const FRESH_FOR_MS = 30_000;

/** Finds accounts, each as it is or was within half a minute. */
export type FindWatchedAccount = (accountId: string) => Promise<WatchedAccount | undefined>;

export interface WatchedAccounts {
  find: FindWatchedAccount;
  /** Until when the account that was found last is taken for the account; 0: it was not. */
  knowsUntilMs(accountId: string): number;
}

export function createWatchedAccounts({ directory, nowMs }: WatchedAccountsOptions): WatchedAccounts {
  const known = new Map<string, { account: WatchedAccount | undefined; endsAtMs: number }>();
  directory.onChange((accountId) => {
    if (accountId === undefined) known.clear();
    else known.delete(accountId);
  });
  const find: FindWatchedAccount = async (accountId) => {
    const present = known.get(accountId);
    if (present !== undefined && nowMs() < present.endsAtMs) return present.account;
    const account = await directory.findAccount(accountId);
    known.delete(accountId);
    known.set(accountId, { account, endsAtMs: nowMs() + FRESH_FOR_MS });
    if (known.size > ACCOUNTS_AT_MOST) known.delete(known.keys().next().value ?? accountId);
    return account;
  };
  return { find, knowsUntilMs: (accountId) => known.get(accountId)?.endsAtMs ?? 0 };
}
