import { createLinkedMap } from '../collections/linked-map.ts';
import type { AccountBalance } from '../domain/credit/credit-types.ts';

export type AccountPolicy = Pick<AccountBalance, 'status' | 'mode' | 'creditLimitNanoUsd'>;

/** The last that this process was told of an account. What is told next is another one. */
export interface SeenAccount {
  readonly accountId: string;
  readonly sequence: number;
  readonly policy: AccountPolicy;
  readonly atMs: number;
  /** How often the account has gone back: a reply to what was sent before the last time tells nothing. */
  readonly epoch: number;
}

/** An account whose sequence is lower than it was. */
export interface Regression {
  accountId: string;
  before: SeenAccount;
  /** Undefined: the store does not know the account any more. */
  found: AccountBalance | undefined;
}

/** What was seen of an account when a command was sent; undefined: nothing yet. */
export type SeenAtSending = Pick<SeenAccount, 'sequence' | 'epoch'> | undefined;

/** The highest sequence seen of each account. Redis has one order, so it never sinks unless writes were lost. */
export interface SeenSequences {
  beforeSending(accountId: string): SeenAtSending;
  /** @returns how the account has gone back, if this reply shows it. */
  see(accountId: string, found: AccountBalance | undefined, sent: SeenAtSending): Regression | undefined;
  /** The policy was changed by this process. */
  notePolicy(accountId: string, changes: Partial<AccountPolicy>): void;
  /** Whether the account has gone back since the command was sent. */
  isOutdated(accountId: string, sent: SeenAtSending): boolean;
  /** Accounts not heard of since that instant, longest first. */
  silentSince(atMs: number): string[];
}

export function createSeenSequences(nowMs: () => number, accountsAtMost: number): SeenSequences {
  const seen = createLinkedMap<SeenAccount>();
  const keep = (account: SeenAccount): void => {
    seen.setLast(account.accountId, account);
    const oldest = seen.size > accountsAtMost ? seen.firstKey() : undefined;
    if (oldest !== undefined) seen.delete(oldest);
  };
  const isOutdated = (accountId: string, sent: SeenAtSending): boolean =>
    (seen.get(accountId)?.epoch ?? 0) !== (sent?.epoch ?? 0);
  return {
    beforeSending: (accountId) => seen.get(accountId),
    see(accountId, found, sent) {
      const present = seen.get(accountId);
      if ((present?.epoch ?? 0) !== (sent?.epoch ?? 0)) return undefined;
      const sequence = found?.sequence ?? 0;
      // Replies of one batch may be read out of order: only what had been seen before it was sent convicts one.
      if (present !== undefined && sent !== undefined && sequence < sent.sequence) {
        const policy = found === undefined ? present.policy : policyOf(found, present.policy);
        keep({ accountId, sequence, policy, atMs: nowMs(), epoch: present.epoch + 1 });
        return { accountId, before: present, found };
      }
      if (found === undefined) return undefined;
      if (present === undefined || sequence >= present.sequence) {
        const policy = policyOf(found, present?.policy);
        keep({ accountId, sequence, policy, atMs: nowMs(), epoch: present?.epoch ?? 0 });
      }
      return undefined;
    },
    notePolicy(accountId, changes) {
      const present = seen.get(accountId);
      if (present !== undefined) seen.set(accountId, { ...present, policy: { ...present.policy, ...changes } });
    },
    isOutdated,
    silentSince: (atMs) =>
      seen
        .values()
        .filter((account) => account.atMs < atMs)
        .map(({ accountId }) => accountId),
  };
}

/** The one that is known where nothing has changed, as hardly ever anything has. */
function policyOf(
  { status, mode, creditLimitNanoUsd }: AccountPolicy,
  known: AccountPolicy | undefined,
): AccountPolicy {
  const isKnown = known?.status === status && known.mode === mode && known.creditLimitNanoUsd === creditLimitNanoUsd;
  return isKnown ? known : { status, mode, creditLimitNanoUsd };
}
