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

/** The latest ratios of a kind, in the order in which they came and, so that none is sorted for a call, by size. */
interface Window {
  ratios: number[];
  next: number;
  sorted: number[];
}

export function createOutputRatios(): OutputRatios {
  const windows = new Map<string, Map<AnswerContent, Window>>();
  let kinds = 0;
  const findWindow = (model: string, content: AnswerContent): Window | undefined => {
    const known = windows.get(model)?.get(content);
    if (known !== undefined || kinds >= KINDS_AT_MOST) return known;
    const window: Window = { ratios: [], next: 0, sorted: [] };
    const contents = windows.get(model) ?? new Map<AnswerContent, Window>();
    windows.set(model, contents.set(content, window));
    kinds += 1;
    return window;
  };
  return {
    find(model, content) {
      const sorted = windows.get(model)?.get(content)?.sorted;
      if (sorted === undefined || sorted.length < KNOWN_AT_LEAST) return CHARACTERS_PER_100_TOKENS;
      const low = Math.floor(sorted[Math.floor(sorted.length * LOW_SIDE)] as number);
      return Math.max(LOWEST_RATIO, Math.min(low, HIGHEST_RATIO));
    },
    note(model, content, { visibleCharacters, outputTokens }) {
      if (outputTokens < TOKENS_AT_LEAST) return;
      const window = findWindow(model, content);
      if (window === undefined) return;
      const { ratios, next, sorted } = window;
      const ratio = (visibleCharacters * 100) / outputTokens;
      const oldest = ratios[next];
      if (oldest !== undefined) sorted.splice(placeOf(sorted, oldest), 1);
      sorted.splice(placeOf(sorted, ratio), 0, ratio);
      ratios[next] = ratio;
      window.next = (next + 1) % WINDOW;
    },
  };
}

/** Index of the first that is not smaller. */
function placeOf(sorted: readonly number[], ratio: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < ratio) low = middle + 1;
    else high = middle;
  }
  return low;
}
