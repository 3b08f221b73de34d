import { type Static, Type } from 'typebox';
import { OVERRIDES_AT_MOST, PRICE_FIELDS } from '../../domain/pricing-terms.ts';
import { modelField, nullableMultiplierField, priceField, timeAnswer, timeField } from './fields.ts';

type PriceFieldName = (typeof PRICE_FIELDS)[number][0];

const priceFields = Object.fromEntries(PRICE_FIELDS.map(([field]) => [field, Type.Optional(priceField)])) as {
  [Field in PriceFieldName]: ReturnType<typeof Type.Optional<typeof priceField>>;
};

const overrideBody = Type.Object(
  { model: modelField, effective_from: Type.Optional(timeField), ...priceFields },
  { additionalProperties: false },
);

/** What is left out stays; `null` and an empty list remove. */
export const pricingBody = Type.Object(
  {
    multiplier: Type.Optional(nullableMultiplierField),
    overrides: Type.Optional(
      Type.Array(overrideBody, {
        maxItems: OVERRIDES_AT_MOST,
        description: 'Prices in place of the rate card’s, all of them at once; an empty list removes them.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, description: 'What the account pays instead of list prices.' },
);
export type PricingBody = Static<typeof pricingBody>;

/** As the body takes it, so that an answer can be sent back. */
export const pricingSchema = Type.Object(
  {
    multiplier: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    overrides: Type.Array(
      Type.Object(
        {
          model: Type.String(),
          effective_from: Type.Optional(timeAnswer),
          ...(Object.fromEntries(PRICE_FIELDS.map(([field]) => [field, Type.Optional(Type.String())])) as {
            [Field in PriceFieldName]: ReturnType<typeof Type.Optional<ReturnType<typeof Type.String>>>;
          }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type PricingAnswer = Static<typeof pricingSchema>;
