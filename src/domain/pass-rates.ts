import { larger } from './money.ts';
import { findEndedPrices, findPrices, type ModelCard, type RateCard, type TokenRates } from './rate-card.ts';
import type { PriceAssumption } from './receipt.ts';
import { type CallUsage, sumPromptTokens, type UsagePass } from './usage.ts';

export interface PassRates {
  /** Pico-dollars per token, times region and batch. */
  rates: TokenRates;
  /** The model's prices are in part the operator's or the account's own. */
  overridden: boolean;
  assumptions: PriceAssumption[];
}

/** Regions at the list price. Source: the `inference_geo` values of the usage object. */
const LIST_PRICE_GEOS: readonly (string | undefined)[] = ['global', 'not_available', undefined];
const KNOWN_TIERS: readonly (string | undefined)[] = ['standard', 'priority', 'batch', undefined];

/**
 * The prices of one pass at an instant: its model's standard, fast or long-prompt prices, times geo, times batch.
 * Undefined where the model has no standard prices then.
 *
 * What the answer reports and the card does not price is charged by the dearest rule known, and said so: a proxy that
 * guessed low would pay the difference on every such call, and one that guesses high can refund it.
 */
export function findPassRates(
  card: RateCard,
  model: ModelCard,
  usage: CallUsage,
  pass: UsagePass,
  atMs: number,
): PassRates | undefined {
  const inForce = findPrices(model, 'standard', atMs);
  if (inForce === undefined) return undefined;
  const { rates: standard, overridden = false } = inForce;
  const assumptions: PriceAssumption[] = [];
  const fast = isFast(usage, pass, assumptions)
    ? findFastRates(card, model, usage, atMs, standard, assumptions)
    : undefined;
  const long = findLongPromptRates(model, pass, atMs);
  const base = fast !== undefined && long !== undefined ? dearerRates(fast, long) : (fast ?? long ?? standard);
  const geoTenths = readGeoTenths(card, model, usage.inferenceGeo, assumptions);
  const tierTenths = readTierTenths(card, usage.serviceTier, fast !== undefined, assumptions);
  const isList = geoTenths === 10n && tierTenths === 10n;
  // Exact: prices are multiples of 100 pico-dollars, so two divisions by ten leave no remainder.
  const rates = isList ? base : mapRates(base, (rate) => (rate * geoTenths * tierTenths) / 100n);
  return { rates, overridden, assumptions };
}

/** The advisor is a call of its own and is priced at its model's rates, without the caller's speed. */
function isFast(usage: CallUsage, pass: UsagePass, assumptions: PriceAssumption[]): boolean {
  if (usage.speed === undefined || usage.speed === 'standard' || pass.kind === 'advisor_message') return false;
  if (usage.speed !== 'fast') assumptions.push('unknown_speed');
  return true;
}

/**
 * Fast prices in force; else, for the model that answered, the last it had; else its standard prices times the
 * largest ratio that fast ever had (`assumed_fast_multiplier`). A fallback to a model without fast runs at standard
 * speed, so it keeps its standard prices.
 */
function findFastRates(
  card: RateCard,
  model: ModelCard,
  usage: CallUsage,
  atMs: number,
  standard: TokenRates,
  assumptions: PriceAssumption[],
): TokenRates | undefined {
  const inForce = findPrices(model, 'fast', atMs);
  if (inForce !== undefined) return inForce.rates;
  if (model !== (card.byName.get(usage.model) ?? card.unknownModel)) return undefined;
  assumptions.push('fast_without_prices');
  return findEndedPrices(model, 'fast', atMs)?.rates ?? assumedFastRates(card, standard);
}

/** Standard prices times the largest ratio that fast ever had. */
export function assumedFastRates(card: RateCard, standard: TokenRates): TokenRates {
  // Two steps of ten at most follow, so the result is kept a multiple of 100 pico-dollars by rounding up.
  return mapRates(standard, (rate) => ((rate * card.assumedFastTenths + 999n) / 1_000n) * 100n);
}

/**
 * A pass whose whole prompt (uncached, read and written) is above the threshold pays the long-prompt prices on every
 * class. Where an answer has no iterations, its passes are summed and may cross it together: the dearer side is taken.
 */
function findLongPromptRates(model: ModelCard, pass: UsagePass, atMs: number): TokenRates | undefined {
  const row = findPrices(model, 'long_prompt', atMs);
  if (row?.abovePromptTokens === undefined) return undefined;
  return sumPromptTokens(pass.tokens) > row.abovePromptTokens ? row.rates : undefined;
}

function readGeoTenths(
  card: RateCard,
  model: ModelCard,
  geo: string | undefined,
  assumptions: PriceAssumption[],
): bigint {
  if (LIST_PRICE_GEOS.includes(geo)) return 10n;
  if (geo === 'us' && model.geoUsTenths !== undefined) return model.geoUsTenths;
  assumptions.push('geo_without_multiplier');
  return card.assumedGeoTenths;
}

/** Fast is not sold in batches: were both reported, the discount is not given. */
function readTierTenths(
  card: RateCard,
  tier: string | undefined,
  fast: boolean,
  assumptions: PriceAssumption[],
): bigint {
  if (!KNOWN_TIERS.includes(tier)) assumptions.push('unknown_service_tier');
  if (tier !== 'batch') return 10n;
  if (!fast) return card.batchTenths;
  assumptions.push('fast_in_batch');
  return 10n;
}

/** The dearer of two price lists, class by class. */
export function dearerRates(one: TokenRates, other: TokenRates): TokenRates {
  return {
    input: larger(one.input, other.input),
    cacheWrite5m: larger(one.cacheWrite5m, other.cacheWrite5m),
    cacheWrite1h: larger(one.cacheWrite1h, other.cacheWrite1h),
    cacheRead: larger(one.cacheRead, other.cacheRead),
    output: larger(one.output, other.output),
  };
}

/** A price list with every price replaced. */
export function mapRates(rates: TokenRates, price: (rate: bigint) => bigint): TokenRates {
  return {
    input: price(rates.input),
    cacheWrite5m: price(rates.cacheWrite5m),
    cacheWrite1h: price(rates.cacheWrite1h),
    cacheRead: price(rates.cacheRead),
    output: price(rates.output),
  };
}
