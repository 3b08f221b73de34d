import { createRounds } from '../reports/create-rounds.ts';
import type { AlertBook } from './alert-book.ts';
import type { AlertStore } from './alert-store.ts';
import { type LookParts, lookAtAccount } from './look-at-account.ts';
import { type TidyParts, tidyAlerts } from './tidy-alerts.ts';
import type { FindWatchedAccount, WatchedAccount } from './watched-accounts.ts';

export interface LookAtAccountsParts extends LookParts, TidyParts {
  store: Pick<AlertStore, 'claimLook'> & TidyParts['store'];
  book: LookParts['book'] & TidyParts['book'] & Pick<AlertBook, 'listInstallationChannels'>;
  directory: LookParts['directory'] & {
    listAccounts(page: { after?: string; limit: number }): Promise<readonly WatchedAccount[]>;
  };
  findAccount: FindWatchedAccount;
  every: (intervalMs: number, run: () => void) => () => void;
  logger: { warn(facts: object, text: string): void };
}

/** Looks for what no reply of the ledger shows: time that passes, and what is known by sums only. */
export interface AccountLook {
  /** The account is in use: it is looked at in the next round. */
  note(accountId: string): void;
  /** One round; never rejects. */
  run(): Promise<void>;
  /** Ends after the account under way. */
  stop(): Promise<void>;
}

const ROUND_EVERY_MS = 30_000;
/** An account in use is looked at so often by each process at most. */
const LOOK_EVERY_MS = 60_000;
/** All accounts, by one process for all of them. */
const ALL_EVERY_MS = 15 * 60_000;
const ACCOUNTS_PAGE = 200;
/** Accounts remembered between two rounds; the round over all accounts looks at the rest. */
const ACCOUNTS_AT_MOST = 10_000;

export function createAccountLook(parts: LookAtAccountsParts): AccountLook {
  const { logger, nowMs } = parts;
  let inUse = new Set<string>();
  const lookedAtMs = new Map<string, number>();

  const look = async (account: WatchedAccount | undefined): Promise<void> => {
    if (account === undefined) return;
    try {
      await lookAtAccount(parts, account);
    } catch (error) {
      logger.warn({ err: error, account_id: account.id }, 'an account was not looked at for alerts');
    }
  };
  const lookAtUsed = async (): Promise<void> => {
    const noted = inUse;
    inUse = new Set();
    for (const [accountId, atMs] of lookedAtMs) if (nowMs() - atMs >= LOOK_EVERY_MS) lookedAtMs.delete(accountId);
    for (const accountId of noted) {
      if (rounds.isStopping()) return;
      // Looked at a moment ago: it stays noted, lest the last use before a pause is missed.
      if (lookedAtMs.has(accountId)) inUse.add(accountId);
      else {
        lookedAtMs.set(accountId, nowMs());
        await look(await parts.findAccount(accountId));
      }
    }
  };
  const lookAtAll = async (): Promise<void> => {
    let after: string | undefined;
    for (;;) {
      const page = await parts.directory.listAccounts({
        ...(after === undefined ? {} : { after }),
        limit: ACCOUNTS_PAGE,
      });
      for (const account of page) {
        if (rounds.isStopping()) return;
        await look(account);
      }
      after = page.at(-1)?.id;
      if (page.length < ACCOUNTS_PAGE) return;
    }
  };
  const round = async (): Promise<void> => {
    try {
      // What is known of rules and channels stays fresh for when the store does not answer.
      await Promise.all([parts.book.listInstallationRules(), parts.book.listInstallationChannels()]);
      await lookAtUsed();
      if (rounds.isStopping()) return;
      await tidyAlerts(parts);
      if (await parts.store.claimLook({ nowMs: nowMs(), everyMs: ALL_EVERY_MS })) await lookAtAll();
    } catch (error) {
      logger.warn({ err: error }, 'accounts were not looked at for alerts');
    }
  };
  const rounds = createRounds({ every: parts.every, everyMs: ROUND_EVERY_MS, round });
  return {
    note(accountId) {
      if (inUse.size < ACCOUNTS_AT_MOST) inUse.add(accountId);
    },
    run: rounds.run,
    stop: rounds.stop,
  };
}
