import { type Static, Type } from 'typebox';
import { PRICE_PATTERN } from './price-text.ts';

/**
 * Dollars per million tokens, at most 4 places: in pico-dollars per token a multiple of 100, so that two stacked
 * multipliers in tenths (batch x0.5, geo x1.1) still give whole pico-dollars.
 */
export const Price = Type.String({ pattern: PRICE_PATTERN });
const PriceOrNothing = Type.String({ pattern: '^[0-9]{1,6}(\\.[0-9]{1,4})?$' });
const Tenths = Type.String({ pattern: '^(?=.*[1-9])[0-9]{1,2}(\\.[0-9])?$' });
export const Instant = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' });
const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' });
const Tokens = Type.Integer({ minimum: 1, maximum: 100_000_000 });
export const ModelName = Type.String({ pattern: '^[a-z0-9][a-z0-9.@:-]{0,99}$' });
const closed = { additionalProperties: false };

export const PriceRowSchema = Type.Object(
  {
    kind: Type.String({ pattern: '^(standard|fast|long_prompt)$' }),
    from: Type.Optional(Instant),
    until: Type.Optional(Instant),
    above_prompt_tokens: Type.Optional(Tokens),
    input: Price,
    output: Price,
    cache_write_5m: Type.Optional(Price),
    cache_write_1h: Type.Optional(Price),
    cache_read: Type.Optional(Price),
    note: Type.Optional(Type.String()),
  },
  closed,
);
export type PriceRowJson = Static<typeof PriceRowSchema>;

export const ModelSchema = Type.Object(
  {
    id: ModelName,
    aliases: Type.Optional(Type.Array(ModelName, { maxItems: 20 })),
    family: Type.String({ pattern: '^[a-z]{1,30}$' }),
    status: Type.String({ pattern: '^(active|deprecated|retired)$' }),
    released: Type.Optional(Day),
    retires: Type.Optional(Day),
    context_window: Tokens,
    max_output_tokens: Tokens,
    image_tokens: Tokens,
    tool_prompt_tokens: Type.Optional(
      Type.Object({ auto_or_none: Type.Optional(Tokens), any_or_tool: Type.Optional(Tokens) }, closed),
    ),
    geo_us_multiplier: Type.Optional(Tenths),
    prices: Type.Array(PriceRowSchema, { minItems: 1, maxItems: 50 }),
    note: Type.Optional(Type.String()),
  },
  closed,
);
export type ModelJson = Static<typeof ModelSchema>;

/** The card without its models, which are checked one by one so that each names its own problems. */
export const CardSchema = Type.Object(
  {
    version: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
    as_of: Day,
    unit: Type.Optional(Type.String()),
    sources: Type.Optional(Type.Array(Type.String())),
    batch_multiplier: Tenths,
    assumed_geo_multiplier: Tenths,
    assumed_fast_multiplier: Tenths,
    billed_refusal_categories: Type.Array(Type.String(), { maxItems: 100 }),
    server_tools: Type.Object({ web_search: Type.Object({ usd_per_1000: PriceOrNothing }) }),
    models: Type.Array(Type.Unknown(), { minItems: 1, maxItems: 1_000 }),
  },
  closed,
);
export type CardJson = Static<typeof CardSchema>;
