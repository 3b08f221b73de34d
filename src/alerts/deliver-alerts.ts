import type { Metrics } from '../observability/metrics.ts';
import type { AlertBook } from './alert-book.ts';
import { BUILT_IN_CHANNEL_ID } from './alert-channel.ts';
import type { AlertStore, ClaimedNotice } from './alert-store.ts';
import { type SendNoticeParts, sendNotice } from './send-notice.ts';

export interface DeliverAlertsOptions extends SendNoticeParts {
  store: Pick<AlertStore, 'claimDue' | 'completeNotice' | 'postponeNotice' | 'addDelivery'>;
  book: Pick<AlertBook, 'findChannel'>;
  metrics: Pick<Metrics, 'alertSent' | 'storeFailed'>;
  /** 0 <= x < 1; Math.random unless given. */
  random?: () => number;
}

export interface AlertDeliveries {
  /** Sends what is due now and resolves when it is done. Never throws. */
  deliverDue(): Promise<void>;
  /** From now on what is due is sent, every few seconds. */
  start(): void;
  /** Ends that. Resolves when the delivery under way, if any, has ended. */
  stop(): Promise<void>;
}

export const ATTEMPTS_AT_MOST = 10;
/** Longer than an attempt can take, so that only a dead holder loses its claim. */
export const CLAIM_LEASE_MS = 60_000;
const CLAIMED_AT_MOST = 10;
/** Of one delivery; what is left is due at the next. */
const ROUNDS_AT_MOST = 100;
const POLL_MS = 5_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;

/**
 * The pause after a failed attempt: 10 s, 30 s, 90 s and so on up to 4 hours, a fifth more or less by chance so that
 * many notices that failed together do not come back together. Ten attempts take about half a day.
 */
export function retryPauseMs(attempt: number, random: number): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 3 ** (attempt - 1), LONGEST_PAUSE_MS);
  return Math.round(pauseMs * (0.8 + 0.4 * random));
}

/**
 * Delivers notices from the outbox, each at least once to each of its channels: one that was sent and not marked so,
 * because the process died, is sent again under the same id. Any number of replicas may deliver from one store.
 */
export function createAlertDeliveries(options: DeliverAlertsOptions): AlertDeliveries {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isAskedAgain = false;
  const deliverDue = (): Promise<void> => {
    // What was put into the outbox since the last claim would wait for the next look.
    isAskedAgain = running !== undefined;
    running ??= deliverAll(options).finally(() => {
      running = undefined;
      if (isAskedAgain) void deliverDue();
    });
    return running;
  };
  return {
    deliverDue,
    start() {
      timer ??= setInterval(() => void deliverDue(), POLL_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      while (running !== undefined) await running;
    },
  };
}

async function deliverAll(options: DeliverAlertsOptions): Promise<void> {
  try {
    for (let round = 1; round <= ROUNDS_AT_MOST; round += 1) {
      const claim = { nowMs: options.nowMs(), leaseMs: CLAIM_LEASE_MS, limit: CLAIMED_AT_MOST };
      const notices = await options.store.claimDue(claim);
      const outcomes = await Promise.allSettled(notices.map((notice) => deliver(options, notice)));
      // A notice whose fate the store did not take comes again when its claim ends.
      const fault = outcomes.find((outcome) => outcome.status === 'rejected');
      if (fault !== undefined) throw fault.reason;
      if (notices.length < CLAIMED_AT_MOST) return;
    }
  } catch (error) {
    options.metrics.storeFailed('alerts');
    options.logger.error({ err: error }, 'the outbox of alerts does not answer');
  }
}

async function deliver(options: DeliverAlertsOptions, claimed: ClaimedNotice): Promise<void> {
  const { store, book } = options;
  const { entryId, attempt, id, payload, channelId = BUILT_IN_CHANNEL_ID } = claimed;
  const channel = await book.findChannel(channelId);
  const isLast = attempt >= ATTEMPTS_AT_MOST;
  const delivery = await sendNotice(options, { notice: { id, payload }, channelId, channel, attempt, isLast });
  await store.addDelivery(delivery);
  if (delivery.result !== 'failed') return store.completeNotice(entryId);
  const random = options.random ?? Math.random;
  return store.postponeNotice({ entryId, attempt, dueAtMs: options.nowMs() + retryPauseMs(attempt, random()) });
}
