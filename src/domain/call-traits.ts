import { type CallUsage, sumPromptTokens } from './usage.ts';

/** Prompts above it are of the long context window. Source: the `context_window` values of the usage report. */
const SHORT_WINDOW_TOKENS = 200_000;

/** By what the API's own usage report tells calls apart, beside the model. */
export interface CallTraits {
  serviceTier: string;
  contextWindow: '0-200k' | '200k-1M';
  inferenceGeo: string;
  speed: string;
}

/**
 * Of the usage that was priced. What an answer leaves out is what it is charged as: the standard tier at standard
 * speed, and no region to be had. The window is that of the longest prompt of a pass; where an answer has no
 * iterations, its passes are summed and may come to the long one together.
 */
export function findCallTraits({ passes, serviceTier, inferenceGeo, speed }: CallUsage): CallTraits {
  let longest = 0;
  for (const { tokens } of passes) longest = Math.max(longest, sumPromptTokens(tokens));
  return {
    serviceTier: serviceTier ?? 'standard',
    contextWindow: longest > SHORT_WINDOW_TOKENS ? '200k-1M' : '0-200k',
    inferenceGeo: inferenceGeo ?? 'not_available',
    speed: speed ?? 'standard',
  };
}
