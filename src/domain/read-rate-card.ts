import { applyPricing } from './apply-pricing.ts';
import { parsePricing } from './parse-pricing.ts';
import { type ParsedRateCard, parseRateCard } from './parse-rate-card.ts';
import type { RateCard } from './rate-card-types.ts';

/** A file's text and what to call it in problems. */
export interface SourceText {
  path: string;
  text: string;
}

/** What the prices of this installation are made of. */
export interface RateCardSources {
  card: SourceText;
  /** The operator's own prices over the card's. */
  overrides: SourceText | undefined;
  /** The model at whose prices unknown ones are admitted. */
  unknownModelPricedAs: string | undefined;
}

/**
 * The card of an installation, overrides applied.
 * @returns the card, or every problem of the first source that has any: later ones are judged by the earlier.
 */
export function readRateCard({ card, overrides, unknownModelPricedAs }: RateCardSources): ParsedRateCard {
  const listed = parseSource(card, 'rate card', parseRateCard);
  if (!listed.ok) return listed;
  const stand = unknownModelPricedAs;
  if (stand !== undefined && !listed.card.byName.has(stand))
    return { ok: false, problems: [`UNKNOWN_MODEL_PRICED_AS: ${stand} is not on the rate card ${card.path}`] };
  const base: RateCard = { ...listed.card, unknownModelPricedAs: stand };
  if (overrides === undefined) return { ok: true, card: base };
  const own = parseSource(overrides, 'rate card overrides', (json) => parsePricing(base, json));
  if (!own.ok) return own;
  return { ok: true, card: { ...applyPricing(base, own.terms), version: `${base.version}+${own.version}` } };
}

function parseSource<Parsed extends { ok: true } | { ok: false; problems: string[] }>(
  { path, text }: SourceText,
  what: string,
  parse: (json: unknown) => Parsed,
): Parsed | { ok: false; problems: string[] } {
  const prefix = (problem: string): string => `${what} ${path}: ${problem}`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, problems: [prefix(`is not JSON: ${error instanceof Error ? error.message : String(error)}`)] };
  }
  const parsed = parse(json);
  return parsed.ok ? parsed : { ok: false, problems: parsed.problems.map(prefix) };
}
