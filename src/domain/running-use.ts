import type { MessagesRequest } from './call-request.ts';
import { raiseOutput } from './estimate-usage.ts';
import type { NanoUsd } from './money.ts';
import { priceCall } from './price-call.ts';
import type { RateCard } from './rate-card.ts';
import type { CallUsage, TokenUsage, UsagePass } from './usage.ts';

/** How far a streamed answer has come. */
export interface RunningUse {
  /** What it has reported so far; undefined before its first event. */
  usage: CallUsage | undefined;
  /** Tokens that may have been generated so far, seen and unseen. */
  outputTokens: number;
  /** Results of server tools seen: after each, the model reads the whole prompt again. */
  serverToolResults: number;
  /** Bytes of the answer seen: the results among them are part of those prompts. */
  answerBytes: number;
}

/** A result stands in the answer as base64 and JSON: the recorded searches come to more than five bytes per token. */
const ANSWER_BYTES_PER_TOKEN = 3;

/**
 * What a running call has cost so far, estimated on the high side: for holds, not for charges.
 * @param promptNanoUsd the most its first prompt can cost: used before anything is reported.
 */
export function priceRunningUse(
  card: RateCard,
  request: MessagesRequest,
  use: RunningUse,
  atMs: number,
  promptNanoUsd: NanoUsd,
): NanoUsd {
  const { usage } = use;
  const [first] = usage?.passes ?? [];
  if (usage === undefined || first === undefined) return promptNanoUsd;
  // With a stop reason come the last figures.
  const estimated = usage.stopReason === undefined ? addUnreported(usage, first, use) : usage;
  return priceAny(card, estimated, request, atMs) ?? promptNanoUsd;
}

function addUnreported(usage: CallUsage, first: UsagePass, use: RunningUse): CallUsage {
  const seen = raiseOutput(usage, use.outputTokens);
  const again: UsagePass = { model: first.model, kind: 'message', tokens: repeatPrompt(first.tokens, use.answerBytes) };
  return {
    ...seen,
    passes: [...seen.passes, ...Array.from({ length: use.serverToolResults }, () => again)],
    webSearches: Math.max(seen.webSearches, use.serverToolResults),
  };
}

/** The API writes its cache between passes without being asked. */
function repeatPrompt({ input, cacheWrite5m, cacheWrite1h, cacheRead }: TokenUsage, answerBytes: number): TokenUsage {
  const prompt = input + cacheWrite5m + cacheWrite1h + cacheRead + Math.ceil(answerBytes / ANSWER_BYTES_PER_TOKEN);
  return { input: 0, cacheWrite5m: prompt, cacheWrite1h: 0, cacheRead: 0, output: 0 };
}

/** At the answering model's prices, or at the requested one's where the card lacks that. */
function priceAny(card: RateCard, usage: CallUsage, { model }: MessagesRequest, atMs: number): NanoUsd | undefined {
  const priced = priceCall(card, usage, atMs);
  if (priced.priced) return priced.receipt.amountNanoUsd;
  const renamed = { ...usage, model, passes: usage.passes.map((pass) => ({ ...pass, model })) };
  const again = priceCall(card, renamed, atMs);
  return again.priced ? again.receipt.amountNanoUsd : undefined;
}
