import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPricing } from '../../src/domain/apply-pricing.ts';
import { ceilCall } from '../../src/domain/call-ceiling.ts';
import { formatMultiplier, parseMultiplier } from '../../src/domain/multiplier.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { formatPrice } from '../../src/domain/price-text.ts';
import type { PricingTerms } from '../../src/domain/pricing-terms.ts';
import { findModel, findPrices, type PriceKind, type RateCard } from '../../src/domain/rate-card.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import type { CallUsage } from '../../src/domain/usage.ts';
import { arbitraryCall, arbitraryMultiplier, arbitraryTerms } from './arbitrary-calls.ts';
import { loadCard } from './load-card.ts';

const list = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');
const DECEMBER_MS = Date.parse('2026-12-01T00:00:00Z');
const NAMES = ['claude-opus-5', 'claude-opus-4-8', 'claude-haiku-5-5', 'claude-sonnet-4-5', 'claude-2.1'];

/** Dollars per million tokens, as the file writes them: input, output, 5-minute and 1-hour write, read. */
function pricesOf(card: RateCard, model: string, kind: PriceKind = 'standard', atMs = AT_MS): string[] | undefined {
  const rates = findPrices(findModel(card, model)!, kind, atMs)?.rates;
  if (rates === undefined) return undefined;
  return [rates.input, rates.output, rates.cacheWrite5m, rates.cacheWrite1h, rates.cacheRead].map(formatPrice);
}

function usageOf(model: string, input: number, more: Partial<CallUsage> = {}): CallUsage {
  const tokens = { input, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };
  return {
    model,
    passes: [{ model, kind: 'message', tokens }],
    webSearches: 0,
    serviceTier: undefined,
    inferenceGeo: undefined,
    speed: undefined,
    ...more,
  };
}

function receiptOf(card: RateCard, usage: CallUsage, atMs = AT_MS): Receipt {
  const priced = priceCall(card, usage, atMs);
  if (!priced.priced) throw new Error(`no prices for ${priced.model}`);
  return priced.receipt;
}

describe('overrides', () => {
  it('replace the classes they name and leave the others at the list', () => {
    const card = applyPricing(list, { overrides: [{ model: 'claude-opus-5', input: '4', cacheRead: '0.2501' }] });
    expect(pricesOf(list, 'claude-opus-5')).toEqual(['5', '25', '6.25', '10', '0.5']);
    expect(pricesOf(card, 'claude-opus-5')).toEqual(['4', '25', '6.25', '10', '0.2501']);
    expect(pricesOf(card, 'claude-opus-4-8')).toEqual(pricesOf(list, 'claude-opus-4-8'));
  });

  it('are found by alias, and reach the model by all its names', () => {
    const card = applyPricing(list, { overrides: [{ model: 'claude-sonnet-4-5', output: '12' }] });
    expect(pricesOf(card, 'claude-sonnet-4-5-20250929')?.[1]).toBe('12');
    expect(findModel(card, 'claude-sonnet-4-5')).toBe(findModel(card, 'claude-sonnet-4-5-20250929'));
  });

  it('never reach a model whose name only begins alike', () => {
    const card = applyPricing(list, { overrides: [{ model: 'claude-sonnet-5', input: '1' }] });
    expect(pricesOf(card, 'claude-sonnet-5')?.[0]).toBe('1');
    expect(pricesOf(card, 'claude-sonnet-5-5')).toEqual(pricesOf(list, 'claude-sonnet-5-5'));
  });

  it('keep the ratio of fast and long-prompt prices, class by class', () => {
    const overrides = [
      { model: 'claude-opus-5', input: '4' },
      { model: 'claude-haiku-5-5', output: '0.3' },
    ];
    const card = applyPricing(list, { overrides });
    expect(pricesOf(card, 'claude-opus-5', 'fast')).toEqual(['8', '50', '12.5', '20', '1']);
    expect(pricesOf(card, 'claude-haiku-5-5', 'long_prompt')).toEqual(['0.5', '1.5', '0.625', '1', '0.05']);
  });

  it('hold from their instant, each until the next of the same model', () => {
    const card = applyPricing(list, {
      overrides: [
        { model: 'claude-opus-5', input: '3', effectiveFromMs: DECEMBER_MS },
        { model: 'claude-opus-5', output: '20' },
      ],
    });
    expect(pricesOf(card, 'claude-opus-5', 'standard', DECEMBER_MS - 1)?.slice(0, 2)).toEqual(['5', '20']);
    expect(pricesOf(card, 'claude-opus-5', 'standard', DECEMBER_MS)?.slice(0, 2)).toEqual(['3', '25']);
    expect(pricesOf(card, 'claude-opus-5', 'fast', DECEMBER_MS)?.slice(0, 2)).toEqual(['6', '50']);
  });

  it('hold through changes of the list, which still change the classes left out', () => {
    const change = Date.parse('2026-10-07T00:00:00Z');
    const card = applyPricing(list, { overrides: [{ model: 'claude-sonnet-5-5', input: '1.5' }] });
    const before = pricesOf(card, 'claude-sonnet-5-5', 'standard', change - 1);
    const after = pricesOf(card, 'claude-sonnet-5-5', 'standard', change);
    expect([before?.[0], before?.[4]]).toEqual(['1.5', '0.2']);
    expect([after?.[0], after?.[4]]).toEqual(['1.5', '0.1']);
  });

  it('neither begin nor prolong a price that the list has ended', () => {
    const end = Date.parse('2026-11-30T00:00:00Z');
    const card = applyPricing(list, { overrides: [{ model: 'claude-opus-4-8', input: '4' }] });
    expect(pricesOf(card, 'claude-opus-4-8', 'fast', end - 1)?.[0]).toBe('8');
    expect(pricesOf(card, 'claude-opus-4-8', 'fast', end)).toBeUndefined();
  });

  it('of an account lie over those of the operator, class by class', () => {
    const operator = applyPricing(list, {
      multiplier: '1.2',
      overrides: [{ model: 'claude-opus-5', input: '4.5', output: '24' }],
    });
    const account = applyPricing(operator, { overrides: [{ model: 'claude-opus-5', output: '20' }] });
    expect(pricesOf(account, 'claude-opus-5')?.slice(0, 2)).toEqual(['4.5', '20']);
    expect(account.multiplier).toBe(12_000n);
    expect(applyPricing(operator, { multiplier: '0.9' }).multiplier).toBe(9_000n);
    expect(operator.version).toBe(list.version);
  });

  it('of a model that the card lacks change nothing', () => {
    expect(applyPricing(list, { overrides: [{ model: 'claude-next', input: '1' }] }).models).toEqual(list.models);
  });

  it('leave the card itself as it was', () => {
    const before = structuredClone(list.models);
    applyPricing(list, { multiplier: '2', overrides: NAMES.map((model) => ({ model, input: '9' })) });
    expect(list.models).toEqual(before);
  });
});

