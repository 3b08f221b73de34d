import { describe, expect, it } from 'vitest';
import { LISTED_MODELS } from '../../src/simulator/price-list.ts';
import { priceUsage, roundUpToNanoUsd } from '../../src/simulator/price-usage.ts';
import type { BilledPass, BilledUsage } from '../../src/simulator/simulator-types.ts';

const pass = (model: string, counts: Partial<Record<keyof BilledPass, bigint>>): BilledPass => ({
  model,
  kind: 'message',
  input: 0n,
  cacheWrite5m: 0n,
  cacheWrite1h: 0n,
  cacheRead: 0n,
  output: 0n,
  ...(counts as object),
});

const usage = (passes: BilledPass[], terms: Partial<BilledUsage> = {}): BilledUsage => ({
  model: passes[0]?.model ?? '',
  passes,
  webSearches: 0n,
  serviceTier: 'standard',
  inferenceGeo: 'global',
  speed: undefined,
  ...terms,
});

const MILLION = 1_000_000n;
/** Dollars in pico-dollars. */
const usd = (hundredths: bigint): bigint => hundredths * 10_000_000_000n;

describe('priceUsage, against amounts worked out by hand', () => {
  it('prices each class of Opus 5.5 at its list price: 4, 20, 5, 8 and 0.20 dollars a million', () => {
    const one = (counts: Partial<Record<keyof BilledPass, bigint>>) =>
      priceUsage(usage([pass('claude-opus-5-5', counts)]));
    expect(one({ input: MILLION })).toBe(usd(400n));
    expect(one({ output: MILLION })).toBe(usd(2_000n));
    expect(one({ cacheWrite5m: MILLION })).toBe(usd(500n));
    expect(one({ cacheWrite1h: MILLION })).toBe(usd(800n));
    expect(one({ cacheRead: MILLION })).toBe(usd(20n));
  });

  it('takes the fast card by the speed reported, and the standard one where a model has no fast card', () => {
    expect(priceUsage(usage([pass('claude-fable-5-2', { output: MILLION })], { speed: 'fast' }))).toBe(usd(8_000n));
    expect(priceUsage(usage([pass('claude-opus-4-6', { output: MILLION })], { speed: 'fast' }))).toBe(usd(2_500n));
  });

  it('moves a whole pass of Haiku 5.5 to the long card above 100,000 prompt tokens, not at them', () => {
    const at = pass('claude-haiku-5-5', { input: 60_000n, cacheRead: 40_000n, output: 1_000n });
    // 60,000 x 0.10 + 40,000 x 0.01 + 1,000 x 0.50 dollars a million.
    expect(priceUsage(usage([at]))).toBe(6_900_000_000n);
    const above = pass('claude-haiku-5-5', { input: 60_001n, cacheRead: 40_000n, output: 1_000n });
    // 60,001 x 0.50 + 40,000 x 0.05 + 1,000 x 2.50 dollars a million.
    expect(priceUsage(usage([above]))).toBe(34_500_500_000n);
  });

  it('decides the long card pass by pass', () => {
    const small = pass('claude-haiku-5-5', { input: 60_000n });
    expect(priceUsage(usage([small, small]))).toBe(12_000_000_000n);
  });

  it('adds a tenth in the US where the model has that choice, and never to searches', () => {
    const searched = usage([pass('claude-sonnet-5', { input: MILLION })], { inferenceGeo: 'us', webSearches: 3n });
    expect(priceUsage(searched)).toBe(usd(220n) + usd(3n));
    expect(priceUsage(usage([pass('claude-haiku-4-5', { input: MILLION })], { inferenceGeo: 'us' }))).toBe(usd(100n));
  });

  it('halves a batch, and keeps the half of a tenth exact', () => {
    const one = usage([pass('claude-haiku-5-5', { cacheRead: 1n })], { serviceTier: 'batch', inferenceGeo: 'us' });
    // 0.01 dollars a million x 1.1 x 0.5 = 5,500 pico-dollars a token.
    expect(priceUsage(one)).toBe(5_500n);
    expect(roundUpToNanoUsd(5_500n)).toBe(6n);
  });

  it('prices each pass at its own model', () => {
    const passes = [pass('claude-sonnet-4-6', { input: MILLION }), pass('claude-opus-4-7', { output: MILLION })];
    expect(priceUsage(usage(passes))).toBe(usd(300n) + usd(2_500n));
  });

  it('finds a model by id and alias only, never by prefix', () => {
    expect(priceUsage(usage([pass('claude-haiku-4-5', { input: 1n })]))).toBe(1_000_000n);
    expect(priceUsage(usage([pass('claude-haiku-4-5-20990101', { input: 1n })]))).toBeUndefined();
    expect(priceUsage(usage([pass('claude-sonnet', { input: 1n })]))).toBeUndefined();
  });

  it('holds prices whose tenths and halves are whole pico-dollars', () => {
    const cards = LISTED_MODELS.flatMap((model) => [model.standard, model.fast, model.longPrompt?.card]);
    const prices = cards.flatMap((card) => (card === undefined ? [] : Object.values(card)));
    expect(prices.length).toBeGreaterThan(150);
    expect(prices.filter((price) => price % 200n !== 0n)).toEqual([]);
  });
});

describe('roundUpToNanoUsd', () => {
  it('rounds any part of a nano-dollar up', () => {
    expect([0n, 1n, 999n, 1_000n, 1_001n].map(roundUpToNanoUsd)).toEqual([0n, 1n, 1n, 1n, 2n]);
  });
});
