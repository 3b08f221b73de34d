import { createWindowCache } from '../domain/window-cache.ts';
import type { AnswerReloadReply, Ledger } from '../ledger/ledger.ts';
import { observeReplies } from '../ledger/observe-replies.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { ReloadMetrics } from '../observability/reload-metrics.ts';
import { createPaymentAsker } from './ask-payment.ts';
import { type RecordedAnswer, recordAnswer } from './record-answer.ts';
import type { OnReloadEvent } from './reload-event.ts';
import { createReloadWorker } from './reload-worker.ts';
import { createReloadWatch, type ReloadWatch } from './watch-reloads.ts';

export interface StartReloadsOptions {
  ledger: Ledger;
  /** Undefined: nobody can be asked to pay, and no account can turn auto-reload on. */
  webhookUrl: string | undefined;
  webhookSecret: string | undefined;
  directory: { findAccount(accountId: string): Promise<{ name: string; timezone: string } | undefined> };
  nowMs: () => number;
  every: (intervalMs: number, run: () => void) => () => void;
  onReloadEvent: OnReloadEvent;
  metrics: ReloadMetrics;
  logger: Logger;
}

/** Auto-reload of balances. */
export interface Reloads {
  /** The ledger whose balances are watched. */
  ledger: Ledger;
  /** Whether somebody can be asked to pay. */
  canBeAsked: boolean;
  refused: ReloadWatch['refused'];
  /** Takes an answer of the payment side that did not come with its reply to the webhook. */
  record(accountId: string, reloadId: string, answer: RecordedAnswer): Promise<AnswerReloadReply>;
  /** Ends what watches and what asks. */
  close(): Promise<void>;
}

const LOOK_AGAIN_EVERY_MS = 5_000;

/** Starts what watches balances and what asks for payment. */
export function startReloads(options: StartReloadsOptions): Reloads {
  const { webhookUrl: url, webhookSecret: secret, ledger } = options;
  const record: Reloads['record'] = (accountId, reloadId, answer) => recordAnswer(options, accountId, reloadId, answer);
  if (url === undefined || secret === undefined) {
    return { ledger, canBeAsked: false, refused: () => undefined, record, close: async () => {} };
  }
  const payment = createPaymentAsker({ url, secret, nowMs: options.nowMs });
  const findAccountName = async (id: string) => (await options.directory.findAccount(id))?.name;
  const worker = createReloadWorker({ ...options, payment, findAccountName });
  const watch = createReloadWatch({
    ...options,
    findTimezone: async (id) => (await options.directory.findAccount(id))?.timezone,
    findWindow: createWindowCache(),
    onRequest() {
      options.metrics.reloadHappened('requested');
      void worker.run();
    },
  });
  worker.start();
  const stopLooking = options.every(LOOK_AGAIN_EVERY_MS, watch.lookAgain);
  return {
    ledger: watchLedger(ledger, watch),
    canBeAsked: true,
    refused: watch.refused,
    record,
    async close() {
      stopLooking();
      await watch.settled();
      await worker.stop();
      await payment.close();
    },
  };
}

function watchLedger(ledger: Ledger, watch: ReloadWatch): Ledger {
  const setReload: Ledger['setReload'] = async (command) => {
    const reply = await ledger.setReload(command);
    watch.forget(command.accountId);
    return reply;
  };
  return observeReplies({ ...ledger, setReload }, watch.observe);
}
