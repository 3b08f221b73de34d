/** Time that passes only where nothing else is left to be done: the same calls give the same order, whatever the machine does. */
export interface VirtualTime {
  /** Milliseconds since the beginning; never steps. */
  readonly elapsedMs: number;
  /** @returns the way to cancel it. */
  after(delayMs: number, run: () => void): () => void;
  /**
   * Runs what falls due, in order, until the condition holds.
   * @throws when it does not within so many milliseconds from now, or nothing is left that could bring it about.
   */
  runUntil(condition: () => boolean, limitMs: number, what: string): Promise<void>;
}

interface Due {
  atMs: number;
  order: number;
  run: () => void;
}

export function createVirtualTime(): VirtualTime {
  const queue: Due[] = [];
  let elapsedMs = 0;
  let order = 0;

  const findPlace = (atMs: number): number => {
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((queue[middle] as Due).atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    get elapsedMs() {
      return elapsedMs;
    },
    after(delayMs, run) {
      order += 1;
      const due = { atMs: elapsedMs + Math.max(0, delayMs), order, run };
      queue.splice(findPlace(due.atMs), 0, due);
      return () => {
        const place = queue.indexOf(due);
        if (place >= 0) queue.splice(place, 1);
      };
    },
    async runUntil(condition, limitMs, what) {
      const endMs = elapsedMs + limitMs;
      await runPromises();
      while (!condition()) {
        const next = queue.shift();
        if (next === undefined) throw new Error(`nothing is left to happen, and not so: ${what}`);
        if (next.atMs > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
        elapsedMs = next.atMs;
        next.run();
        await runPromises();
      }
    },
  };
}

/** Everything that waits for no timer and no socket: promises, and the ticks of streams. */
function runPromises(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
