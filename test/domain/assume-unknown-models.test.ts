import { describe, expect, it } from 'vitest';
import { applyPricing } from '../../src/domain/apply-pricing.ts';
import { assumeUnknownModels } from '../../src/domain/assume-unknown-models.ts';
import { ceilCall } from '../../src/domain/call-ceiling.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { findModel, modelLabels, type RateCard } from '../../src/domain/rate-card.ts';
import type { CallUsage } from '../../src/domain/usage.ts';
import { makePlainRequest } from './arbitrary-calls.ts';
import { loadCard } from './load-card.ts';

const list = loadCard();
const card: RateCard = { ...list, unknownModelPricedAs: 'claude-opus-4-5' };
const AT_MS = Date.parse('2026-11-20T00:00:00Z');

function usageOf(model: string, speed?: string): CallUsage {
  const tokens = { input: 1_000_000, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };
  const passes = [{ model, kind: 'message', tokens }];
  return { model, passes, webSearches: 0, serviceTier: undefined, inferenceGeo: undefined, speed };
}

describe('a model that the card lacks', () => {
  it('has no prices unless the operator says whose', () => {
    expect(assumeUnknownModels(list, ['claude-next'])).toBe(list);
    expect(assumeUnknownModels(card, ['claude-opus-5', 'claude-sonnet-4-5'])).toBe(card);
  });

  it('is charged at the prices configured, and the receipt says so', () => {
    const call = assumeUnknownModels(card, ['claude-next']);
    expect(priceCall(call, usageOf('claude-next'), AT_MS)).toEqual({
      priced: true,
      receipt: {
        amountNanoUsd: 5_000_000_000n,
        lines: [
          {
            model: 'claude-next',
            class: 'input',
            quantity: 1_000_000,
            picoUsdEach: 5_000_000n,
            pricedAs: 'claude-opus-4-5-20251101',
          },
        ],
        rateCardVersion: card.version,
        assumptions: ['unknown_model'],
      },
    });
  });

  it('may answer under a dated name, at the same prices', () => {
    const call = assumeUnknownModels(card, ['claude-next']);
    expect(priceCall(call, usageOf('claude-next-20270101'), AT_MS)).toMatchObject({
      receipt: { amountNanoUsd: 5_000_000_000n, assumptions: ['unknown_model'] },
    });
    expect(priceCall(call, usageOf('claude-next-20270101', 'fast'), AT_MS)).toMatchObject({
      receipt: { amountNanoUsd: 30_000_000_000n, assumptions: ['fast_without_prices', 'unknown_model'] },
    });
  });

  it('is never what a call of known models is charged as', () => {
    expect(priceCall(assumeUnknownModels(card, ['claude-opus-5']), usageOf('claude-next'), AT_MS)).toEqual({
      priced: false,
      model: 'claude-next',
    });
  });

  it('is not taken for the model whose name its own begins with, nor for the one it is priced as', () => {
    const call = assumeUnknownModels({ ...list, unknownModelPricedAs: 'claude-haiku-4-5' }, ['claude-opus-5-9']);
    expect(priceCall(call, usageOf('claude-opus-5-9'), AT_MS)).toMatchObject({
      receipt: { amountNanoUsd: 1_000_000_000n },
    });
    expect(modelLabels(findModel(call, 'claude-opus-5-9')!)).toEqual(['claude-opus-5-9', 'unknown']);
    expect(findModel(call, 'claude-opus-5')).toBe(findModel(list, 'claude-opus-5'));
    expect(call.models).toBe(list.models);
  });

  it('is held for at the largest bounds known, for its own are not', () => {
    const call = assumeUnknownModels(card, ['claude-next']);
    const request = makePlainRequest({ model: 'claude-next', maxTokens: 1_000_000, textBytes: 5_000_000 });
    expect(ceilCall(call, request, AT_MS)).toMatchObject({ priced: true, tokens: 1_128_000n });
  });

  it('pays the account’s own prices of the model that it is priced as', () => {
    const own = applyPricing(card, { multiplier: '2', overrides: [{ model: 'claude-opus-4-5', input: '1' }] });
    expect(priceCall(assumeUnknownModels(own, ['claude-next']), usageOf('claude-next'), AT_MS)).toMatchObject({
      receipt: { amountNanoUsd: 2_000_000_000n, lines: [{ overridden: true }] },
    });
  });

  it.each(['', 'x'.repeat(101), 'Claude Next', 'a|b', '__proto__', 'a\n'])(
    'has no prices under the name %j',
    (name) => {
      expect(assumeUnknownModels(card, [name])).toBe(card);
    },
  );
});
