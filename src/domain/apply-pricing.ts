import { parseMultiplier } from './multiplier.ts';
import { parsePrice } from './price-text.ts';
import { PRICE_FIELDS, type PriceOverride, type PricingTerms } from './pricing-terms.ts';
import type { ModelCard, PriceRow, RateCard, TokenRates } from './rate-card-types.ts';

/** An override of one model within `fromMs <= instant < untilMs`. */
interface Period {
  fromMs: number;
  untilMs: number;
  prices: Partial<TokenRates>;
}

/**
 * The card as these terms change it. Overrides replace the standard prices. The fast and the long-prompt prices of a
 * class that is overridden keep their ratio to the standard one, rounded up to four places; batch and region multiply
 * as ever, and the multiplier of the terms comes last.
 * Overrides of models that the card lacks change nothing.
 */
export function applyPricing(card: RateCard, { multiplier, overrides = [] }: PricingTerms): RateCard {
  const periods = periodsByModel(card, overrides);
  const changed = new Map([...periods].map(([model, list]) => [model, overrideModel(model, list)]));
  const models = changed.size === 0 ? card.models : card.models.map((model) => changed.get(model) ?? model);
  return {
    ...card,
    models,
    byName: changed.size === 0 ? card.byName : new Map(models.flatMap(namesOf)),
    multiplier: (multiplier === undefined ? undefined : parseMultiplier(multiplier)) ?? card.multiplier,
  };
}

const namesOf = (model: ModelCard): [string, ModelCard][] => [model.id, ...model.aliases].map((name) => [name, model]);

function periodsByModel(card: RateCard, overrides: readonly PriceOverride[]): Map<ModelCard, Period[]> {
  const byModel = new Map<ModelCard, PriceOverride[]>();
  for (const override of overrides) {
    const model = card.byName.get(override.model);
    if (model !== undefined) byModel.set(model, [...(byModel.get(model) ?? []), override]);
  }
  return new Map([...byModel].map(([model, list]) => [model, toPeriods(list)]));
}

function toPeriods(overrides: readonly PriceOverride[]): Period[] {
  const ordered = overrides
    .map((override) => ({ fromMs: override.effectiveFromMs ?? Number.NEGATIVE_INFINITY, override }))
    .sort((one, other) => (one.fromMs < other.fromMs ? -1 : one.fromMs > other.fromMs ? 1 : 0));
  return ordered.map(({ fromMs, override }, index) => ({
    fromMs,
    untilMs: ordered[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY,
    prices: readPrices(override),
  }));
}

function readPrices(override: PriceOverride): Partial<TokenRates> {
  return Object.fromEntries(
    PRICE_FIELDS.flatMap(([, name]) => {
      const text = override[name];
      return text === undefined ? [] : [[name, parsePrice(text)]];
    }),
  );
}

function overrideModel(model: ModelCard, periods: readonly Period[]): ModelCard {
  const standards = model.prices.filter(({ kind }) => kind === 'standard');
  const prices = model.prices.flatMap((row) => overrideRow(row, standards, periods));
  return { ...model, prices };
}

/** The row cut where overrides and standard prices change, so that each piece has one price per class. */
function overrideRow(row: PriceRow, standards: readonly PriceRow[], periods: readonly Period[]): PriceRow[] {
  const cuts = [...periods, ...standards].flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]);
  const inside = cuts.filter((cut) => row.fromMs < cut && cut < row.untilMs);
  const edges = [...new Set([row.fromMs, ...inside, row.untilMs])].sort((one, other) => (one < other ? -1 : 1));
  return edges.slice(0, -1).map((fromMs, index) => {
    const piece = { ...row, fromMs, untilMs: edges[index + 1] ?? row.untilMs };
    const holds = (one: { fromMs: number; untilMs: number }) => one.fromMs <= fromMs && fromMs < one.untilMs;
    const period = periods.find(holds);
    const standard = standards.find(holds);
    return period === undefined || standard === undefined ? piece : overridePiece(piece, standard, period.prices);
  });
}

function overridePiece(piece: PriceRow, standard: PriceRow, prices: Partial<TokenRates>): PriceRow {
  const rates = { ...piece.rates };
  for (const [name, price] of Object.entries(prices) as [keyof TokenRates, bigint][]) {
    rates[name] = keepRatio(price, piece.rates[name], standard.rates[name]);
  }
  return { ...piece, rates, overridden: true };
}

/** Prices stay multiples of 100 pico-dollars, so that two multipliers in tenths leave no remainder. */
function keepRatio(price: bigint, listed: bigint, standard: bigint): bigint {
  const divisor = standard * 100n;
  return ((price * listed + divisor - 1n) / divisor) * 100n;
}
