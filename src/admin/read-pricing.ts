import type { AccountChange } from '../directory/directory.ts';
import { findPricingProblems } from '../domain/parse-pricing.ts';
import { parseTime } from '../domain/parse-time.ts';
import { PRICE_FIELDS, type PriceOverride } from '../domain/pricing-terms.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { FieldError } from './problem.ts';
import type { PricingBody } from './schemas/pricing-schemas.ts';

type PricingChange = Pick<AccountChange, 'priceMultiplier' | 'priceOverrides'>;

/** Reads the `pricing` of a body that the schema has judged. Overrides that could never hold are errors. */
export function readPricing(card: RateCard, body: PricingBody | undefined): PricingChange | FieldError[] {
  const overrides = body?.overrides?.map(readOverride);
  const problems = findPricingProblems(card, overrides ?? []);
  if (problems.length > 0) {
    return problems.map(({ index, field, problem }) => ({
      field: `pricing.overrides[${index}].${field}`,
      message: problem,
    }));
  }
  return {
    ...(body?.multiplier === undefined ? {} : { priceMultiplier: body.multiplier }),
    ...(overrides === undefined ? {} : { priceOverrides: overrides.length === 0 ? null : overrides }),
  };
}

function readOverride(body: NonNullable<PricingBody['overrides']>[number]): PriceOverride {
  const prices = PRICE_FIELDS.flatMap(([field, name]) => (body[field] === undefined ? [] : [[name, body[field]]]));
  return {
    model: body.model,
    ...(body.effective_from === undefined ? {} : { effectiveFromMs: parseTime(body.effective_from) ?? Number.NaN }),
    ...(Object.fromEntries(prices) as Partial<PriceOverride>),
  };
}
