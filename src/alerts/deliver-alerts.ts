import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AlertStore, ClaimedNotice } from './alert-store.ts';
import type { WebhookSender } from './post-webhook.ts';

export interface DeliverAlertsOptions {
  store: Pick<AlertStore, 'claimDue' | 'completeNotice' | 'postponeNotice' | 'abandonNotice'>;
  sender: Pick<WebhookSender, 'post'>;
  nowMs: () => number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: Pick<Metrics, 'alertSent' | 'storeFailed'>;
  /** 0 <= x < 1; Math.random unless given. */
  random?: () => number;
}

export interface AlertDelivery {
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
 * Delivers notices from the outbox, each at least once: one that was sent and not marked so, because the process
 * died, is sent again under the same id. Any number of replicas may deliver from one store.
 */
export function createAlertDelivery(options: DeliverAlertsOptions): AlertDelivery {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const deliverDue = (): Promise<void> => {
    running ??= deliverAll(options).finally(() => {
      running = undefined;
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
      await running;
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

async function deliver(options: DeliverAlertsOptions, notice: ClaimedNotice): Promise<void> {
  const { store, metrics, logger } = options;
  const reply = await options.sender.post(notice);
  if (reply.result === 'delivered') {
    metrics.alertSent('webhook', 'delivered');
    await store.completeNotice(notice.id);
    logger.info({ notice_id: notice.id, attempt: notice.attempt }, 'alert delivered');
    return;
  }
  const facts = { notice_id: notice.id, attempt: notice.attempt, problem: reply.problem };
  if (reply.result === 'rejected' || notice.attempt >= ATTEMPTS_AT_MOST) {
    metrics.alertSent('webhook', 'abandoned');
    logger.error(facts, 'alert given up, the webhook did not take it');
    await store.abandonNotice(notice);
    return;
  }
  metrics.alertSent('webhook', 'failed');
  logger.warn(facts, 'alert not delivered, will be tried again');
  const random = options.random ?? Math.random;
  await store.postponeNotice({ ...notice, dueAtMs: options.nowMs() + retryPauseMs(notice.attempt, random()) });
}
