import type { Timers } from '../../src/metering/timers.ts';

/** A clock that stands still until it is moved. */
export interface ManualTimers extends Timers {
  /** Moves the clock on and runs what falls due, in order, each at its own instant. */
  advance(ms: number): void;
  /** Delays still waited for, in ms from now. */
  pending(): number[];
}

interface Entry {
  atMs: number;
  everyMs: number | undefined;
  run: () => void;
}

export function createManualTimers(startMs = Date.UTC(2026, 10, 20, 12)): ManualTimers {
  let nowMs = startMs;
  const entries = new Set<Entry>();
  const add = (delayMs: number, everyMs: number | undefined, run: () => void): (() => void) => {
    const entry = { atMs: nowMs + delayMs, everyMs, run };
    entries.add(entry);
    return () => void entries.delete(entry);
  };
  return {
    nowMs: () => nowMs,
    after: (delayMs, run) => add(delayMs, undefined, run),
    every: (intervalMs, run) => add(intervalMs, intervalMs, run),
    pending: () => [...entries].map((entry) => entry.atMs - nowMs).sort((one, other) => one - other),
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...entries].filter(({ atMs }) => atMs <= endMs).sort((one, other) => one.atMs - other.atMs);
        if (next === undefined) break;
        nowMs = next.atMs;
        if (next.everyMs === undefined) entries.delete(next);
        else next.atMs += next.everyMs;
        next.run();
      }
      nowMs = endMs;
    },
  };
}
