import { ceilCall } from './call-ceiling.ts';
import type { MessagesRequest } from './call-request.ts';
import type { HoldSteps } from './hold-steps.ts';
import type { NanoUsd } from './money.ts';
import { onePass } from './open-call.ts';
import type { RateCard } from './rate-card.ts';

/** Output tokens that a smaller hold begins with, and the least that each enlargement adds. */
const FIRST_OUTPUT_TOKENS = 8_192;
/** Output tokens below which a smaller hold is not worth a call. */
const LEAST_OUTPUT_TOKENS = 2_048;
/** An enlargement is asked for when less than this is left: half a minute of output, so that the answer is in time. */
const AHEAD_OUTPUT_TOKENS = 4_096;
/**
 * A stream is cut when less than this is left and no more can be had: what is generated while the end travels, and
 * one read of the socket. At 300 tokens a second, the fastest model, it is three seconds' output.
 */
const RESERVE_OUTPUT_TOKENS = 1_024;
/** Prompt tokens held for a thread, whose earlier messages are not in the body, when its ceiling cannot be held. */
const THREAD_PROMPT_TOKENS = 100_000;

/** Added to what `count_tokens` says: the API calls it an estimate that may differ by a small amount. */
const COUNT_MARGIN_PARTS = 10;
const COUNT_MARGIN_TOKENS = 256;

/** A hold of less than the ceiling, for a call that is watched while it runs. */
export interface SmallerHold {
  /** The whole prompt and a first stretch of output. */
  amountNanoUsd: NanoUsd;
  /** The whole prompt and the least output; with less the call is refused. */
  minNanoUsd: NanoUsd;
  /** The prompt alone: used up as soon as the call is sent. */
  promptNanoUsd: NanoUsd;
  /** What `amountNanoUsd` and `minNanoUsd` stand for in tokens of all classes, for token quotas. */
  tokens: bigint;
  minTokens: bigint;
}

/** @returns undefined where the card has no prices for the call. */
export function sizeSmallerHold(card: RateCard, request: MessagesRequest, atMs: number): SmallerHold | undefined {
  const single = passOf(request);
  const prompt = ceilOf(card, single, 0, atMs);
  if (prompt === undefined) return undefined;
  const withOutput = (tokens: number) => ceilOf(card, single, tokens, atMs) ?? prompt;
  const [least, first] = [withOutput(LEAST_OUTPUT_TOKENS), withOutput(FIRST_OUTPUT_TOKENS)];
  return {
    promptNanoUsd: prompt.amountNanoUsd,
    minNanoUsd: least.amountNanoUsd,
    amountNanoUsd: first.amountNanoUsd,
    tokens: first.tokens,
    minTokens: least.tokens,
  };
}

/**
 * How the hold of a running call is enlarged.
 * @param ceilingNanoUsd the most it can cost; the largest amount there is for a call that is open.
 */
export function sizeHoldSteps(
  card: RateCard,
  request: MessagesRequest,
  ceilingNanoUsd: NanoUsd,
  atMs: number,
): HoldSteps | undefined {
  const single = { ...passOf(request), maxTokens: Number.MAX_SAFE_INTEGER };
  const none = ceilOf(card, single, 0, atMs)?.amountNanoUsd;
  if (none === undefined) return undefined;
  const output = (tokens: number): NanoUsd => (ceilOf(card, single, tokens, atMs)?.amountNanoUsd ?? none) - none;
  return {
    ceilingNanoUsd,
    stepNanoUsd: output(FIRST_OUTPUT_TOKENS),
    aheadNanoUsd: output(AHEAD_OUTPUT_TOKENS),
    reserveNanoUsd: output(RESERVE_OUTPUT_TOKENS),
  };
}

/** Whether `count_tokens` can speak for the whole prompt: it knows no thread, and counts by one model's tokenizer. */
export function isCountable({ thread, fallbacks, tools }: MessagesRequest): boolean {
  return thread === undefined && fallbacks.length === 0 && !tools.some(({ type }) => type.startsWith('advisor'));
}

/** The request with its prompt bounded by a count, a tenth and 256 tokens added, in place of its bytes and images. */
export function tightenPrompt(request: MessagesRequest, countedTokens: number): MessagesRequest {
  const textBytes = countedTokens + Math.ceil(countedTokens / COUNT_MARGIN_PARTS) + COUNT_MARGIN_TOKENS;
  return { ...request, textBytes, images: NONE, documents: NONE };
}

const NONE = { base64: 0, base64Bytes: 0, remote: 0 };

function passOf(request: MessagesRequest): MessagesRequest {
  const single = onePass(request);
  if (request.thread !== 'continue') return single;
  return { ...single, textBytes: Math.max(single.textBytes, THREAD_PROMPT_TOKENS) };
}

function ceilOf(card: RateCard, request: MessagesRequest, tokens: number, atMs: number) {
  const ceiling = ceilCall(card, { ...request, maxTokens: Math.min(request.maxTokens, tokens) }, atMs);
  return ceiling.priced ? ceiling : undefined;
}
