import type { Timers } from '../metering/timers.ts';

/** The right to use one upstream connection. */
export interface ConnectionSlot {
  /** Gives it back. Acts once. */
  release(): void;
}

/**
 * As many slots as there may be connections. A request takes one before it is handed to a client, so that the
 * queue of the client, which has no bound, stays empty.
 */
export interface ConnectionSlots {
  /** One that is free now, unless others wait for it. */
  takeFree(owner: string): ConnectionSlot | undefined;
  /**
   * Waits for a free one: first among those who ask for the same owner in order of asking, among owners the one that
   * has the fewest.
   * @param owner the account whose request it is.
   * @param signal ends the wait early.
   * @returns undefined when none came free in time, the queue is full or the signal fired.
   */
  acquire(owner: string, signal?: AbortSignal): Promise<ConnectionSlot | undefined>;
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

/** Ends one wait. */
type Waiter = (slot: ConnectionSlot | undefined) => void;

export function createConnectionSlots(options: ConnectionSlotsOptions): ConnectionSlots {
  const { slots, queueMs, queueMax, timers } = options;
  let used = 0;
  let queued = 0;
  const usedBy = new Map<string, number>();
  /** By owner, in order of asking; the owner that was served last comes last. Bounded by what is used or queued. */
  const queues = new Map<string, Set<Waiter>>();

  const take = (owner: string): ConnectionSlot => {
    used += 1;
    usedBy.set(owner, usedOf(owner) + 1);
    let held = true;
    return {
      release() {
        if (!held) return;
        held = false;
        used -= 1;
        const left = usedOf(owner) - 1;
        if (left > 0) usedBy.set(owner, left);
        else usedBy.delete(owner);
        serveNext();
      },
    };
  };

  const usedOf = (owner: string): number => usedBy.get(owner) ?? 0;

  const serveNext = (): void => {
    const poorest = findPoorest(queues.keys(), usedOf);
    if (poorest === undefined) return;
    const queue = queues.get(poorest) as Set<Waiter>;
    const [next] = queue;
    queues.delete(poorest);
    queues.set(poorest, queue);
    next?.(take(poorest));
  };

  const wait = (owner: string, signal: AbortSignal | undefined): Promise<ConnectionSlot | undefined> =>
    new Promise((resolve) => {
      const queue = queues.get(owner) ?? new Set<Waiter>();
      const end: Waiter = (slot) => {
        queue.delete(end);
        queued -= 1;
        if (queue.size === 0) queues.delete(owner);
        cancel();
        signal?.removeEventListener('abort', give);
        resolve(slot);
      };
      const give = (): void => end(undefined);
      const cancel = timers.after(queueMs, give);
      signal?.addEventListener('abort', give);
      queue.add(end);
      queued += 1;
      queues.set(owner, queue);
    });

  /** The queue is full: sends the last of the owner with the most away, if that has more than this one would have. */
  const makeRoom = (owner: string): boolean => {
    const sizeOf = (one: string): number => usedOf(one) + (queues.get(one)?.size ?? 0);
    let richest = owner;
    for (const other of queues.keys()) if (sizeOf(other) > sizeOf(richest)) richest = other;
    if (sizeOf(richest) <= sizeOf(owner) + 1) return false;
    [...(queues.get(richest) ?? [])].at(-1)?.(undefined);
    return true;
  };

  const takeFree = (owner: string): ConnectionSlot | undefined =>
    used < slots && queued === 0 ? take(owner) : undefined;

  return {
    takeFree,
    async acquire(owner, signal) {
      if (signal?.aborted) return undefined;
      return takeFree(owner) ?? (queued < queueMax || makeRoom(owner) ? wait(owner, signal) : undefined);
    },
    get used() {
      return used;
    },
    get queued() {
      return queued;
    },
  };
}

/** The first of those that have the fewest. */
function findPoorest(owners: Iterable<string>, usedOf: (owner: string) => number): string | undefined {
  let poorest: string | undefined;
  for (const owner of owners) {
    if (poorest === undefined || usedOf(owner) < usedOf(poorest)) poorest = owner;
    if (usedOf(poorest) === 0) break;
  }
  return poorest;
}
