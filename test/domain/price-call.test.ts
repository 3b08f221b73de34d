import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../src/domain/money.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import type { CallUsage, TokenUsage, UsagePass } from '../../src/domain/usage.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');

function pass(model: string, tokens: Partial<TokenUsage>, more: Partial<UsagePass> = {}): UsagePass {
  const none = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };
  return { model, kind: 'message', tokens: { ...none, ...tokens }, ...more };
}

function usage(passes: UsagePass[], more: Partial<CallUsage> = {}): CallUsage {
  const model = passes[0]?.model ?? '';
  return { model, passes, webSearches: 0, serviceTier: undefined, inferenceGeo: undefined, speed: undefined, ...more };
}

function receiptOf(call: CallUsage, atMs = AT_MS): Receipt {
  const priced = priceCall(card, call, atMs);
  if (!priced.priced) throw new Error(`no prices for ${priced.model}`);
  return priced.receipt;
}

const costOf = (call: CallUsage, atMs = AT_MS) => receiptOf(call, atMs).amountNanoUsd;
const usd = (text: string) => {
  const amount = parseUsd(text);
  if (amount === undefined) throw new Error(text);
  return amount;
};
const million = { input: 1_000_000 };

describe('what reading from a cache saved', () => {
  it.each([
    ['nothing was read', [{ input: 1_000 }], {}, undefined],
    ['the price of input less that of reading', [{ cacheRead: 1_000_000 }], {}, '4.5'],
    ['at the prices of the call', [{ cacheRead: 1_000_000 }], { serviceTier: 'batch', inferenceGeo: 'us' }, '2.475'],
    ['over all passes', [{ cacheRead: 1_000_000 }, { cacheRead: 2_000_000, input: 5 }], {}, '13.5'],
  ] as const)('%s', (_name, passes, more, dollars) => {
    const call = usage(
      passes.map((tokens) => pass('claude-opus-5', tokens)),
      more,
    );
    expect(receiptOf(call).cacheSavingsPicoUsd).toBe(dollars === undefined ? undefined : usd(dollars) * 1_000n);
  });

  it('is nothing for a pass that is not billed', () => {
    const refusal = { category: 'cyber', beforeOutput: true };
    const call = usage([pass('claude-opus-5', { cacheRead: 1_000_000 }, { refusal })]);
    expect(receiptOf(call).cacheSavingsPicoUsd).toBeUndefined();
  });
});

describe('multipliers', () => {
  it.each([
    ['standard', {}, '5'],
    ['batch', { serviceTier: 'batch' }, '2.5'],
    ['us', { inferenceGeo: 'us' }, '5.5'],
    ['batch in the us', { serviceTier: 'batch', inferenceGeo: 'us' }, '2.75'],
    ['fast', { speed: 'fast' }, '10'],
    ['fast in the us', { speed: 'fast', inferenceGeo: 'us' }, '11'],
    ['list values', { speed: 'standard', inferenceGeo: 'global', serviceTier: 'standard' }, '5'],
    ['geo not available', { inferenceGeo: 'not_available' }, '5'],
    ['priority', { serviceTier: 'priority' }, '5'],
  ])('%s', (_name, more, dollars) => {
    const receipt = receiptOf(usage([pass('claude-opus-5', million)], more));
    expect(receipt.amountNanoUsd).toBe(usd(dollars));
    expect(receipt.assumptions).toBeUndefined();
  });

  it('apply to every token class and to no search', () => {
    const tokens = {
      input: 1_000_000,
      cacheWrite5m: 1_000_000,
      cacheWrite1h: 1_000_000,
      cacheRead: 1_000_000,
      output: 1_000_000,
    };
    const call = usage([pass('claude-fable-5-2', tokens)], {
      webSearches: 3,
      inferenceGeo: 'us',
      serviceTier: 'batch',
    });
    // (8 + 10 + 16 + 0.20 + 40) x 1.1 x 0.5 + 0.03
    expect(costOf(call)).toBe(usd('40.84'));
    expect(receiptOf(call).lines.at(-1)).toEqual({
      model: 'claude-fable-5-2',
      class: 'web_search',
      quantity: 3,
      picoUsdEach: 10_000_000_000n,
    });
  });

  it('are exact for the smallest price: 0.01 USD per million x 1.1 x 0.5 is 5.5e-9 USD a token', () => {
    const call = usage([pass('claude-haiku-5-5', { cacheRead: 2 })], { inferenceGeo: 'us', serviceTier: 'batch' });
    expect(receiptOf(call).lines).toEqual([
      { model: 'claude-haiku-5-5', class: 'cache_read', quantity: 2, picoUsdEach: 5_500n },
    ]);
    expect(costOf(call)).toBe(11n);
  });
});

