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
 * @returns the card, or every problem of every source. Where the card has any, the others are judged only by what does
 * not depend on it.
 */
export function readRateCard({ card, overrides, unknownModelPricedAs }: RateCardSources): ParsedRateCard {
  const listed = parseSource(card, 'rate card', parseRateCard);
  const problems = listed.ok ? [] : [...listed.problems];
  const base: RateCard | undefined = listed.ok ? { ...listed.card, unknownModelPricedAs } : undefined;
  if (base !== undefined && unknownModelPricedAs !== undefined && !base.byName.has(unknownModelPricedAs))
    problems.push(`UNKNOWN_MODEL_PRICED_AS: ${unknownModelPricedAs} is not on the rate card ${card.path}`);
  const own =
    overrides === undefined
      ? undefined
      : parseSource(overrides, 'rate card overrides', (json) => parsePricing(base, json));
  if (own?.ok === false) problems.push(...own.problems);
  if (base === undefined || problems.length > 0) return { ok: false, problems };
  if (own === undefined || !own.ok) return { ok: true, card: base };
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
