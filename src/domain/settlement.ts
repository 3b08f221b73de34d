import { ASSUMED_SEARCHES } from './call-ceiling.ts';
import type { CallOutcome, InterruptReason, ReportedUsage } from './call-outcome.ts';
import type { MessagesRequest } from './call-request.ts';
import { completeUsage, estimateUsage, raiseOutput } from './estimate-usage.ts';
import { mendUsage } from './mend-usage.ts';
import type { NanoUsd } from './money.ts';
import { priceCall } from './price-call.ts';
import { mayLoop } from './prompt-bound.ts';
import type { ModelCard, RateCard } from './rate-card.ts';
import type { Receipt } from './receipt.ts';
import { type CallUsage, sumPromptTokens, type UsagePass } from './usage.ts';

/** What a call costs and what that stands on. */
export type Settlement =
  | {
      action: 'settle';
      amountNanoUsd: NanoUsd;
      /** `reported`: the API's own final figures. `estimated`: at least in part our guess. */
      basis: 'reported' | 'estimated';
      receipt: Receipt;
      /** The usage that was priced. */
      usage: CallUsage;
      /** All tokens of all passes, for token quotas. */
      tokens: bigint;
      /** Why the reported figures were not taken as they were. */
      doubts: SettlementDoubt[];
    }
  | { action: 'release'; basis: 'none' };

type Charge = Extract<Settlement, { action: 'settle' }>;

export type SettlementDoubt =
  /** A billed answer reported no usage. */
  | 'usage_missing'
  /** The answer broke off before its final figures. */
  | 'usage_partial'
  /** The figures are below zero, or beyond what the API, or this call, can do. */
  | 'usage_absurd'
  /** The card has no price for the model that answered. */
  | 'answer_unpriced'
  /** Whether the API bills the call is not known. */
  | 'end_doubtful';

export interface SettlementCase {
  outcome: CallOutcome;
  request: MessagesRequest;
  /** The requested model's card. */
  model: ModelCard;
  card: RateCard;
  /** When the call was admitted: its prices are those of that instant. */
  atMs: number;
  /** What was held: the most that the request could cost. */
  heldNanoUsd: NanoUsd;
  /** The request leaves its cost open. */
  isOpen?: boolean;
  /** What to do where it is not known whether the API bills the call; `release` unless given. */
  doubtfulEnds?: 'release' | 'estimate';
  /** What the output of an answer that broke off is estimated by; unless given, a value that fits most. */
  charactersPer100Tokens?: number;
  /** Output of an answer that broke off, where it was estimated all along: it then stands for any other estimate. */
  followedOutputTokens?: number | undefined;
  /** `batch`: an item of a Message Batch, at the batch's part of the price also where its answer does not say so. */
  serviceTier?: 'batch';
}

/**
 * Decides what an ended call is charged.
 *
 * | outcome | charge |
 * |---|---|
 * | completed, with usage | as reported |
 * | completed, without usage | an estimate, never nothing |
 * | figures that cannot be | those that can, and the others made sane, if the hold covers it; else an estimate |
 * | error of the upstream | nothing: failed requests are not charged |
 * | `error` event within the answer | nothing, for the same reason |
 * | broke off after its final figures | as reported |
 * | broke off, or the client left | reported input, and the larger of reported and visible output |
 * | the same, with a hold smaller than its ceiling | reported input, and the output that the hold was found to cover |
 * | failed before a byte of an answer came | nothing |
 * | either of these two in doubt, by policy | nothing, or an estimate of the prompt |
 *
 * Source: the API's help pages ("failed requests are not charged"; a call whose client leaves is).
 */
export function settleOutcome(situation: SettlementCase): Settlement {
  const { outcome } = situation;
  if (outcome.kind === 'upstream_error' || outcome.kind === 'not_sent') {
    if (outcome.doubtful !== true || situation.doubtfulEnds !== 'estimate') return RELEASE;
    return estimate(situation, guessUsage(situation, 0), ['end_doubtful']);
  }
  if (outcome.kind === 'interrupted' && isFailedRequest(outcome.reason)) return RELEASE;
  const { visibleCharacters } = outcome;
  const usage = assumeTier(situation, outcome.usage);
  if (usage === undefined) {
    return estimate(situation, guessUsage(situation, visibleCharacters), ['usage_missing']);
  }
  if (outcome.isDoubtful || !isPlausible(usage, situation.card)) return settleDoubtful(situation, outcome, usage);
  if (isBeyondCall(situation, usage)) return settleDoubtful(situation, outcome, usage);
  // A stop reason comes with the last figures, so what breaks off after it lacks only the closing event.
  if (isFinal(outcome, usage)) return chargeReported(situation, usage);
  return estimate(situation, complete(situation, usage, visibleCharacters), ['usage_partial']);
}

function isFinal(outcome: Pick<CallOutcome, 'kind'>, usage: CallUsage): boolean {
  return outcome.kind === 'completed' || usage.stopReason !== undefined;
}

function complete(situation: SettlementCase, usage: CallUsage, visibleCharacters: number): CallUsage {
  const { request, charactersPer100Tokens, followedOutputTokens } = situation;
  return followedOutputTokens === undefined
    ? completeUsage(usage, request, visibleCharacters, charactersPer100Tokens)
    : raiseOutput(usage, followedOutputTokens);
}

