import type { MessagesRequest } from './call-request.ts';
import { larger } from './money.ts';
import { assumedFastRates, dearerRates } from './pass-rates.ts';
import { findEndedPrices, findPrices, type ModelCard, type RateCard, type TokenRates } from './rate-card.ts';

/** The dearest prices one pass can meet, in pico-dollars per token. */
export interface CeilingRates {
  promptToken: bigint;
  outputToken: bigint;
}

/** `inherited`: a fallback without a speed of its own, which is fast only where its model can be. */
export interface PassTerms {
  speed: string | undefined;
  inherited?: boolean;
  promptTokens: number;
  /** The API writes its cache between the passes of a server-tool loop without being asked. */
  loops: boolean;
}

/**
 * The dearest prices that a pass of this request can be charged at an instant (ms since 1970).
 * Undefined where the model has no standard prices then.
 */
export function findCeilingRates(
  card: RateCard,
  request: MessagesRequest,
  model: ModelCard,
  terms: PassTerms,
  atMs: number,
): CeilingRates | undefined {
  const standard = findPrices(model, 'standard', atMs)?.rates;
  if (standard === undefined) return undefined;
  const fast = fastRates(card, model, terms, standard, atMs);
  const long = findPrices(model, 'long_prompt', atMs);
  let rates = fast === undefined ? standard : dearerRates(standard, fast);
  if (long?.abovePromptTokens !== undefined && terms.promptTokens > long.abovePromptTokens)
    rates = dearerRates(rates, long.rates);
  const geoTenths = geoCeilingTenths(card, request, model);
  return {
    promptToken: (dearestPromptRate(request, rates, terms.loops) * geoTenths) / 10n,
    outputToken: (rates.output * geoTenths) / 10n,
  };
}

function fastRates(
  card: RateCard,
  model: ModelCard,
  terms: PassTerms,
  standard: TokenRates,
  atMs: number,
): TokenRates | undefined {
  if (terms.speed === undefined || terms.speed === 'standard') return undefined;
  const inForce = findPrices(model, 'fast', atMs)?.rates;
  if (inForce !== undefined || terms.inherited) return inForce;
  return findEndedPrices(model, 'fast', atMs)?.rates ?? assumedFastRates(card, standard);
}

function dearestPromptRate(request: MessagesRequest, rates: TokenRates, loops: boolean): bigint {
  let dearest = larger(rates.input, rates.cacheRead);
  if (request.cacheWrite !== 'none' || loops) dearest = larger(dearest, rates.cacheWrite5m);
  return request.cacheWrite === '1h' ? larger(dearest, rates.cacheWrite1h) : dearest;
}

/** A request that names no region runs by the workspace's default, which may be `us`. */
function geoCeilingTenths(card: RateCard, request: MessagesRequest, model: ModelCard): bigint {
  const geo = request.inferenceGeo;
  if (geo === 'global' || geo === 'not_available') return 10n;
  if (geo === undefined) return model.geoUsTenths ?? 10n;
  const own = model.geoUsTenths ?? card.assumedGeoTenths;
  return geo === 'us' ? own : larger(own, card.assumedGeoTenths);
}
