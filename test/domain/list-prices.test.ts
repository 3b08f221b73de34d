/**
 * Goal: the charge equals the published list price of every model in every class, computed another way.
 * Method: dollars per million tokens are written out here by hand and multiplied as decimal fractions of text.
 */
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../src/domain/money.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import type { TokenUsage } from '../../src/domain/usage.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');

/** input, output, 5-minute write, 1-hour write, read: dollars per million tokens on 2026-11-20. */
const LIST: readonly [models: string, prices: string][] = [
  ['claude-fable-5-2 claude-mythos-5-2', '8 40 10 16 0.20'],
  ['claude-fable-5-1 claude-mythos-5-1', '10 50 12.50 20 0.25'],
  ['claude-fable-5 claude-mythos-5', '10 50 12.50 20 1'],
  ['claude-mythos-preview', '25 125 31.25 50 2.50'],
  ['claude-opus-5-5', '4 20 5 8 0.20'],
  ['claude-opus-5 claude-opus-4-8 claude-opus-4-7 claude-opus-4-6 claude-opus-4-5', '5 25 6.25 10 0.50'],
  ['claude-opus-4-1 claude-opus-4-0 claude-3-opus-20240229', '15 75 18.75 30 1.50'],
  ['claude-sonnet-5-5', '2 10 2.50 4 0.10'],
  ['claude-sonnet-5', '2 10 2.50 4 0.20'],
  ['claude-sonnet-4-6 claude-sonnet-4-5 claude-sonnet-4-0 claude-3-7-sonnet-20250219', '3 15 3.75 6 0.30'],
  ['claude-3-5-sonnet-20241022 claude-3-5-sonnet-20240620 claude-3-sonnet-20240229', '3 15 3.75 6 0.30'],
  ['claude-haiku-5-5', '0.10 0.50 0.125 0.20 0.01'],
  ['claude-haiku-4-5', '1 5 1.25 2 0.10'],
  ['claude-3-5-haiku-20241022', '0.80 4 1 1.60 0.08'],
  ['claude-3-haiku-20240307', '0.25 1.25 0.30 0.50 0.03'],
  ['claude-2.1 claude-2.0 claude-1.3', '8 24'],
  ['claude-instant-1.2', '0.80 2.40'],
];
const FAST: readonly [models: string, prices: string][] = [
  ['claude-fable-5-2 claude-mythos-5-2', '16 80 20 32 0.40'],
  ['claude-opus-5-5', '8 40 10 16 0.40'],
  ['claude-opus-5 claude-opus-4-8', '10 50 12.50 20 1'],
];
const CLASSES: readonly (keyof TokenUsage)[] = ['input', 'output', 'cacheWrite5m', 'cacheWrite1h', 'cacheRead'];

/** price x tokens / 10^6 in dollars, with decimal digits only: "0.125" is 125 with three places. */
function decimalCost(price: string, tokens: number): string {
  const [whole = '', places = ''] = price.split('.');
  const digits = (BigInt(whole + places) * BigInt(tokens)).toString().padStart(places.length + 7, '0');
  const point = digits.length - places.length - 6;
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${digits.slice(0, point)}.${fraction.padEnd(2, '0')}`;
}

function charged(model: string, usageClass: keyof TokenUsage, tokens: number, speed: string | undefined): string {
  const none = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };
  const usage = {
    model,
    passes: [{ model, kind: 'message', tokens: { ...none, [usageClass]: tokens } }],
    webSearches: 0,
    serviceTier: undefined,
    inferenceGeo: undefined,
    speed,
  };
  const priced = priceCall(card, usage, AT_MS);
  if (!priced.priced) throw new Error(`no prices for ${priced.model}`);
  expect(priced.receipt.assumptions).toBeUndefined();
  return formatUsd(priced.receipt.amountNanoUsd);
}

const rows = (list: typeof LIST, speed: string | undefined) =>
  list.flatMap(([models, prices]) =>
    models
      .split(' ')
      .flatMap((model) =>
        prices.split(' ').map((price, index) => ({ model, price, speed, usageClass: CLASSES[index]! })),
      ),
  );

describe.each([...rows(LIST, undefined), ...rows(FAST, 'fast')])('$model $usageClass ($speed)', (row) => {
  it.each([1_000_000, 99_000, 12_300])('%d tokens', (tokens) => {
    // Above its threshold Haiku 5.5 has other prices, which have tests of their own.
    const count = row.model === 'claude-haiku-5-5' ? Math.min(tokens, 100_000) : tokens;
    expect(charged(row.model, row.usageClass, count, row.speed)).toBe(decimalCost(row.price, count));
  });
});

it('covers every model of the card', () => {
  const listed = LIST.flatMap(([models]) => models.split(' ')).map((name) => card.byName.get(name)?.id);
  expect(new Set(listed)).toEqual(new Set(card.models.map((model) => model.id)));
});
