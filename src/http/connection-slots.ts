import type { Timers } from '../metering/timers.ts';

/** The right to use one upstream connection. */
export interface ConnectionSlot {
  /** Gives it back. Acts once. */
  release(): void;
}

/**
 * As many slots as the agent has connections. A request takes one before it is handed to the agent, so that the
 * agent's own queue, which has no bound, stays empty.
 */
export interface ConnectionSlots {
  /**
   * Waits for a free one, in order of asking.
   * @param signal ends the wait early.
   * @returns undefined when none came free in time, the queue is full or the signal fired.
   */
  acquire(signal?: AbortSignal): Promise<ConnectionSlot | undefined>;
  readonly used: number;
  readonly queued: number;
}

export interface ConnectionSlotsOptions {
  slots: number;
  queueMs: number;
  /** Requests that may wait at once; each may carry a body of 32 MiB. */
  queueMax: number;
  timers: Timers;
}

export function createConnectionSlots(options: ConnectionSlotsOptions): ConnectionSlots {
  const { slots, queueMs, queueMax, timers } = options;
  let used = 0;
  const queue = new Set<(slot: ConnectionSlot) => void>();

  const take = (): ConnectionSlot => {
    used += 1;
    let held = true;
    return {
      release() {
        if (!held) return;
        held = false;
        used -= 1;
        const [next] = queue;
        if (next !== undefined) next(take());
      },
    };
  };

  const wait = (signal: AbortSignal | undefined): Promise<ConnectionSlot | undefined> =>
    new Promise((resolve) => {
      const end = (slot: ConnectionSlot | undefined): void => {
        queue.delete(end);
        cancel();
        signal?.removeEventListener('abort', give);
        resolve(slot);
      };
      const give = (): void => end(undefined);
      const cancel = timers.after(queueMs, give);
      signal?.addEventListener('abort', give);
      queue.add(end);
    });

  return {
    async acquire(signal) {
      if (signal?.aborted) return undefined;
      if (used < slots && queue.size === 0) return take();
      return queue.size >= queueMax ? undefined : wait(signal);
    },
    get used() {
      return used;
    },
    get queued() {
      return queue.size;
    },
  };
}
