import type { Principal } from '../directory/directory.ts';
import { assumeUnknownModels } from '../domain/assume-unknown-models.ts';
import { type CallCeiling, ceilCall } from '../domain/call-ceiling.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import { MAX_NANO_USD } from '../domain/money.ts';
import { findModel, type ModelCard, type RateCard } from '../domain/rate-card.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AdmissionRefusal } from './admission-refusal.ts';
import type { PriceBook } from './price-book.ts';
import { ANY_MODEL, listReachableModels } from './reachable-models.ts';

export interface PriceRequestParts {
  priceBook: Pick<PriceBook, 'cardOf'>;
  metrics: Pick<Metrics, 'unpricedRequest'>;
}

/** What a call can cost at most, and the card that says so: its charge will be judged by the same. */
export type PricedRequest = Omit<Extract<CallCeiling, { priced: true }>, 'priced'> & {
  model: ModelCard;
  card: RateCard;
};

/**
 * Prices a request for the account that pays it, at an instant (ms since 1970).
 * @param ceil bounds its cost: as a call's unless given.
 */
export function priceRequest(
  { priceBook, metrics }: PriceRequestParts,
  { account, key }: Principal,
  request: MessagesRequest,
  atMs: number,
  ceil: typeof ceilCall = ceilCall,
): PricedRequest | AdmissionRefusal {
  const names = listReachableModels(request);
  const loaded = priceBook.cardOf(account);
  const forbidden = findForbiddenModel(loaded, key.allowedModels, names);
  if (forbidden !== undefined) return { kind: 'model_not_allowed', model: forbidden };
  const card =
    loaded.unknownModelPricedAs === undefined
      ? loaded
      : assumeUnknownModels(
          loaded,
          names.filter((name) => name !== ANY_MODEL),
        );
  const model = findModel(card, request.model);
  const ceiling = ceil(card, request, atMs);
  if (model === undefined || !ceiling.priced) {
    const name = ceiling.priced ? request.model : ceiling.model;
    metrics.unpricedRequest('refused', name);
    return { kind: 'model_not_priced', model: name };
  }
  if (card.unknownModel !== undefined) metrics.unpricedRequest('priced_as', request.model);
  if (ceiling.amountNanoUsd > MAX_NANO_USD) {
    return { kind: 'unbounded_cost', reason: 'it could cost more than any account can hold' };
  }
  const { amountNanoUsd, tokens, unbounded } = ceiling;
  return { amountNanoUsd, tokens, unbounded, model, card };
}

/** The first model the request can reach that the key may not call; a choice left to the API reaches all. */
function findForbiddenModel(
  card: RateCard,
  allowedModels: readonly string[] | undefined,
  names: readonly string[],
): string | undefined {
  if (allowedModels === undefined) return undefined;
  const allowed = new Set(allowedModels.flatMap((name) => [name, findModel(card, name)?.id ?? name]));
  return names.find((name) => !allowed.has(name) && !allowed.has(findModel(card, name)?.id ?? name));
}
