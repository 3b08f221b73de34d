import type { AlertChannel } from './alert-channel.ts';
import type { Notice } from './alert-store.ts';
import { ATTEMPTS_AT_MOST, retryPauseMs } from './deliver-alerts.ts';
import { type SendNoticeParts, sendNotice } from './send-notice.ts';

export interface DirectTeller {
  /** Sends to each of the channels, and again where that fails, while this process lives. Never throws. */
  tell(notice: Notice, channels: readonly AlertChannel[]): void;
  stop(): Promise<void>;
}

/** Notices on their way at once; beyond it they are in the log only. */
const PENDING_AT_MOST = 100;

/** Tells without the outbox, for when the store is what there is to tell of. What it sends is not in the delivery log. */
export function createDirectTeller(
  parts: SendNoticeParts & { after: (delayMs: number, run: () => void) => () => void },
): DirectTeller {
  const waiting = new Map<symbol, () => void>();
  const running = new Set<Promise<void>>();
  let isStopping = false;

  const send = async (notice: Notice, channel: AlertChannel, attempt: number): Promise<void> => {
    const isLast = attempt >= ATTEMPTS_AT_MOST;
    const delivery = await sendNotice(parts, { notice, channelId: channel.id, channel, attempt, isLast });
    if (delivery.result !== 'failed' || isStopping) return;
    const name = Symbol(notice.id);
    const cancel = parts.after(retryPauseMs(attempt, Math.random()), () => {
      waiting.delete(name);
      start(notice, channel, attempt + 1);
    });
    waiting.set(name, cancel);
  };
  const start = (notice: Notice, channel: AlertChannel, attempt: number): void => {
    const work = send(notice, channel, attempt).finally(() => running.delete(work));
    running.add(work);
  };
  return {
    tell(notice, channels) {
      for (const channel of channels) {
        if (waiting.size + running.size < PENDING_AT_MOST) start(notice, channel, 1);
      }
    },
    async stop() {
      isStopping = true;
      for (const cancel of waiting.values()) cancel();
      await Promise.all(running);
    },
  };
}
