import type { Logger } from '../observability/create-logger.ts';
import type { SettleSpool } from './settle-spool.ts';
import type { Timers } from './timers.ts';

export interface DelayedSyncParts {
  spool: Pick<SettleSpool, 'sync'>;
  timers: Timers;
  logger: Pick<Logger, 'error'>;
}

export interface DelayedSync {
  start(): void;
  cancel(): void;
  /** Resolves with whether everything so far is on the disk. Never rejects. */
  now(): Promise<boolean>;
}

/**
 * Brings the spool to the disk some time after it is asked to, once for all that asked meanwhile.
 * @param oldestAtMs since when something waits for it; where that is less long, the disk is left alone until then.
 * Undefined: nothing does.
 */
export function createDelayedSync(
  { spool, timers, logger }: DelayedSyncParts,
  afterMs: number,
  oldestAtMs: () => number | undefined = () => Number.NEGATIVE_INFINITY,
): DelayedSync {
  let cancelTimer: (() => void) | undefined;
  const cancel = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
  };
  const now = async (): Promise<boolean> => {
    cancel();
    try {
      await spool.sync();
      return true;
    } catch (error) {
      logger.error({ err: error }, 'the settle spool cannot be brought to the disk');
      return false;
    }
  };
  const wait = (delayMs: number): void => {
    cancelTimer ??= timers.after(delayMs, () => {
      cancelTimer = undefined;
      const sinceMs = oldestAtMs();
      if (sinceMs === undefined) return;
      const waitedMs = timers.nowMs() - sinceMs;
      // A clock that was set back makes nothing wait longer.
      if (waitedMs >= afterMs || waitedMs < 0) void now();
      else wait(afterMs - waitedMs);
    });
  };
  const start = (): void => wait(afterMs);
  return { start, cancel, now };
}