describe('multipliers', () => {
  it.each([
    // 1,000 tokens at 4 dollars a million are 4,000,000 nano-dollars.
    ['batch, the us, the account', { serviceTier: 'batch', inferenceGeo: 'us' }, '1.25', 2_750_000n],
    ['fast, the account', { speed: 'fast' }, '1.25', 10_000_000n],
    ['a discount', {}, '0.9', 3_600_000n],
    ['none', {}, '1', 4_000_000n],
  ])('come last, over overrides and the model’s own: %s', (_name, more, multiplier, amount) => {
    const card = applyPricing(list, { multiplier, overrides: [{ model: 'claude-opus-5', input: '4' }] });
    expect(receiptOf(card, usageOf('claude-opus-5', 1_000, more)).amountNanoUsd).toBe(amount);
  });

  it('reach web searches as well', () => {
    const card = applyPricing(list, { multiplier: '1.5' });
    expect(receiptOf(card, usageOf('claude-opus-5', 0, { webSearches: 2 })).amountNanoUsd).toBe(30_000_000n);
  });

  it('are rounded once, with the whole call', () => {
    // 5.5 nano-dollars a token, twice, times 1.0001: 11.0011, and not 6 + 6 nor 11 + 1 per step.
    const card = applyPricing(list, { multiplier: '1.0001' });
    const more = { inferenceGeo: 'us', serviceTier: 'batch' };
    const tokens = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 1, output: 0 };
    const pass = { model: 'claude-haiku-5-5', kind: 'message', tokens };
    const usage = { ...usageOf('claude-haiku-5-5', 0, more), passes: [pass, pass] };
    expect(receiptOf(card, usage).amountNanoUsd).toBe(12n);
    expect(receiptOf(list, usage).amountNanoUsd).toBe(11n);
  });

  it('are decimals of four places above 0 and below 100, and written back as they were', () => {
    for (const text of ['0', '0.0', '100', '1.00001', '-1', '1e2', '', '1.', '.5', ' 1', 'NaN', '1,5'])
      expect(parseMultiplier(text)).toBeUndefined();
    fc.assert(fc.property(arbitraryMultiplier, (text) => formatMultiplier(parseMultiplier(text)!) === text));
  });
});

