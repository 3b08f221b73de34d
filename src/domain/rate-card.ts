import type { ModelCard, PriceKind, PriceRow, RateCard } from './rate-card-types.ts';

export { type ParsedRateCard, parseRateCard } from './parse-rate-card.ts';
export type { ModelCard, PriceKind, PriceRow, RateCard, TokenRates } from './rate-card-types.ts';

/**
 * The model of exactly this id or alias. Never by prefix: `claude-sonnet-5` begins `claude-sonnet-5-5`, at other prices.
 */
export function findModel(card: RateCard, modelId: string): ModelCard | undefined {
  return card.byName.get(modelId);
}

/** The model's prices of one kind in force at an instant (ms since 1970). */
export function findPrices(model: ModelCard, kind: PriceKind, atMs: number): PriceRow | undefined {
  for (const row of model.prices) if (row.kind === kind && row.fromMs <= atMs && atMs < row.untilMs) return row;
  return undefined;
}

/** The prices of one kind that ended last before an instant. */
export function findEndedPrices(model: ModelCard, kind: PriceKind, atMs: number): PriceRow | undefined {
  return model.prices
    .filter((row) => row.kind === kind && row.untilMs <= atMs)
    .reduce<PriceRow | undefined>(
      (last, row) => (last === undefined || row.untilMs > last.untilMs ? row : last),
      undefined,
    );
}

/** What a grant's or a quota's model scope may name for this model: its id and its family. */
export function modelLabels(model: ModelCard): readonly string[] {
  return [model.id, model.family];
}
