import type { Account } from '../../directory/directory.ts';
import { PRICE_FIELDS, type PriceOverride } from '../../domain/pricing-terms.ts';
import type { PricingAnswer } from '../schemas/pricing-schemas.ts';
import { writeTime } from './write-time.ts';

/** What an account pays instead of list prices; no multiplier and no overrides where it pays these. */
export function presentPricing({ priceMultiplier, priceOverrides = [] }: Account): PricingAnswer {
  return { multiplier: priceMultiplier ?? null, overrides: priceOverrides.map(presentOverride) };
}

function presentOverride(override: PriceOverride): PricingAnswer['overrides'][number] {
  const prices = PRICE_FIELDS.flatMap(([field, name]) =>
    override[name] === undefined ? [] : [[field, override[name]]],
  );
  return {
    model: override.model,
    ...(override.effectiveFromMs === undefined ? {} : { effective_from: writeTime(override.effectiveFromMs) }),
    ...(Object.fromEntries(prices) as Record<string, string>),
  };
}
