import { netBalance } from '../alerts/read-levels.ts';
import { createWatchList } from '../collections/watch-list.ts';
import type { AccountBalance } from '../domain/credit/credit-types.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { WindowFinder } from '../domain/quota-window.ts';
import type { Ledger, RequestReloadCommand, RequestReloadReply } from '../ledger/ledger.ts';

export interface WatchReloadsParts {
  ledger: Pick<Ledger, 'readReload' | 'requestReload'>;
  /** Undefined: there is no such account. */
  findTimezone(accountId: string): Promise<string | undefined>;
  findWindow: WindowFinder;
  nowMs: () => number;
  /** A request was made. */
  onRequest(accountId: string): void;
  logger: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}

/** Sees balances fall and asks the ledger for a reload, which decides. All of it beside the callers' way. */
export interface ReloadWatch {
  /** Returns at once and never throws: most calls end at a comparison. */
  observe(accountId: string, balance: AccountBalance): void;
  /** A call was refused for want of credit. */
  refused(accountId: string, need: { neededNanoUsd: NanoUsd; modelLabels: readonly string[] }): void;
  /** The account's auto-reload was set by this process. */
  forget(accountId: string): void;
  /**
   * Asks the ledger about balances that were low and had to wait, for a pause, a cap or a request before: no call may
   * come that would show them again. To be called every few seconds.
   */
  lookAgain(): void;
  /** Resolves when everything observed so far has been dealt with. */
  settled(): Promise<void>;
}

/** What was set by another process is known here after so long at the latest. */
export const RELOAD_KNOWN_FOR_MS = 30_000;
/** After an answer that stands for a while the ledger is not asked again for so long. */
const QUIET_MS = 10_000;
const LONGEST_QUIET_MS = 60_000;
const ACCOUNTS_AT_MOST = 10_000;
const WAITING_AT_MOST = 1_000;

interface Known {
  /** Undefined: it is off. */
  thresholdNanoUsd: NanoUsd | undefined;
  knownUntilMs: number;
  quietUntilMs: number;
  /** Of refused calls: that none is needed for one says nothing of the next. */
  refusedQuietUntilMs: number;
}

const NOTHING: Known = { thresholdNanoUsd: undefined, knownUntilMs: 0, quietUntilMs: 0, refusedQuietUntilMs: 0 };

/** `wait`: the balance is looked at again when the quiet is over. */
type WatchParts = WatchReloadsParts & { wait(accountId: string): void };
type Refused = NonNullable<RequestReloadCommand['refused']>;

export function createReloadWatch(options: WatchReloadsParts): ReloadWatch {
  const accounts = createWatchList(ACCOUNTS_AT_MOST, NOTHING);
  const waiting = new Set<string>();
  const wait = (accountId: string): void => {
    if (waiting.size < WAITING_AT_MOST) waiting.add(accountId);
  };
  const parts: WatchParts = { ...options, wait };
  const observe: ReloadWatch['observe'] = (accountId, balance) => {
    const watched = accounts.find(accountId);
    const nowMs = parts.nowMs();
    if (!mayBeLow(watched, balance, nowMs)) return;
    if (nowMs < watched.quietUntilMs) wait(accountId);
    else if (watched.busy) accounts.postpone(watched, 'balance', () => observe(accountId, balance));
    else accounts.begin(watched, () => lookAtBalance(parts, watched, accountId, balance));
  };
  const refused: ReloadWatch['refused'] = (accountId, need) => {
    const watched = accounts.find(accountId);
    const nowMs = parts.nowMs();
    const isOff = nowMs < watched.knownUntilMs && watched.thresholdNanoUsd === undefined;
    if (isOff || nowMs < watched.refusedQuietUntilMs) return;
    if (watched.busy) accounts.postpone(watched, 'refused', () => refused(accountId, need));
    else accounts.begin(watched, () => request(parts, watched, accountId, need));
  };
  const lookAgain = (): void => {
    for (const accountId of waiting) {
      const watched = accounts.find(accountId);
      if (watched.busy || parts.nowMs() < watched.quietUntilMs) continue;
      waiting.delete(accountId);
      accounts.begin(watched, () => request(parts, watched, accountId, undefined));
    }
  };
  return { observe, refused, lookAgain, forget: accounts.forget, settled: accounts.settled };
}

function mayBeLow(watched: Known, balance: AccountBalance, nowMs: number): boolean {
  if (nowMs >= watched.knownUntilMs) return true;
  return watched.thresholdNanoUsd !== undefined && unspentOf(balance) < watched.thresholdNanoUsd;
}

/** As the ledger counts: credit yet to come is not spent either. */
function unspentOf(balance: AccountBalance): NanoUsd {
  return netBalance(balance) + balance.pendingNanoUsd;
}

async function lookAtBalance(
  parts: WatchParts,
  watched: Known,
  accountId: string,
  balance: AccountBalance,
): Promise<void> {
  try {
    if (parts.nowMs() >= watched.knownUntilMs) {
      const reload = await parts.ledger.readReload(accountId);
      watched.thresholdNanoUsd = reload?.enabled === true ? reload.thresholdNanoUsd : undefined;
      watched.knownUntilMs = parts.nowMs() + RELOAD_KNOWN_FOR_MS;
    }
  } catch (error) {
    rest(parts, watched, accountId, error);
    return;
  }
  if (mayBeLow(watched, balance, parts.nowMs())) await request(parts, watched, accountId, undefined);
}

/** Asks the ledger. Never rejects. */
async function request(
  parts: WatchParts,
  watched: Known,
  accountId: string,
  refused: Refused | undefined,
): Promise<void> {
  try {
    const timezone = await parts.findTimezone(accountId);
    const monthEndsAtMs = parts.findWindow('month', parts.nowMs(), timezone ?? 'UTC').endsAtMs ?? 0;
    const reply = await parts.ledger.requestReload({
      accountId,
      monthEndsAtMs,
      ...(refused === undefined ? {} : { refused }),
    });
    note(parts, watched, accountId, reply);
    if (reply.result === 'requested') parts.onRequest(accountId);
  } catch (error) {
    rest(parts, watched, accountId, error);
  }
}

function note(parts: WatchParts, watched: Known, accountId: string, reply: RequestReloadReply): void {
  const nowMs = parts.nowMs();
  const standsUntilMs = 'untilMs' in reply ? Math.min(reply.untilMs, nowMs + LONGEST_QUIET_MS) : nowMs + QUIET_MS;
  switch (reply.result) {
    case 'not_needed':
      // A balance that another reply has overtaken, or a call that others were ahead of.
      return;
    case 'too_small':
      watched.refusedQuietUntilMs = nowMs + QUIET_MS;
      return;
    case 'off':
    case 'postpaid':
    case 'closed':
    case 'frozen':
    case 'no_account':
      watched.thresholdNanoUsd = undefined;
      watched.knownUntilMs = nowMs + RELOAD_KNOWN_FOR_MS;
      return;
    case 'bad_time':
    case 'out_of_range':
      parts.logger.warn({ account_id: accountId, result: reply.result }, 'a reload could not be requested');
  }
  parts.wait(accountId);
  watched.quietUntilMs = standsUntilMs;
  watched.refusedQuietUntilMs = standsUntilMs;
}

function rest(parts: WatchParts, watched: Known, accountId: string, error: unknown): void {
  watched.quietUntilMs = parts.nowMs() + QUIET_MS;
  watched.refusedQuietUntilMs = watched.quietUntilMs;
  parts.wait(accountId);
  parts.logger.error({ err: error, account_id: accountId }, 'a balance could not be looked at for auto-reload');
}
