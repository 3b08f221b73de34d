import type { BillEntry, CallEnd, RecordedRequest, SimulatedCall } from './simulator-types.ts';

/** A call as the simulator itself handles it. */
export interface LiveCall extends SimulatedCall {
  eventsSent: number;
  /** Waits before the event `index` until somebody lets go. */
  hold(index: number): Promise<void>;
  /** Ends the call: every wait is over. */
  end(end: CallEnd, entry: BillEntry | undefined): void;
}

export function createLiveCall(request: RecordedRequest, requestId: string): LiveCall {
  const ended = Promise.withResolvers<CallEnd>();
  const billed = Promise.withResolvers<BillEntry | undefined>();
  const watchers: PromiseWithResolvers<number>[] = [];
  let over = false;
  let heldAt: number | undefined;
  let letGo: (() => void) | undefined;
  let permits = 0;
  let free = false;

  return {
    request,
    requestId,
    eventsSent: 0,
    ended: ended.promise,
    billed: billed.promise,
    held() {
      if (heldAt !== undefined) return Promise.resolve(heldAt);
      if (over) return Promise.reject(new Error(`${requestId} ended and is not held`));
      const watcher = Promise.withResolvers<number>();
      watchers.push(watcher);
      return watcher.promise;
    },
    hold(index) {
      if (free || over) return Promise.resolve();
      if (permits > 0) {
        permits -= 1;
        return Promise.resolve();
      }
      heldAt = index;
      for (const watcher of watchers.splice(0)) watcher.resolve(index);
      return new Promise((resolve) => {
        letGo = () => {
          heldAt = undefined;
          letGo = undefined;
          resolve();
        };
      });
    },
    release() {
      if (letGo === undefined) permits += 1;
      else letGo();
    },
    releaseAll() {
      free = true;
      letGo?.();
    },
    end(end, entry) {
      over = true;
      letGo?.();
      for (const watcher of watchers.splice(0))
        watcher.reject(new Error(`${requestId} ended without being held again`));
      billed.resolve(entry);
      ended.resolve(end);
    },
  };
}
