import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AccountAlerts, AlertStore } from './alert-store.ts';
import { decideLowBalance, type LevelState } from './low-balance.ts';
import { createLowBalanceNotice, netBalance } from './low-balance-notice.ts';

export interface WatchBalancesOptions {
  store: Pick<AlertStore, 'readAlerts' | 'changeAlerts'>;
  nowMs: () => number;
  logger: Pick<Logger, 'warn' | 'error'>;
  metrics: Pick<Metrics, 'alertSent' | 'storeFailed'>;
  /** Whether notices go to a webhook. If not, an alert is a log line and a metric. */
  hasWebhook: boolean;
  /** A notice was put into the outbox. */
  onNotice?: () => void;
  /** The shortest time between two notices of one level of an account; 24 hours unless given. */
  coolDownMs?: number;
}

/** An account as the watch needs it. */
export interface WatchedAccount {
  id: string;
  name: string;
  lowBalanceNanoUsd: readonly NanoUsd[];
}

export interface BalanceWatch {
  /**
   * Looks at a balance that the ledger replied with. Returns at once and never throws: most calls end at a
   * comparison, the rest goes on beside the caller.
   */
  observe(account: WatchedAccount, balance: AccountBalance): void;
  /** Resolves when everything observed so far has been dealt with. For shutdown. */
  settled(): Promise<void>;
}

export const COOL_DOWN_MS = 24 * 3_600_000;
/** What other replicas did to an account's alerts is known here after so long at the latest. */
const KNOWN_FOR_MS = 30_000;
/** After a fault of the store an account is left alone for so long. */
const FAULT_PAUSE_MS = 5_000;
/** Accounts remembered; of the rest the alerts are read again. */
const ACCOUNTS_AT_MOST = 10_000;
/** Other replicas that may change the same account before a turn is given up; the next observation tries again. */
const TURNS_AT_MOST = 5;

interface Watched {
  alerts: AccountAlerts | undefined;
  readAtMs: number;
  notBeforeMs: number;
  sequence: number;
  sequenceAtMs: number;
  /** The newest observation that came while one was being dealt with. */
  next: (() => void) | undefined;
  busy: boolean;
}

/**
 * Watches balances for falls to an account's levels. However many replicas watch one store, a fall is told once: the
 * states change by compare-and-set.
 */
export function createBalanceWatch(options: WatchBalancesOptions): BalanceWatch {
  const accounts = new Map<string, Watched>();
  const running = new Set<Promise<void>>();

  const observe = (account: WatchedAccount, balance: AccountBalance): void => {
    const nowMs = options.nowMs();
    const watched = findWatched(accounts, account.id);
    // Replies can overtake each other. A sequence that stays behind (a fail-over) is believed after a while.
    if (balance.sequence < watched.sequence && nowMs - watched.sequenceAtMs < KNOWN_FOR_MS) return;
    watched.sequence = balance.sequence;
    watched.sequenceAtMs = nowMs;
    if (watched.busy) {
      watched.next = () => observe(account, balance);
      return;
    }
    if (nowMs < watched.notBeforeMs || !needsStore(options, watched, account, balance, nowMs)) return;
    watched.busy = true;
    const work = evaluate(options, watched, account, balance).finally(() => {
      running.delete(work);
      watched.busy = false;
      const { next } = watched;
      watched.next = undefined;
      next?.();
    });
    running.add(work);
  };
  return {
    observe,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function findWatched(accounts: Map<string, Watched>, accountId: string): Watched {
  const known = accounts.get(accountId);
  const watched = known ?? {
    alerts: undefined,
    readAtMs: 0,
    notBeforeMs: 0,
    sequence: 0,
    sequenceAtMs: 0,
    next: undefined,
    busy: false,
  };
  // Set again, so that the first in the map is the one not seen for longest.
  accounts.delete(accountId);
  accounts.set(accountId, watched);
  const [oldest] = accounts.keys();
  if (accounts.size > ACCOUNTS_AT_MOST && oldest !== undefined) accounts.delete(oldest);
  return watched;
}

function needsStore(
  options: WatchBalancesOptions,
  watched: Watched,
  account: WatchedAccount,
  balance: AccountBalance,
  nowMs: number,
): boolean {
  const { alerts } = watched;
  if (alerts === undefined) return account.lowBalanceNanoUsd.length > 0;
  if (nowMs - watched.readAtMs >= KNOWN_FOR_MS) return account.lowBalanceNanoUsd.length > 0 || alerts.states.length > 0;
  return decide(options, account, balance, alerts.states, nowMs).changed;
}

function decide(
  options: WatchBalancesOptions,
  account: WatchedAccount,
  balance: AccountBalance,
  states: readonly LevelState[],
  nowMs: number,
) {
  return decideLowBalance({
    levelsNanoUsd: account.lowBalanceNanoUsd,
    states,
    balanceNanoUsd: netBalance(balance),
    nowMs,
    coolDownMs: options.coolDownMs ?? COOL_DOWN_MS,
  });
}

async function evaluate(
  options: WatchBalancesOptions,
  watched: Watched,
  account: WatchedAccount,
  balance: AccountBalance,
): Promise<void> {
  try {
    for (let turn = 1; turn <= TURNS_AT_MOST; turn += 1) {
      const alerts = await options.store.readAlerts(account.id);
      const nowMs = options.nowMs();
      const decision = decide(options, account, balance, alerts.states, nowMs);
      watched.alerts = alerts;
      watched.readAtMs = nowMs;
      if (!decision.changed) return;
      if (await change(options, account, balance, alerts.revision, decision, nowMs)) {
        // The new revision is the store's to know: it is read before the next change.
        watched.alerts = { revision: '', states: decision.states };
        return;
      }
    }
    watched.alerts = undefined;
  } catch (error) {
    watched.alerts = undefined;
    watched.notBeforeMs = options.nowMs() + FAULT_PAUSE_MS;
    options.metrics.storeFailed('alerts');
    options.logger.error(
      { err: error, account_id: account.id },
      'the low-balance alerts of an account could not be kept',
    );
  }
}

async function change(
  options: WatchBalancesOptions,
  account: WatchedAccount,
  balance: AccountBalance,
  revision: string,
  decision: ReturnType<typeof decideLowBalance>,
  nowMs: number,
): Promise<boolean> {
  const { states, fire } = decision;
  const notice = fire === undefined ? undefined : createLowBalanceNotice(account, balance, fire);
  const result = await options.store.changeAlerts({
    accountId: account.id,
    revision,
    states,
    nowMs,
    ...(notice !== undefined && options.hasWebhook ? { notice } : {}),
  });
  if (result === 'stale') return false;
  if (fire !== undefined) {
    const money = { level_usd: formatUsd(fire.levelNanoUsd), balance_usd: formatUsd(netBalance(balance)) };
    options.logger.warn(
      { event: 'balance.low', account_id: account.id, account: account.name, ...money },
      'balance low',
    );
    options.metrics.alertSent('log', 'delivered');
    if (options.hasWebhook) options.onNotice?.();
  }
  return true;
}
