import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AlertBook } from './alert-book.ts';
import type { AlertRule } from './alert-rule.ts';
import { createAlertNotice } from './create-notice.ts';
import type { AlertState } from './decide-alert.ts';
import { logAlert } from './log-alert.ts';
import type { DirectTeller } from './tell-directly.ts';

export interface WatchStoreDownParts {
  /** Rejects while the store cannot be used. */
  ping(): Promise<void>;
  book: Pick<AlertBook, 'recall'>;
  teller: Pick<DirectTeller, 'tell'>;
  nowMs: () => number;
  every: (intervalMs: number, run: () => void) => () => void;
  logger: Pick<Logger, 'info' | 'warn'>;
  metrics: Pick<Metrics, 'alertSent'>;
}

export interface StoreDownWatch {
  /** One look; never rejects. */
  check(): Promise<void>;
  stop(): void;
}

const CHECK_EVERY_MS = 5_000;
/** Looks in a row that say so, before it is told that the store is away, or back. */
export const LOOKS_TO_BELIEVE = 3;
/** Replicas that lose the store within one such span tell of it under one id. */
const SPAN_MS = 10 * 60_000;

/**
 * Tells that the store does not answer, which no store can keep: once per process, by what was last known of rules and
 * channels; and when it is back. The quiet time is kept in the process, too.
 */
export function createStoreDownWatch(parts: WatchStoreDownParts): StoreDownWatch {
  let state: AlertState = { level: 'store', state: 'recovered', firedAtMs: Number.NEGATIVE_INFINITY };
  let looks = 0;
  let isTold = false;
  let running: Promise<void> | undefined;

  const note = (isUp: boolean): void => {
    const nowMs = parts.nowMs();
    const isDown = state.state === 'fired';
    looks = isUp === isDown ? looks + 1 : 0;
    if (looks < LOOKS_TO_BELIEVE) return;
    looks = 0;
    const rules = parts.book.recall('store_down').rules.filter(({ enabled }) => enabled);
    const quietMs = Math.min(...rules.map((rule) => rule.quietMs));
    if (isUp) {
      state = { ...state, state: 'recovered' };
      if (isTold) for (const rule of rules) if (rule.recovery) tell(parts, rule, state);
      isTold = false;
      return;
    }
    // Away again within the quiet time: it is told when that is over, should it still be away.
    if (rules.length === 0 || nowMs - state.firedAtMs < quietMs) return;
    state = { level: 'store', state: 'fired', firedAtMs: nowMs };
    isTold = true;
    for (const rule of rules) tell(parts, rule, state);
  };
  const check = (): Promise<void> => {
    running ??= parts
      .ping()
      .then(
        () => note(true),
        () => note(false),
      )
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  const stop = parts.every(CHECK_EVERY_MS, () => void check());
  return { check, stop };
}

function tell(parts: WatchStoreDownParts, rule: AlertRule, state: AlertState): void {
  const spanned = { ...state, level: `${Math.floor(state.firedAtMs / SPAN_MS)}` };
  const data = {};
  const notice = createAlertNotice({ rule, account: undefined, state: spanned, data, nowMs: parts.nowMs() });
  // All replicas of a span under one id; the instant at which each noticed it is in the notice.
  const id = `${rule.id}_${spanned.level}${state.state === 'recovered' ? '_recovered' : ''}`;
  const { channels } = parts.book.recall('store_down');
  const wanted = channels.filter((channel) =>
    rule.channels === undefined ? channel.isDefault && channel.enabled : rule.channels.includes(channel.id),
  );
  logAlert(parts, { type: notice.type, rule, account: undefined, data });
  parts.teller.tell({ id, payload: notice.payload }, wanted);
}
