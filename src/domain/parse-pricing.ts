import { type Static, Type } from 'typebox';
import { MULTIPLIER_PATTERN } from './multiplier.ts';
import { parseInstant, schemaProblems } from './price-text.ts';
import { OVERRIDES_AT_MOST, PRICE_FIELDS, type PriceOverride, type PricingTerms } from './pricing-terms.ts';
import { Instant, ModelName, Price } from './rate-card-schema.ts';
import type { RateCard } from './rate-card-types.ts';

const closed = { additionalProperties: false };

const OverrideSchema = Type.Object(
  {
    model: ModelName,
    effective_from: Type.Optional(Instant),
    input_usd_per_mtok: Type.Optional(Price),
    output_usd_per_mtok: Type.Optional(Price),
    cache_write_5m_usd_per_mtok: Type.Optional(Price),
    cache_write_1h_usd_per_mtok: Type.Optional(Price),
    cache_read_usd_per_mtok: Type.Optional(Price),
    note: Type.Optional(Type.String()),
  },
  closed,
);

/** The file of overrides: what every account pays that has no terms of its own. */
const PricingSchema = Type.Object(
  {
    version: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
    multiplier: Type.Optional(Type.String({ pattern: MULTIPLIER_PATTERN })),
    overrides: Type.Optional(Type.Array(OverrideSchema, { maxItems: OVERRIDES_AT_MOST })),
    note: Type.Optional(Type.String()),
  },
  closed,
);

export type ParsedPricing = { ok: true; version: string; terms: PricingTerms } | { ok: false; problems: string[] };

/**
 * Parses the content of a file of overrides for this card.
 * @param card undefined: it has mistakes of its own, and what only it could tell is not judged.
 * @returns the terms, or every problem found, each naming its place.
 */
export function parsePricing(card: RateCard | undefined, json: unknown): ParsedPricing {
  const problems = schemaProblems(PricingSchema, json, 'overrides');
  const overrides = listReadable(json);
  const found = card === undefined ? [] : findPricingProblems(card, [...overrides.values()]);
  const places = [...overrides.keys()];
  problems.push(...found.map(({ index, field, problem }) => `overrides.${places[index]}: ${field} ${problem}`));
  if (problems.length > 0) return { ok: false, problems };
  const { version, multiplier } = json as Static<typeof PricingSchema>;
  const terms = { ...(multiplier === undefined ? {} : { multiplier }), overrides: [...overrides.values()] };
  return { ok: true, version, terms };
}

/** The overrides that are well-formed, by their place in the list. */
function listReadable(json: unknown): Map<number, PriceOverride> {
  const overrides = (json as { overrides?: unknown } | null | undefined)?.overrides;
  if (!Array.isArray(overrides)) return new Map();
  return new Map(
    overrides
      .slice(0, OVERRIDES_AT_MOST)
      .flatMap((override, index): [number, PriceOverride][] =>
        schemaProblems(OverrideSchema, override, '').length > 0 ? [] : [[index, readOverride(override)]],
      ),
  );
}

function readOverride(json: Static<typeof OverrideSchema>): PriceOverride {
  const prices = PRICE_FIELDS.flatMap(([field, name]) => (json[field] === undefined ? [] : [[name, json[field]]]));
  return {
    model: json.model,
    ...(json.effective_from === undefined ? {} : { effectiveFromMs: parseInstant(json.effective_from) }),
    ...(Object.fromEntries(prices) as Partial<PriceOverride>),
  };
}

/** What is wrong with one override beyond its syntax. `problem` ends the sentence that the field's name begins. */
export interface PricingProblem {
  index: number;
  field: 'model' | 'effective_from' | 'input_usd_per_mtok';
  problem: string;
}

/** Overrides that could never hold, or of which nobody could say which one does. */
export function findPricingProblems(card: RateCard, overrides: readonly PriceOverride[]): PricingProblem[] {
  const seen = new Set<string>();
  return overrides.flatMap((override, index): PricingProblem[] => {
    const model = card.byName.get(override.model);
    if (model === undefined) return [{ index, field: 'model', problem: 'is not on the rate card' }];
    if (Number.isNaN(override.effectiveFromMs))
      return [{ index, field: 'effective_from', problem: 'is no real instant' }];
    if (PRICE_FIELDS.every(([, name]) => override[name] === undefined))
      return [{ index, field: 'input_usd_per_mtok', problem: 'is missing, and so is every other price' }];
    const start = `${model.id} ${override.effectiveFromMs ?? 'always'}`;
    if (seen.has(start))
      return [{ index, field: 'effective_from', problem: 'is that of another override of the same model' }];
    seen.add(start);
    return [];
  });
}
