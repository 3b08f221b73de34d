/**
 * What a call used, in the classes that have prices of their own. Counts are whole tokens.
 * Source: the Messages API's `usage` object and its `iterations`.
 */
export interface TokenUsage {
  /** Prompt tokens neither read from nor written to a cache. */
  input: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  cacheRead: number;
  /** All generated tokens, thinking included. */
  output: number;
}

/** Tokens of the prompt, whatever was done with them. */
export function sumPromptTokens({ input, cacheWrite5m, cacheWrite1h, cacheRead }: TokenUsage): number {
  return input + cacheWrite5m + cacheWrite1h + cacheRead;
}

/** One sampling pass, priced at its own model. A call has one, or one per entry of `usage.iterations`. */
export interface UsagePass {
  model: string;
  /** `message`, `compaction`, `advisor_message`, `fallback_message`. */
  kind: string;
  tokens: TokenUsage;
  /** Set when the model declined in this pass. */
  refusal?: Refusal;
  /** Classes whose count could not be: below zero or none (`unknown`, read as zero), or beyond the API (`beyond`). */
  bent?: { [Class in keyof TokenUsage]?: 'unknown' | 'beyond' };
}

/** A declined pass. Before any output it is billed only in the rate card's `billedRefusalCategories`. */
export interface Refusal {
  /** `stop_details.category`, for example `cyber`; undefined where the API named none. */
  category: string | undefined;
  /** Nothing had been generated when the model declined. */
  beforeOutput: boolean;
}

/** The final usage of a call, normalised. */
export interface CallUsage {
  /** The model that answered (dated id as the API gives it). */
  model: string;
  passes: UsagePass[];
  webSearches: number;
  /** `batch` halves token prices. */
  serviceTier: string | undefined;
  /** `us` multiplies token prices by the model's geo multiplier. */
  inferenceGeo: string | undefined;
  /** `fast` is priced from the fast card. */
  speed: string | undefined;
  /** `end_turn`, `refusal`, ...; absent where the answer broke off before it. */
  stopReason?: string;
}

/** The classes a receipt has lines for. */
export const USAGE_CLASSES = [
  'input',
  'cache_write_5m',
  'cache_write_1h',
  'cache_read',
  'output',
  'web_search',
] as const;
export type UsageClass = (typeof USAGE_CLASSES)[number];
