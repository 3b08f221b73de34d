import { createLinkedMap, type LinkedMap } from '../collections/linked-map.ts';
import { findCreditLeft } from '../domain/credit/credit-left.ts';
import { type NanoUsd, smaller } from '../domain/money.ts';
import type { HoldReply } from '../ledger/ledger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { LedgerWrite } from './ledger-write.ts';

export interface GraceBudgetOptions {
  /** For each account, in this process; above zero. */
  budgetNanoUsd: NanoUsd;
  /** How long after the store last admitted a call of a key its calls may go on. */
  lifeMs: number;
  nowMs: () => number;
  /** False: the store is there and must not be trusted, which is no outage. */
  isFit(): boolean;
  /** Ends of calls that an earlier process left in the spool. */
  waiting: readonly LedgerWrite[];
  metrics: Pick<Metrics, 'graceTaken'>;
}

export interface GraceCaller {
  accountId: string;
  keyId: string;
}

/**
 * Lets calls go on while the store does not answer, up to an amount for each account.
 *
 * Taken is the ceiling of a call while it runs, and its cost from its end until the store has taken it. The sum never
 * passes the budget, nor what the account could still spend when the store last answered, by more than what calls cost
 * beyond their ceilings. Once the store has taken such a cost it has to admit a call of the account before another one
 * may go without.
 */
export interface GraceBudget {
  /** What the store has answered to a hold. */
  note(caller: GraceCaller, reply: HoldReply): void;
  /** Something of the account was changed, perhaps its right to make calls: the store has to be asked. */
  forget(accountId: string): void;
  /**
   * Takes room for a call that the store did not answer for.
   * @returns what is left for the account after it; undefined: refused.
   */
  take(caller: GraceCaller, holdId: string, ceilingNanoUsd: NanoUsd): { leftNanoUsd: NanoUsd } | undefined;
  /** The call has ended at this cost, which is on its way to the store. */
  end(holdId: string, costNanoUsd: NanoUsd): void;
  /** The store has taken the end of a call, whichever. */
  acknowledge(write: LedgerWrite): void;
  /** Whether calls of some account may go on without the store. */
  isOpen(): boolean;
}

/** The mark of such a call in the details of its journal entry. */
export const GRACE_DETAIL = 'grace';

/** Those that the store admitted last; each with its keys. */
const ACCOUNTS_AT_MOST = 10_000;
const KEYS_AT_MOST = 1_000;

interface KnownAccount {
  /** What it could still spend by the store's last answer. */
  roomNanoUsd: NanoUsd;
  /** When the store last admitted a call, by key; the latest last. */
  admittedAtMs: LinkedMap<number>;
}

export function createGraceBudget(options: GraceBudgetOptions): GraceBudget {
  const { budgetNanoUsd, lifeMs, nowMs, metrics } = options;
  const known = createLinkedMap<KnownAccount>();
  const taken = createTaken(metrics);
  for (const { kind, command } of options.waiting) {
    // Out of the spool they are read.
    const { details } = command;
    if (kind === 'settle' && typeof details === 'object' && details[GRACE_DETAIL] === true)
      taken.set(command.holdId, command.accountId, command.amountNanoUsd);
  }
  let lastAdmittedAtMs = Number.NEGATIVE_INFINITY;

  const isFresh = (atMs: number | undefined): boolean => atMs !== undefined && nowMs() - atMs <= lifeMs;
  const admit = ({ accountId, keyId }: GraceCaller, roomNanoUsd: NanoUsd): void => {
    const account = known.get(accountId) ?? { roomNanoUsd, admittedAtMs: createLinkedMap<number>() };
    account.roomNanoUsd = roomNanoUsd;
    lastAdmittedAtMs = nowMs();
    putLast(account.admittedAtMs, keyId, lastAdmittedAtMs, KEYS_AT_MOST);
    putLast(known, accountId, account, ACCOUNTS_AT_MOST);
  };
  return {
    note(caller, reply) {
      if (reply.result === 'held' || reply.result === 'exists') admit(caller, findCreditLeft(reply.balance));
      // A quota may be the key's own; everything else is about the account.
      else if (reply.result === 'quota_exceeded') known.get(caller.accountId)?.admittedAtMs.delete(caller.keyId);
      else known.delete(caller.accountId);
    },
    forget: (accountId) => void known.delete(accountId),
    take({ accountId, keyId }, holdId, ceilingNanoUsd) {
      const account = known.get(accountId);
      if (account === undefined || !options.isFit() || !isFresh(account.admittedAtMs.get(keyId))) return undefined;
      const leftNanoUsd = smaller(budgetNanoUsd, account.roomNanoUsd) - taken.of(accountId) - ceilingNanoUsd;
      if (leftNanoUsd < 0n) return undefined;
      taken.set(holdId, accountId, ceilingNanoUsd);
      return { leftNanoUsd };
    },
    end: (holdId, costNanoUsd) => taken.change(holdId, costNanoUsd),
    acknowledge({ kind, command }) {
      const accountId = taken.remove(command.holdId);
      if (accountId !== undefined && kind === 'settle') known.delete(accountId);
    },
    isOpen: () => options.isFit() && known.size > 0 && isFresh(lastAdmittedAtMs),
  };
}

/** Amounts by call, and their sums by account. */
function createTaken(metrics: GraceBudgetOptions['metrics']) {
  const calls = new Map<string, { accountId: string; amountNanoUsd: NanoUsd }>();
  const sums = new Map<string, NanoUsd>();
  let totalNanoUsd = 0n;
  const add = (accountId: string, moreNanoUsd: NanoUsd): void => {
    const sum = (sums.get(accountId) ?? 0n) + moreNanoUsd;
    if (sum === 0n) sums.delete(accountId);
    else sums.set(accountId, sum);
    totalNanoUsd += moreNanoUsd;
    metrics.graceTaken(totalNanoUsd);
  };
  return {
    of: (accountId: string): NanoUsd => sums.get(accountId) ?? 0n,
    set(holdId: string, accountId: string, amountNanoUsd: NanoUsd): void {
      calls.set(holdId, { accountId, amountNanoUsd });
      add(accountId, amountNanoUsd);
    },
    change(holdId: string, amountNanoUsd: NanoUsd): void {
      const call = calls.get(holdId);
      if (call === undefined) return;
      add(call.accountId, amountNanoUsd - call.amountNanoUsd);
      call.amountNanoUsd = amountNanoUsd;
    },
    /** @returns whose it was. */
    remove(holdId: string): string | undefined {
      // Hardly ever are there any.
      const call = calls.size === 0 ? undefined : calls.get(holdId);
      if (call === undefined) return undefined;
      calls.delete(holdId);
      add(call.accountId, -call.amountNanoUsd);
      return call.accountId;
    },
  };
}

/** Puts an entry at the end; the one that has been there for longest goes where there are too many. */
function putLast<Value>(map: LinkedMap<Value>, key: string, value: Value, atMost: number): void {
  map.setLast(key, value);
  const oldest = map.size > atMost ? map.firstKey() : undefined;
  if (oldest !== undefined) map.delete(oldest);
}