describe('receipts', () => {
  it('name the multiplier and the lines that are not at the list price', () => {
    const card = applyPricing(list, {
      multiplier: '1.25',
      overrides: [{ model: 'claude-opus-5', input: '4', effectiveFromMs: DECEMBER_MS }],
    });
    expect(receiptOf(card, usageOf('claude-opus-5', 10))).toEqual({
      amountNanoUsd: 62_500n,
      lines: [{ model: 'claude-opus-5', class: 'input', quantity: 10, picoUsdEach: 5_000_000n }],
      rateCardVersion: list.version,
      multiplier: 12_500n,
    });
    expect(receiptOf(card, usageOf('claude-opus-5', 10), DECEMBER_MS)).toMatchObject({
      amountNanoUsd: 50_000n,
      lines: [{ picoUsdEach: 4_000_000n, overridden: true }],
    });
  });

  it('of list prices name neither', () => {
    expect(receiptOf(list, usageOf('claude-opus-5', 10))).toEqual({
      amountNanoUsd: 50_000n,
      lines: [{ model: 'claude-opus-5', class: 'input', quantity: 10, picoUsdEach: 5_000_000n }],
      rateCardVersion: list.version,
    });
  });
});

const layers = fc.tuple(arbitraryTerms(NAMES), arbitraryTerms(NAMES));
const layered = ([operator, account]: [PricingTerms, PricingTerms]): RateCard =>
  applyPricing(applyPricing(list, operator), account);

describe('under any terms of an operator and an account', () => {
  it('a charge is its lines times the multiplier, rounded up once', () => {
    fc.assert(
      fc.property(layers, arbitraryCall(list, NAMES), fc.nat(20), (terms, { usage, atMs }, webSearches) => {
        const card = layered(terms);
        const receipt = receiptOf(card, { ...usage, webSearches }, atMs);
        const pico = receipt.lines.reduce((sum, line) => sum + BigInt(line.quantity) * line.picoUsdEach, 0n);
        const excess = receipt.amountNanoUsd * 1_000n * 10_000n - pico * (receipt.multiplier ?? 10_000n);
        expect(excess >= 0n && excess < 10_000_000n).toBe(true);
        const last = terms[1].multiplier ?? terms[0].multiplier;
        expect(receipt.multiplier ?? 10_000n).toBe(last === undefined ? 10_000n : parseMultiplier(last));
      }),
    );
  });

  it('the ceiling is never below the charge', () => {
    fc.assert(
      fc.property(layers, arbitraryCall(list, NAMES), (terms, { request, usage, atMs }) => {
        const card = layered(terms);
        const ceiling = ceilCall(card, request, atMs);
        if (!ceiling.priced) throw new Error(`no prices for ${ceiling.model}`);
        expect(receiptOf(card, usage, atMs).amountNanoUsd <= ceiling.amountNanoUsd).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('every price stays whole under every stack of multipliers, and rows of a kind never overlap', () => {
    fc.assert(
      fc.property(layers, (terms) => {
        for (const model of layered(terms).models) {
          for (const row of model.prices) {
            expect(row.fromMs < row.untilMs).toBe(true);
            for (const rate of Object.values(row.rates) as bigint[]) expect(rate > 0n && rate % 100n === 0n).toBe(true);
          }
          for (const one of model.prices) {
            const clash = model.prices.find(
              (other) =>
                other !== one && other.kind === one.kind && other.fromMs < one.untilMs && one.fromMs < other.untilMs,
            );
            expect(clash).toBeUndefined();
          }
        }
      }),
    );
  });

  it('what an override names is charged as it says, and what it does not name as before', () => {
    fc.assert(
      fc.property(arbitraryTerms(['claude-opus-5']), arbitraryCall(list, ['claude-opus-5']), (terms, { atMs }) => {
        const card = applyPricing(list, { overrides: terms.overrides ?? [] });
        const inForce = (terms.overrides ?? [])
          .map((override, order) => ({ override, order, fromMs: override.effectiveFromMs ?? Number.NEGATIVE_INFINITY }))
          .filter(({ fromMs }) => fromMs <= atMs)
          .reduce<{ fromMs: number; inputs: (string | undefined)[] }>(
            (last, { fromMs, override }) => {
              if (fromMs < last.fromMs) return last;
              return { fromMs, inputs: fromMs === last.fromMs ? [...last.inputs, override.input] : [override.input] };
            },
            { fromMs: Number.NEGATIVE_INFINITY, inputs: [] },
          );
        const expected = inForce.inputs.length === 0 ? ['5'] : inForce.inputs.map((input) => input ?? '5');
        expect(expected).toContain(pricesOf(card, 'claude-opus-5', 'standard', atMs)?.[0]);
      }),
    );
  });
});
