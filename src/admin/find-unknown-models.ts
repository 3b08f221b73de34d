import { findModel, type RateCard } from '../domain/rate-card.ts';
import type { FieldError } from './problem.ts';

/** Names of a grant's or a quota's model scope that no call goes by: neither a model's id nor a family. */
export function findUnknownLabels(rateCard: RateCard, names: readonly string[]): FieldError[] {
  return names.flatMap((name, index) => {
    const message = describeUnknownLabel(rateCard, name);
    return message === undefined ? [] : [{ field: `models[${index}]`, message }];
  });
}

function describeUnknownLabel(rateCard: RateCard, name: string): string | undefined {
  if (rateCard.models.some(({ id, family }) => id === name || family === name)) return undefined;
  const model = findModel(rateCard, name);
  if (model !== undefined) return `is another name of ${model.id}, which is the one to give`;
  return admitsUnknown(rateCard) ? undefined : 'is neither a model nor a family of the rate card';
}

/** Models that a key is allowed to call but nobody can: a key takes every name of a model, and no family. */
export function findUnknownModels(rateCard: RateCard, names: readonly string[]): FieldError[] {
  return names.flatMap((name, index) =>
    findModel(rateCard, name) === undefined && !admitsUnknown(rateCard)
      ? [{ field: `allowed_models[${index}]`, message: 'is no model of the rate card' }]
      : [],
  );
}

/** Where calls of models that the card lacks are priced as another, any name may be one of theirs. */
function admitsUnknown({ unknownModelPricedAs }: RateCard): boolean {
  return unknownModelPricedAs !== undefined;
}
