import type { Timers } from '../timers.ts';
import type { BatchMeter } from './batch-meter.ts';
import type { BatchUpstream } from './batch-upstream.ts';

export interface BatchPollerParts {
  batches: Pick<BatchMeter, 'lookAtDue'>;
  /** @param signal breaks off what is being asked. */
  upstream(signal: AbortSignal): BatchUpstream;
  timers: Timers;
  limits: { batchPollMs: number };
}

/** Sees to it that batches are charged although nobody fetches their results. */
export interface BatchPoller {
  /** Breaks off what is under way; it is taken up again by whoever looks next. */
  stop(): Promise<void>;
}

const LOOK_FOR_DUE_EVERY_MS = 2_000;

export function createBatchPoller({ batches, upstream, timers, limits }: BatchPollerParts): BatchPoller {
  const stopping = new AbortController();
  const asked = upstream(stopping.signal);
  let running: Promise<void> | undefined;
  const round = async (): Promise<void> => {
    while (!stopping.signal.aborted && (await batches.lookAtDue(asked)));
  };
  const look = (): void => {
    running ??= round().finally(() => {
      running = undefined;
    });
  };
  const stopTimer = timers.every(Math.min(LOOK_FOR_DUE_EVERY_MS, limits.batchPollMs), look);
  return {
    async stop() {
      stopTimer();
      stopping.abort();
      await running;
    },
  };
}
