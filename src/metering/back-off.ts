import type { Timers } from './timers.ts';

export interface BackOffOptions {
  timers: Timers;
  /** The first delay; each failure doubles it, up to the last. */
  firstMs: number;
  lastMs: number;
  /** @returns `more` to go on at once, `failed` to wait longer, `idle` when nothing is left to do. Never rejects. */
  run(): Promise<'more' | 'failed' | 'idle'>;
}

/** Does a thing again and again until nothing is left, waiting longer after each failure. One run at a time. */
export interface BackOff {
  /** Starts it unless it is waiting or running. */
  start(): void;
  /** No further run begins. Resolves when the present one is over. */
  stop(): Promise<void>;
}

export function createBackOff({ timers, firstMs, lastMs, run }: BackOffOptions): BackOff {
  let delayMs = firstMs;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  const runUntilFailed = async (): Promise<void> => {
    let result = await run();
    while (result === 'more' && !stopped) {
      delayMs = firstMs;
      result = await run();
    }
    running = undefined;
    delayMs = result === 'failed' ? Math.min(delayMs * 2, lastMs) : firstMs;
    if (result === 'failed') start();
  };
  const start = (): void => {
    if (stopped || cancel !== undefined || running !== undefined) return;
    cancel = timers.after(delayMs, () => {
      cancel = undefined;
      running = runUntilFailed();
    });
  };
  return {
    start,
    async stop() {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}
