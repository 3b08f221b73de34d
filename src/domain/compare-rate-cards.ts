import { formatMultiplier } from './multiplier.ts';
import { formatPrice } from './price-text.ts';
import { PRICE_FIELDS } from './pricing-terms.ts';
import type { ModelCard, PriceKind, RateCard, TokenRates } from './rate-card-types.ts';

/** What another rate card would change. */
export interface RateCardDifference {
  added: string[];
  removed: string[];
  /** Of models that both have. */
  prices: PriceDifference[];
  /** Everything else that bears on money, of the card (no `model`) or of a model that both have. */
  facts: FactDifference[];
}

/** One class of price within `fromMs <= instant < untilMs`. Dollars per million tokens; undefined: no such price. */
export interface PriceDifference {
  model: string;
  kind: PriceKind;
  /** `input_usd_per_mtok` and so on. */
  field: (typeof PRICE_FIELDS)[number][0];
  fromMs: number;
  untilMs: number;
  before: string | undefined;
  after: string | undefined;
}

export interface FactDifference {
  model?: string;
  field: string;
  before: string;
  after: string;
}

const KINDS: readonly PriceKind[] = ['standard', 'fast', 'long_prompt'];

/** Models are the same that have the same id. */
export function compareRateCards(before: RateCard, after: RateCard): RateCardDifference {
  const earlier = new Map(before.models.map((model) => [model.id, model]));
  const later = new Map(after.models.map((model) => [model.id, model]));
  const pairs = after.models.flatMap((model): [ModelCard, ModelCard][] => {
    const known = earlier.get(model.id);
    return known === undefined ? [] : [[known, model]];
  });
  return {
    added: [...later.keys()].filter((id) => !earlier.has(id)),
    removed: [...earlier.keys()].filter((id) => !later.has(id)),
    prices: pairs.flatMap(([known, model]) => comparePrices(known, model)),
    facts: [
      ...compareFacts(cardFacts(before), cardFacts(after)),
      ...pairs.flatMap(([known, model]) =>
        compareFacts(modelFacts(known), modelFacts(model)).map((one) => ({ model: model.id, ...one })),
      ),
    ],
  };
}

function comparePrices(before: ModelCard, after: ModelCard): PriceDifference[] {
  const rows = [...before.prices, ...after.prices];
  const edges = [...new Set(rows.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]))].sort((one, other) =>
    one < other ? -1 : 1,
  );
  return KINDS.flatMap((kind) =>
    PRICE_FIELDS.flatMap(([field, name]) => {
      const pieces = edges.slice(0, -1).map((fromMs, index) => ({
        model: after.id,
        kind,
        field,
        fromMs,
        untilMs: edges[index + 1] ?? fromMs,
        before: priceAt(before, kind, name, fromMs),
        after: priceAt(after, kind, name, fromMs),
      }));
      return joinPieces(pieces).filter((piece) => piece.before !== piece.after);
    }),
  );
}

function priceAt(model: ModelCard, kind: PriceKind, name: keyof TokenRates, atMs: number): string | undefined {
  const row = model.prices.find((one) => one.kind === kind && one.fromMs <= atMs && atMs < one.untilMs);
  return row === undefined ? undefined : formatPrice(row.rates[name]);
}

/** Neighbours that say the same are one. */
function joinPieces(pieces: readonly PriceDifference[]): PriceDifference[] {
  const joined: PriceDifference[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && last.before === piece.before && last.after === piece.after) last.untilMs = piece.untilMs;
    else joined.push({ ...piece });
  }
  return joined;
}

type Facts = { readonly [field: string]: string };

function compareFacts(before: Facts, after: Facts): FactDifference[] {
  return Object.keys(before).flatMap((field) => {
    const [one = '', other = ''] = [before[field], after[field]];
    return one === other ? [] : [{ field, before: one, after: other }];
  });
}

function cardFacts(card: RateCard): Facts {
  return {
    multiplier: formatMultiplier(card.multiplier),
    batch_multiplier: formatTenths(card.batchTenths),
    assumed_geo_multiplier: formatTenths(card.assumedGeoTenths),
    assumed_fast_multiplier: formatTenths(card.assumedFastTenths),
    web_search_usd_per_1000: formatPrice(card.webSearchPicoUsd / 1_000n),
    billed_refusal_categories: [...card.billedRefusalCategories].sort().join(', '),
  };
}

function modelFacts(model: ModelCard): Facts {
  const threshold = model.prices.find(({ kind }) => kind === 'long_prompt')?.abovePromptTokens;
  return {
    aliases: [...model.aliases].sort().join(', '),
    family: model.family,
    status: model.status,
    retires: model.retiresOn ?? 'not announced',
    context_window: `${model.contextWindowTokens}`,
    max_output_tokens: `${model.maxOutputTokens}`,
    image_tokens: `${model.imageTokens}`,
    tool_prompt_tokens: `${model.toolPromptTokens}`,
    geo_us_multiplier: model.geoUsTenths === undefined ? 'none' : formatTenths(model.geoUsTenths),
    above_prompt_tokens: threshold === undefined ? 'none' : `${threshold}`,
  };
}

function formatTenths(tenths: bigint): string {
  return tenths % 10n === 0n ? `${tenths / 10n}` : `${tenths / 10n}.${tenths % 10n}`;
}
