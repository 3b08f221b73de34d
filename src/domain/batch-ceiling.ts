import { type CallCeiling, ceilCall } from './call-ceiling.ts';
import type { MessagesRequest } from './call-request.ts';
import type { NanoUsd } from './money.ts';
import type { ModelCard, RateCard } from './rate-card.ts';

/** What `anthropic-beta: output-300k-...` lets one item of a batch write. Source: the API's page on batches. */
const LONG_OUTPUT_TOKENS = 300_000;
export const LONG_OUTPUT_BETA_PREFIX = 'output-300k-';

/**
 * The most that one item of a batch can cost: as a call, its tokens at the batch's part of the price and its searches
 * in full. An item that asks for `fast`, which batches do not sell, gets no discount.
 */
export function ceilBatchItem(card: RateCard, request: MessagesRequest, atMs: number): CallCeiling {
  const whole = ceilCall(card, request, atMs);
  if (!whole.priced || isFast(request)) return whole;
  const tokensOnly = ceilCall({ ...card, webSearchPicoUsd: 0n }, request, atMs);
  if (!tokensOnly.priced) return tokensOnly;
  const searchesNanoUsd = whole.amountNanoUsd - tokensOnly.amountNanoUsd;
  return { ...whole, amountNanoUsd: discount(card, tokensOnly.amountNanoUsd) + searchesNanoUsd };
}

/** The card as it is under the beta of long outputs, which lets every model write more than it does in a call. */
export function withLongOutput(card: RateCard): RateCard {
  const longer = new Map<ModelCard, ModelCard>();
  for (const model of card.models) {
    longer.set(model, { ...model, maxOutputTokens: Math.max(model.maxOutputTokens, LONG_OUTPUT_TOKENS) });
  }
  const find = (model: ModelCard): ModelCard => longer.get(model) ?? model;
  return {
    ...card,
    models: card.models.map(find),
    byName: new Map([...card.byName].map(([name, model]) => [name, find(model)])),
  };
}

/** Rounded up, and one more: the two ceilings were each rounded up by themselves. */
function discount(card: RateCard, amountNanoUsd: NanoUsd): NanoUsd {
  return (amountNanoUsd * card.batchTenths + 9n) / 10n + 1n;
}

function isFast({ speed }: MessagesRequest): boolean {
  return speed !== undefined && speed !== 'standard';
}
