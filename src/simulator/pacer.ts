import { setTimeout as delay } from 'node:timers/promises';

/** Lets time pass as a model does. */
export interface Pacer {
  /**
   * Waits as long as the tokens take.
   * @param ping called every ten seconds of a longer wait.
   * @returns the part of the wait that passed, 1 unless the signal ended it.
   */
  generate(tokens: number, signal: AbortSignal, ping?: () => void): Promise<number>;
}

const FIRST_TOKEN_MS = 250;
const PING_INTERVAL_MS = 10_000;

/** @param tokensPerSecond undefined: nothing waits, no timer is made. */
export function createPacer(tokensPerSecond: number | undefined): Pacer {
  if (tokensPerSecond === undefined) return { generate: () => Promise.resolve(1) };
  return {
    async generate(tokens, signal, ping) {
      const totalMs = tokens === 0 ? FIRST_TOKEN_MS : (tokens / tokensPerSecond) * 1_000;
      for (let passedMs = 0; passedMs < totalMs; ) {
        const stepMs = Math.min(PING_INTERVAL_MS, totalMs - passedMs);
        if (!(await waitMs(stepMs, signal))) return passedMs / totalMs;
        passedMs += stepMs;
        if (passedMs < totalMs) ping?.();
      }
      return 1;
    },
  };
}

async function waitMs(durationMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(durationMs, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
