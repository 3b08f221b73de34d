import type { CallUsage } from '../domain/usage.ts';

/**
 * Tokens generated in a second of silence, on the high side of what models of the standard speed do. Thinking that is
 * not shown is billed as it is generated, while the stream carries nothing but pings.
 */
const SILENT_TOKENS_PER_SECOND = 100;
const SILENT_FAST_TOKENS_PER_SECOND = 250;
/** Gaps up to this are those between two deltas. */
const GAP_MS = 2_000;

export interface SilenceEstimate {
  /** Notes how far an answer has come. @returns the tokens that may have been generated unseen so far. */
  observe(progress: { usage: CallUsage | undefined; visibleCharacters: number }): number;
}

/** Estimates what an answer generates while nothing of it is visible, by the clock. */
export function createSilenceEstimate(nowMs: () => number): SilenceEstimate {
  let characters = -1;
  let grownAtMs = 0;
  let pastTokens = 0;
  return {
    observe({ usage, visibleCharacters }) {
      // Before the answer's first event the prompt is read, which takes time and generates nothing.
      if (usage === undefined) return 0;
      const now = nowMs();
      const rate = usage.speed === 'fast' ? SILENT_FAST_TOKENS_PER_SECOND : SILENT_TOKENS_PER_SECOND;
      if (characters < 0) grownAtMs = now;
      const silentTokens = (Math.max(0, now - grownAtMs - GAP_MS) * rate) / 1_000;
      if (visibleCharacters <= characters) return pastTokens + silentTokens;
      characters = visibleCharacters;
      grownAtMs = now;
      pastTokens += silentTokens;
      return pastTokens;
    },
  };
}
