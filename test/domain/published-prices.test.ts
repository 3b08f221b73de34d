/**
 * Goal: no price of the card is wrong by a slip of ours. Method: another project keeps the same prices by hand; every
 * model that it knows is compared, class by class, on two days. Where the two differ on purpose, the reason is here.
 */
import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import { expect, it } from 'vitest';
import { formatPrice } from '../../src/domain/price-text.ts';
import { findPrices, type ModelCard, type TokenRates } from '../../src/domain/rate-card.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const DAYS = ['2026-02-01', '2026-11-20'];
const CLASSES: readonly [keyof TokenRates, string][] = [
  ['input', 'input_mtok'],
  ['output', 'output_mtok'],
  ['cacheWrite5m', 'cache_write_mtok'],
  ['cacheWrite1h', 'cache_write_1h_mtok'],
  ['cacheRead', 'cache_read_mtok'],
];

interface Meant {
  day: string;
  models: readonly string[];
  /** Class, then ours and theirs. */
  prices: readonly string[];
  /** Why ours is right. */
  reason: string;
}

/** Every difference that is meant. */
const MEANT: readonly Meant[] = [
  {
    day: '2026-11-20',
    models: ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    prices: [
      'input long: none / 6 above 200000',
      'output long: none / 22.5 above 200000',
      'cacheWrite5m long: none / 7.5 above 200000',
      'cacheWrite1h long: none / 12 above 200000',
      'cacheRead long: none / 0.6 above 200000',
    ],
    reason: 'its window is 200,000 again since the beta of 1M, and with it the premium, ended on 2026-04-30',
  },
  {
    day: '2026-02-01',
    models: ['claude-sonnet-4-20250514', 'claude-sonnet-4-0', 'claude-4-sonnet-20250514'],
    prices: [
      'input long: 6 above 200000 / none',
      'output long: 22.5 above 200000 / none',
      'cacheWrite5m long: 7.5 above 200000 / none',
      'cacheWrite1h long: 12 above 200000 / none',
      'cacheRead long: 0.6 above 200000 / none',
    ],
    reason: 'the beta of 1M, with its premium, was open to this model until 2026-04-30; they leave it out',
  },
  {
    day: '2026-11-20',
    models: ['claude-sonnet-5-5'],
    prices: ['cacheRead: 0.1 / 0.2'],
    reason: 'they do not know it and match by the beginning of its name, which gives it the price of claude-sonnet-5',
  },
];

function theirPrices(name: string, day: string): ModelPrice | undefined {
  const found = calcPrice({ input_tokens: 1 }, name, {
    providerId: 'anthropic',
    timestamp: new Date(`${day}T12:00:00Z`),
  });
  return found?.model_price;
}

function describeTheirs(prices: ModelPrice, field: string): { base: string; above: string } | undefined {
  const price = prices[field];
  if (price === undefined) return undefined;
  if (typeof price === 'number') return { base: `${price}`, above: 'none' };
  return { base: `${price.base}`, above: price.tiers.map((tier) => `${tier.price} above ${tier.start}`).join(', ') };
}

function describeOurs(model: ModelCard, name: keyof TokenRates, atMs: number): { base: string; above: string } {
  const standard = findPrices(model, 'standard', atMs)!;
  const long = findPrices(model, 'long_prompt', atMs);
  return {
    base: formatPrice(standard.rates[name]),
    above: long === undefined ? 'none' : `${formatPrice(long.rates[name])} above ${long.abovePromptTokens}`,
  };
}

function findDifferences(): string[] {
  const differences: string[] = [];
  for (const day of DAYS) {
    for (const model of card.models) {
      for (const name of [model.id, ...model.aliases]) {
        const prices = theirPrices(name, day);
        if (prices === undefined) continue;
        for (const [ours, field] of CLASSES) {
          const their = describeTheirs(prices, field);
          if (their === undefined) continue;
          const own = describeOurs(model, ours, Date.parse(`${day}T12:00:00Z`));
          if (own.base !== their.base) differences.push(`${day} ${name} ${ours}: ${own.base} / ${their.base}`);
          if (own.above !== their.above) differences.push(`${day} ${name} ${ours} long: ${own.above} / ${their.above}`);
        }
      }
    }
  }
  return differences;
}

it('differ from what others publish only where that is meant', () => {
  expect(findDifferences().sort()).toEqual(
    MEANT.flatMap(({ day, models, prices }) =>
      models.flatMap((model) => prices.map((price) => `${day} ${model} ${price}`)),
    ).sort(),
  );
});

it('are compared for most models of the card', () => {
  const known = card.models.filter((model) => theirPrices(model.id, '2026-11-20') !== undefined);
  expect(known.length).toBeGreaterThanOrEqual(20);
});
