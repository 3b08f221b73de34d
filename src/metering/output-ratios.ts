import type { AnswerContent } from '../domain/call-outcome.ts';
import { CHARACTERS_PER_100_TOKENS } from '../domain/estimate-usage.ts';

/**
 * How many characters of an answer are seen for its billed output tokens, learnt by model and content from answers that
 * came to their end. In this process, since its start.
 */
export interface OutputRatios {
  /** Characters per 100 tokens to estimate an answer by that broke off. */
  find(model: string, content: AnswerContent): number;
  note(model: string, content: AnswerContent, answer: { visibleCharacters: number; outputTokens: number }): void;
}

/** The latest answers of a kind: older ones are forgotten, and a single odd one moves nothing. */
const WINDOW = 64;
/** With fewer known, the starting value stands. */
const KNOWN_AT_LEAST = 16;
/**
 * Of the answers known, a quarter had fewer characters to a token: the other three quarters would have been estimated
 * at what was billed or above. An estimate should rather be high than low, since what it lacks is the operator's loss.
 */
const LOW_SIDE = 0.25;
/** Rounding rules the ratio of shorter answers. */
const TOKENS_AT_LEAST = 16;
/** Long hidden thinking before a short text must not make an account pay for the text of another many times over. */
const LOWEST_RATIO = 32;
/** Prose has about four characters to a token. */
const HIGHEST_RATIO = 400;
/** Models times contents; far more than a rate card has. */
const KINDS_AT_MOST = 1_000;

export function createOutputRatios(): OutputRatios {
  const windows = new Map<string, { ratios: number[]; next: number }>();
  return {
    find(model, content) {
      const ratios = windows.get(`${model} ${content}`)?.ratios ?? [];
      if (ratios.length < KNOWN_AT_LEAST) return CHARACTERS_PER_100_TOKENS;
      const sorted = ratios.toSorted((left, right) => left - right);
      const low = Math.floor(sorted[Math.floor(sorted.length * LOW_SIDE)] as number);
      return Math.max(LOWEST_RATIO, Math.min(low, HIGHEST_RATIO));
    },
    note(model, content, { visibleCharacters, outputTokens }) {
      if (outputTokens < TOKENS_AT_LEAST) return;
      const kind = `${model} ${content}`;
      const window = windows.get(kind) ?? { ratios: [], next: 0 };
      if (!windows.has(kind) && windows.size >= KINDS_AT_MOST) return;
      windows.set(kind, window);
      window.ratios[window.next] = (visibleCharacters * 100) / outputTokens;
      window.next = (window.next + 1) % WINDOW;
    },
  };
}
