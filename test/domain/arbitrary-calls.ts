import fc from 'fast-check';
import type { MessagesRequest } from '../../src/domain/call-request.ts';
import { PRICE_FIELDS, type PriceOverride, type PricingTerms } from '../../src/domain/pricing-terms.ts';
import { boundPromptTokens } from '../../src/domain/prompt-bound.ts';
import type { RateCard } from '../../src/domain/rate-card.ts';
import type { CallUsage } from '../../src/domain/usage.ts';
import { makeRequest } from './make-request.ts';

export interface ArbitraryCall {
  request: MessagesRequest;
  /** Within what the request allows. */
  usage: CallUsage;
  atMs: number;
}

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('2025-01-01T00:00:00Z');
export const arbitraryInstant = fc.nat(760).map((day) => FIRST_MS + day * DAY_MS);

/** A price as files and bodies write it: 0.0001 to 200 dollars per million tokens. */
const arbitraryPrice = fc.integer({ min: 1, max: 2_000_000 }).map(writeTenThousandths);
export const arbitraryMultiplier = fc.integer({ min: 1, max: 999_999 }).map(writeTenThousandths);

function writeTenThousandths(count: number): string {
  const places = `${count % 10_000}`.padStart(4, '0').replace(/0+$/, '');
  return `${Math.floor(count / 10_000)}${places === '' ? '' : `.${places}`}`;
}

/** Terms of any kind for these models. */
export function arbitraryTerms(models: readonly string[]): fc.Arbitrary<PricingTerms> {
  const prices = Object.fromEntries(PRICE_FIELDS.map(([, name]) => [name, arbitraryPrice]));
  const override = fc
    .record({ ...prices, effectiveFromMs: arbitraryInstant }, { requiredKeys: [] })
    .chain((rest) => fc.constantFrom(...models).map((model) => ({ ...rest, model }) as PriceOverride));
  return fc.record(
    { multiplier: arbitraryMultiplier, overrides: fc.array(override, { maxLength: 6 }) },
    { requiredKeys: [] },
  );
}

/** A plain call of one of these models, and a usage that it may end with. */
export function arbitraryCall(card: RateCard, models: readonly string[]): fc.Arbitrary<ArbitraryCall> {
  return fc
    .record({
      model: fc.constantFrom(...models),
      maxTokens: fc.nat(200_000),
      speed: fc.constantFrom(undefined, 'standard', 'fast'),
      inferenceGeo: fc.constantFrom(undefined, 'us', 'global'),
      cacheWrite: fc.constantFrom('none' as const, '5m' as const, '1h' as const),
      textBytes: fc.oneof(fc.nat(3_000), fc.nat(1_500_000)),
      shares: fc.array(fc.nat(1_000), { minLength: 5, maxLength: 5 }),
      isUs: fc.boolean(),
      isSlow: fc.boolean(),
      serviceTier: fc.constantFrom(undefined, 'standard', 'batch', 'priority'),
      atMs: arbitraryInstant,
    })
    .map(({ shares, isUs, isSlow, serviceTier, atMs, ...asked }) => {
      const request = makePlainRequest(asked);
      const model = card.byName.get(request.model)!;
      const { speed, inferenceGeo } = request;
      const mayBeUs = inferenceGeo === 'us' || (inferenceGeo === undefined && model.geoUsTenths !== undefined);
      const usage = {
        model: model.id,
        passes: [{ model: model.id, kind: 'message', tokens: dealTokens(request, card, shares) }],
        webSearches: 0,
        serviceTier,
        inferenceGeo: mayBeUs && isUs ? 'us' : 'global',
        speed: speed === 'fast' && !isSlow ? 'fast' : 'standard',
      };
      return { request, usage, atMs };
    });
}

/** The prompt's bound dealt out over the classes that the request allows, by weights; the last is of the output. */
function dealTokens(request: MessagesRequest, card: RateCard, shares: readonly number[]) {
  const model = card.byName.get(request.model)!;
  const prompt = boundPromptTokens(request, model);
  const [input = 0, read = 0, short = 0, long = 0, written = 0] = shares;
  const weights = [input, read, request.cacheWrite === 'none' ? 0 : short, request.cacheWrite === '1h' ? long : 0];
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const part = (index: number): number => Math.floor((prompt * (weights[index] ?? 0)) / total);
  const output = Math.floor((Math.min(request.maxTokens, model.maxOutputTokens) * written) / 1_000);
  return { input: part(0), cacheRead: part(1), cacheWrite5m: part(2), cacheWrite1h: part(3), output };
}

export function makePlainRequest(more: Partial<MessagesRequest>): MessagesRequest {
  return makeRequest({
    maxTokens: 1_000,
    stream: false,
    bodyBytes: more.textBytes ?? 1_000,
    textBytes: 1_000,
    ...more,
  });
}