function settleDoubtful(
  situation: SettlementCase,
  outcome: ReportedUsage & Pick<CallOutcome, 'kind'>,
  usage: CallUsage,
): Charge {
  const { card, request, model, heldNanoUsd, charactersPer100Tokens, isOpen = false } = situation;
  const { visibleCharacters } = outcome;
  const mended = mendUsage(usage, {
    ...{ request, model, visibleCharacters, charactersPer100Tokens },
    leastSearches: isOpen ? ASSUMED_SEARCHES : 0,
    believed: (pass) => findBelieved(situation, usage, windowOf(card, pass)),
  });
  const whole = isFinal(outcome, usage) ? mended : complete(situation, mended, visibleCharacters);
  const bent = estimate(situation, whole, ['usage_absurd']);
  if (bent.amountNanoUsd <= heldNanoUsd) return bent;
  return estimate(situation, guessUsage(situation, visibleCharacters), ['usage_absurd']);
}

/** What an answer does not say of its tier is known from where it came. */
function assumeTier({ serviceTier }: SettlementCase, usage: CallUsage | undefined): CallUsage | undefined {
  if (usage === undefined || serviceTier === undefined || usage.serviceTier !== undefined) return usage;
  return { ...usage, serviceTier };
}

function guessUsage(situation: SettlementCase, visibleCharacters: number): CallUsage {
  const { request, model, charactersPer100Tokens, serviceTier } = situation;
  return { ...estimateUsage(request, model, visibleCharacters, charactersPer100Tokens), serviceTier };
}

const RELEASE: Settlement = { action: 'release', basis: 'none' };

function isFailedRequest(reason: InterruptReason): boolean {
  return reason === 'error_event';
}

function chargeReported(situation: SettlementCase, usage: CallUsage): Charge {
  const priced = priceCall(situation.card, usage, situation.atMs);
  if (!priced.priced) return estimate(situation, usage, []);
  return charge(usage, priced.receipt, 'reported', []);
}

function estimate(situation: SettlementCase, usage: CallUsage, doubts: SettlementDoubt[]): Charge {
  const { card, model, atMs } = situation;
  const priced = priceCall(card, usage, atMs);
  if (priced.priced) return charge(usage, priced.receipt, 'estimated', doubts);
  // The answer names a model without a price. The requested one has one, for it was checked at admission.
  const renamed = renameModels(usage, card, model.id);
  const again = priceCall(card, renamed, atMs);
  if (!again.priced) throw new Error(`no price for ${again.model}, which was admitted`);
  return charge(renamed, again.receipt, 'estimated', [...doubts, 'answer_unpriced']);
}

function charge(
  usage: CallUsage,
  receipt: Receipt,
  basis: 'reported' | 'estimated',
  doubts: SettlementDoubt[],
): Charge {
  const tokens = usage.passes.reduce((sum, pass) => sum + countTokens(pass), 0n);
  return { action: 'settle', amountNanoUsd: receipt.amountNanoUsd, basis, receipt, usage, tokens, doubts };
}

function renameModels(usage: CallUsage, card: RateCard, modelId: string): CallUsage {
  const rename = (name: string): string => (card.byName.has(name) ? name : modelId);
  return {
    ...usage,
    model: rename(usage.model),
    passes: usage.passes.map((pass) => ({ ...pass, model: rename(pass.model) })),
  };
}

function countTokens(pass: UsagePass): bigint {
  const { input, cacheWrite5m, cacheWrite1h, cacheRead, output } = pass.tokens;
  const sum = input + cacheWrite5m + cacheWrite1h + cacheRead + output;
  if (Number.isSafeInteger(sum)) return BigInt(sum);
  return BigInt(input) + BigInt(cacheWrite5m) + BigInt(cacheWrite1h) + BigInt(cacheRead) + BigInt(output);
}

/** Server tools may run ten passes, each up to the context window, and be summed in one entry; doubled for safety. */
const PASSES_AT_MOST = 20;
/** The largest context window and output known, for a model the card lacks. */
const WINDOW_TOKENS = 1_000_000;
const SEARCHES_AT_MOST = 10_000;

/** A proxy of this field once believed a billion tokens: figures beyond what the API can do are no figures. */
function isPlausible(usage: CallUsage, card: RateCard): boolean {
  if (!isCount(usage.webSearches) || usage.webSearches > SEARCHES_AT_MOST) return false;
  return usage.passes.every((pass) => {
    const most = windowOf(card, pass) * PASSES_AT_MOST;
    const { input, cacheWrite5m, cacheWrite1h, cacheRead, output } = pass.tokens;
    return [input, cacheWrite5m, cacheWrite1h, cacheRead, output].every((count) => isCount(count) && count <= most);
  });
}

/** Above this many times its `max_tokens` an output is not believed: other figures, or another call's. */
const OUTPUT_TIMES = 4;

/**
 * One pass of a call whose request leaves nothing open reads its prompt once and writes at most `max_tokens`. A little
 * more is charged: it is what a bound that was too low looks like.
 */
function isBeyondCall(situation: SettlementCase, usage: CallUsage): boolean {
  const [pass] = usage.passes;
  if (pass === undefined || !isOnePass(situation, usage)) return false;
  const most = findBelieved(situation, usage, windowOf(situation.card, pass));
  return sumPromptTokens(pass.tokens) > most.promptTokens || pass.tokens.output > most.outputTokens;
}

function isOnePass({ request, isOpen = false }: SettlementCase, { passes }: CallUsage): boolean {
  return !isOpen && !mayLoop(request) && passes.length === 1;
}

/** The most that is believed of one pass. */
function findBelieved(situation: SettlementCase, usage: CallUsage, window: number) {
  if (!isOnePass(situation, usage)) {
    return { promptTokens: window * PASSES_AT_MOST, outputTokens: window * PASSES_AT_MOST };
  }
  return { promptTokens: window, outputTokens: Math.max(1, situation.request.maxTokens) * OUTPUT_TIMES };
}

function windowOf({ byName }: RateCard, { model }: UsagePass): number {
  return byName.get(model)?.contextWindowTokens ?? WINDOW_TOKENS;
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 0;
}