describe('rounding', () => {
  it('goes up once per call, not once per line', () => {
    // 5.5 nano-dollars a token: two lines of one token are 11, not 6 + 6.
    const passes = [pass('claude-haiku-5-5', { cacheRead: 1 }), pass('claude-haiku-5-5', { cacheRead: 1 })];
    expect(costOf(usage(passes, { inferenceGeo: 'us', serviceTier: 'batch' }))).toBe(11n);
    expect(costOf(usage(passes.slice(1), { inferenceGeo: 'us', serviceTier: 'batch' }))).toBe(6n);
  });

  it('makes the amount the lines rounded up, always', () => {
    const counts = fc.record({
      input: fc.nat(2_000_000),
      cacheWrite5m: fc.nat(2_000_000),
      cacheWrite1h: fc.nat(2_000_000),
      cacheRead: fc.nat(2_000_000),
      output: fc.nat(200_000),
    });
    const models = fc.constantFrom(...card.models.map((model) => model.id));
    const passes = fc.array(fc.tuple(models, counts), { minLength: 1, maxLength: 5 });
    const terms = fc.record({
      serviceTier: fc.constantFrom(undefined, 'standard', 'batch', 'odd'),
      inferenceGeo: fc.constantFrom(undefined, 'us', 'global', 'odd'),
      speed: fc.constantFrom(undefined, 'standard', 'fast', 'odd'),
      webSearches: fc.nat(20),
    });
    fc.assert(
      fc.property(passes, terms, (list, more) => {
        const receipt = receiptOf(
          usage(
            list.map(([model, tokens]) => pass(model, tokens)),
            more,
          ),
        );
        const pico = receipt.lines.reduce((sum, line) => sum + BigInt(line.quantity) * line.picoUsdEach, 0n);
        const excess = receipt.amountNanoUsd * 1_000n - pico;
        expect(excess >= 0n && excess < 1_000n).toBe(true);
      }),
    );
  });
});

describe('the long-prompt prices of Haiku 5.5', () => {
  it('begin above the threshold and then hold for every class', () => {
    expect(costOf(usage([pass('claude-haiku-5-5', { input: 100_000, output: 1_000 })]))).toBe(usd('0.0105'));
    expect(costOf(usage([pass('claude-haiku-5-5', { input: 100_001, output: 1_000 })]))).toBe(usd('0.0525005'));
  });

  it('count cache reads and writes as prompt', () => {
    const tokens = { input: 1, cacheRead: 50_000, cacheWrite5m: 25_000, cacheWrite1h: 25_000 };
    const receipt = receiptOf(usage([pass('claude-haiku-5-5', tokens)]));
    expect(receipt.lines.map((line) => line.picoUsdEach)).toEqual([500_000n, 625_000n, 1_000_000n, 50_000n]);
  });

  it('are judged pass by pass', () => {
    const two = [pass('claude-haiku-5-5', { input: 60_000 }), pass('claude-haiku-5-5', { input: 60_000 })];
    expect(costOf(usage(two))).toBe(usd('0.012'));
  });
});

describe('passes at other models', () => {
  it('are priced at their own rates, the advisor without the caller’s speed', () => {
    const call = usage(
      [pass('claude-opus-5-5', million), pass('claude-opus-5', million, { kind: 'advisor_message' })],
      { speed: 'fast' },
    );
    expect(costOf(call)).toBe(usd('13'));
  });

  it('leave a fallback to a model without fast at its standard prices', () => {
    const call = usage(
      [pass('claude-opus-5-5', million), pass('claude-sonnet-5-5', million, { kind: 'fallback_message' })],
      { speed: 'fast', model: 'claude-opus-5-5' },
    );
    expect(receiptOf(call)).toMatchObject({ amountNanoUsd: usd('10') });
    expect(receiptOf(call).assumptions).toBeUndefined();
  });

  it('without prices make the whole call unpriced, and say which', () => {
    const call = usage([pass('claude-opus-5', million), pass('claude-next', million)]);
    expect(priceCall(card, call, AT_MS)).toEqual({ priced: false, model: 'claude-next' });
  });
});

