import type { ModelCard, RateCard } from './rate-card-types.ts';

/** What a model may be called here: what the card would take for a name. Others are refused whatever is configured. */
const MODEL_NAME = /^[a-z0-9][a-z0-9.@:-]{0,99}$/;

/**
 * The card for one call, with a model for each name that the card lacks, at the prices of `unknownModelPricedAs`.
 * The same card where it knows all names, or where nothing is configured and an unknown model is refused.
 *
 * The names stay their own: a key, a grant or a quota that names the other model does not reach these.
 */
export function assumeUnknownModels(card: RateCard, names: readonly string[]): RateCard {
  const stand = card.unknownModelPricedAs === undefined ? undefined : card.byName.get(card.unknownModelPricedAs);
  const unknown = names.filter((name) => !card.byName.has(name) && MODEL_NAME.test(name));
  if (stand === undefined || unknown.length === 0) return card;
  const assumed = unknown.map((name) => assumeModel(card, name, stand));
  return {
    ...card,
    byName: new Map([...card.byName, ...assumed.map((model): [string, ModelCard] => [model.id, model])]),
    unknownModel: assumeModel(card, 'unknown', stand),
  };
}

/** Nothing is known of it but its name, so its hold is bounded by the largest figures that any model has. */
function assumeModel(card: RateCard, id: string, stand: ModelCard): ModelCard {
  const largest = (figure: (model: ModelCard) => number): number => Math.max(...card.models.map(figure));
  return {
    id,
    aliases: [],
    family: 'unknown',
    status: 'active',
    retiresOn: undefined,
    contextWindowTokens: largest((model) => model.contextWindowTokens),
    maxOutputTokens: largest((model) => model.maxOutputTokens),
    imageTokens: largest((model) => model.imageTokens),
    toolPromptTokens: largest((model) => model.toolPromptTokens),
    geoUsTenths: stand.geoUsTenths ?? card.assumedGeoTenths,
    prices: stand.prices,
    pricedAs: stand.id,
  };
}
