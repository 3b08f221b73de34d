/** Time as the metering and the forwarding see it: a parameter, so that tests move it by hand. */
export interface Timers {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Runs once after the delay. @returns the way to cancel it. */
  after(delayMs: number, run: () => void): () => void;
  /** Runs again and again. @returns the way to stop it. */
  every(intervalMs: number, run: () => void): () => void;
}

/** The machine's own clock. Its timers do not keep the process alive: what must finish at shutdown is awaited there. */
export const systemTimers: Timers = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs).unref();
    return () => clearInterval(timer);
  },
};
