import type { Ledger } from '../ledger/ledger.ts';
import { observeReplies } from '../ledger/observe-replies.ts';
import type { BalanceWatch, WatchedAccount } from './watch-balances.ts';

/** Accounts whose levels are remembered; of the rest they are read again. */
const ACCOUNTS_AT_MOST = 10_000;
const FRESH_FOR_MS = 30_000;

export interface ObserveLedgerOptions {
  watch: Pick<BalanceWatch, 'observe'>;
  directory: {
    findAccount(accountId: string): Promise<WatchedAccount | undefined>;
    onChange(listener: (accountId: string | undefined) => void): void;
  };
  nowMs: () => number;
  logger: { warn(facts: object, text: string): void };
  /** An account asked for a hold: it is in use. */
  onHold(accountId: string): void;
}

/**
 * The same ledger, whose every reply that carries a balance is shown to the watch, beside the caller's way.
 */
export function observeLedger(ledger: Ledger, options: ObserveLedgerOptions): Ledger {
  const findWatched = createWatchedAccounts(options);
  const observed = observeReplies(ledger, (accountId, balance) => {
    findWatched(accountId).then(
      (account) => account !== undefined && options.watch.observe(account, balance),
      (error: unknown) => options.logger.warn({ err: error, account_id: accountId }, 'balance not watched'),
    );
  });
  return {
    ...observed,
    hold(command) {
      options.onHold(command.accountId);
      return observed.hold(command);
    },
  };
}

function createWatchedAccounts({ directory, nowMs }: ObserveLedgerOptions) {
  const known = new Map<string, { account: WatchedAccount | undefined; endsAtMs: number }>();
  directory.onChange((accountId) => {
    if (accountId === undefined) known.clear();
    else known.delete(accountId);
  });
  return async (accountId: string): Promise<WatchedAccount | undefined> => {
    const present = known.get(accountId);
    if (present !== undefined && nowMs() < present.endsAtMs) return present.account;
    const account = await directory.findAccount(accountId);
    known.delete(accountId);
    known.set(accountId, { account, endsAtMs: nowMs() + FRESH_FOR_MS });
    if (known.size > ACCOUNTS_AT_MOST) known.delete(known.keys().next().value ?? accountId);
    return account;
  };
}