describe('what the card does not price', () => {
  it.each([
    [
      'fast of a model that has none: six times standard',
      'claude-sonnet-5-5',
      { speed: 'fast' },
      '12',
      'fast_without_prices',
    ],
    ['fast after its last day: its last prices', 'claude-opus-4-8', { speed: 'fast' }, '10', 'fast_without_prices'],
    ['an unknown speed: as fast', 'claude-opus-5', { speed: 'warp' }, '10', 'unknown_speed'],
    ['fast in a batch: no discount', 'claude-opus-5', { speed: 'fast', serviceTier: 'batch' }, '10', 'fast_in_batch'],
    ['an unknown region: the multiplier', 'claude-opus-5', { inferenceGeo: 'eu' }, '5.5', 'geo_without_multiplier'],
    [
      'us of a model without: the multiplier',
      'claude-haiku-4-5',
      { inferenceGeo: 'us' },
      '1.1',
      'geo_without_multiplier',
    ],
    ['an unknown tier: the list price', 'claude-opus-5', { serviceTier: 'flex' }, '5', 'unknown_service_tier'],
  ])('%s', (_name, model, more, dollars, assumption) => {
    const atMs = model === 'claude-opus-4-8' ? Date.parse('2026-12-01T00:00:00Z') : AT_MS;
    const receipt = receiptOf(usage([pass(model, million)], more), atMs);
    expect(receipt.amountNanoUsd).toBe(usd(dollars));
    expect(receipt.assumptions).toEqual([assumption]);
  });

  it('is an instant without standard prices', () => {
    const soon = structuredClone(card.models[0]!);
    const ended = { ...soon, prices: soon.prices.map((row) => ({ ...row, untilMs: AT_MS })) };
    const endedCard = { ...card, byName: new Map([[soon.id, ended]]) };
    expect(priceCall(endedCard, usage([pass(soon.id, million)]), AT_MS)).toEqual({ priced: false, model: soon.id });
    expect(priceCall(endedCard, usage([pass(soon.id, million)]), AT_MS - 1).priced).toBe(true);
  });
});

describe('refusals', () => {
  const refused = (category: string | undefined, beforeOutput: boolean) =>
    costOf(usage([pass('claude-opus-5', million, { refusal: { category, beforeOutput } })], { stopReason: 'refusal' }));

  it.each(['bio', 'frontier_llm', 'reasoning_extraction'])(
    'before output are billed in the category %s',
    (category) => {
      expect(refused(category, true)).toBe(usd('5'));
    },
  );

  it.each(['cyber', 'general_harms', undefined, 'new_category'])(
    'before output are free in the category %s',
    (category) => {
      expect(refused(category, true)).toBe(0n);
    },
  );

  it('after output are billed in every category', () => {
    expect(refused('cyber', false)).toBe(usd('5'));
    expect(refused(undefined, false)).toBe(usd('5'));
  });

  it('of one pass leave the others billed', () => {
    const declined = pass('claude-opus-5', million, { refusal: { category: 'cyber', beforeOutput: true } });
    expect(costOf(usage([declined, pass('claude-sonnet-5-5', million, { kind: 'fallback_message' })]))).toBe(usd('2'));
  });
});

describe('counts that no reader should let through', () => {
  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY, -0])('%d costs nothing', (count) => {
    expect(costOf(usage([pass('claude-opus-5', { input: count, output: count })], { webSearches: count }))).toBe(0n);
  });

  it.each([Number.POSITIVE_INFINITY, 1e300, 2 ** 60])('%d costs a finite amount', (count) => {
    expect(costOf(usage([pass('claude-opus-5', { input: count })]))).toBe(
      (BigInt(Number.MAX_SAFE_INTEGER) * 5_000_000n + 999n) / 1_000n,
    );
  });

  it('a fraction counts as the next whole token', () => {
    expect(costOf(usage([pass('claude-opus-5', { input: 1.2 })]))).toBe(10_000n);
  });
});

describe('receipts', () => {
  it('name every class, in order, and a single search', () => {
    const tokens = { input: 1, cacheWrite5m: 2, cacheWrite1h: 3, cacheRead: 4, output: 5 };
    const { lines, multiplier } = receiptOf(usage([pass('claude-opus-5', tokens)], { webSearches: 1 }));
    expect(lines.map((line) => [line.class, line.quantity])).toEqual([
      ['input', 1],
      ['cache_write_5m', 2],
      ['cache_write_1h', 3],
      ['cache_read', 4],
      ['output', 5],
      ['web_search', 1],
    ]);
    expect(lines.flatMap((line) => Object.keys(line))).not.toContain('overridden');
    expect(lines.flatMap((line) => Object.keys(line))).not.toContain('pricedAs');
    expect(multiplier).toBeUndefined();
  });
  it.each([Number.NaN, -1, -1e300, 0])('take a count of %s for none', (count) => {
    const call = usage([pass('claude-opus-5', { input: count, output: count })], { webSearches: count });
    expect(receiptOf(call)).toMatchObject({ amountNanoUsd: 0n, lines: [] });
  });
  it('take a count above what a number holds exactly for the largest that one does', () => {
    const [line] = receiptOf(usage([pass('claude-opus-5', { input: 1e300 })])).lines;
    expect(line?.quantity).toBe(Number.MAX_SAFE_INTEGER);
  });
});
