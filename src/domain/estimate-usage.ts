import type { MessagesRequest } from './call-request.ts';
import type { ModelCard } from './rate-card.ts';
import type { CallUsage, TokenUsage, UsagePass } from './usage.ts';

/**
 * Visible characters of an answer per 100 billed output tokens: the lowest median over recordings of Claude 4 and later
 * (130 to 290; thinking is billed and often not visible). The low end, so that what an estimate misses in hidden
 * thinking it makes up in text. Used until more is known.
 */
export const CHARACTERS_PER_100_TOKENS = 130;
/** Bytes of JSON text per prompt token: 3 to 4 are typical, fewer with the newer tokenizers. */
const BYTES_PER_PROMPT_TOKEN = 3;

/**
 * The usage of a call that reported none, from its request and from the characters that were seen of its answer.
 * Never above what the request itself allows for output.
 */
export function estimateUsage(
  request: MessagesRequest,
  model: ModelCard,
  visibleCharacters: number,
  charactersPer100Tokens?: number,
): CallUsage {
  const pictures = request.images.base64 + request.images.remote;
  // A page of a PDF costs about as much as an image; how many pages one has cannot be seen from here.
  const documents = request.documents.base64 + request.documents.remote;
  const prompt = Math.ceil(request.textBytes / BYTES_PER_PROMPT_TOKEN) + (pictures + documents) * model.imageTokens;
  const tokens: TokenUsage = {
    input: Math.min(prompt, model.contextWindowTokens),
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    cacheRead: 0,
    output: estimateOutput(request, visibleCharacters, charactersPer100Tokens),
  };
  return {
    model: model.id,
    passes: [{ model: model.id, kind: 'message', tokens }],
    webSearches: 0,
    serviceTier: undefined,
    inferenceGeo: request.inferenceGeo,
    speed: request.speed,
  };
}

/**
 * The usage of a call that broke off after reporting some: the reported input, and for output the larger of what was
 * reported and what was seen. The API charges a call whose client leaves and publishes no figure of how much.
 */
export function completeUsage(
  usage: CallUsage,
  request: MessagesRequest,
  visibleCharacters: number,
  charactersPer100Tokens?: number,
): CallUsage {
  return raiseOutput(usage, estimateOutput(request, visibleCharacters, charactersPer100Tokens));
}

/** The same usage with at least so many output tokens in all: what is missing is added to the last pass. */
export function raiseOutput(usage: CallUsage, outputTokens: number): CallUsage {
  const missing = outputTokens - sumOutput(usage);
  const last = usage.passes.at(-1);
  if (missing <= 0 || last === undefined) return usage;
  const grown: UsagePass = { ...last, tokens: { ...last.tokens, output: last.tokens.output + missing } };
  return { ...usage, passes: [...usage.passes.slice(0, -1), grown] };
}

/** Output tokens of an answer by the characters that were seen of it, at most those that the request allows. */
export function estimateOutput(
  request: Pick<MessagesRequest, 'maxTokens'>,
  visibleCharacters: number,
  charactersPer100Tokens: number = CHARACTERS_PER_100_TOKENS,
): number {
  return Math.min(Math.ceil((visibleCharacters * 100) / charactersPer100Tokens), request.maxTokens);
}

/** Output tokens of all passes. */
export function sumOutput(usage: CallUsage): number {
  return usage.passes.reduce((sum, pass) => sum + pass.tokens.output, 0);
}
