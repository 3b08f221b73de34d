import { describe, expect, it } from 'vitest';
import { findModel, findPrices, modelLabels, parseRateCard } from '../../src/domain/rate-card.ts';
import { loadCard, readCardJson } from './load-card.ts';

interface LooseCard {
  [name: string]: unknown;
  models: { [name: string]: unknown; id: string; prices: { [name: string]: unknown }[] }[];
}
const card = loadCard();
const cardJson = () => structuredClone(readCardJson()) as LooseCard;
const modelJson = (json: LooseCard, id: string) => json.models.find((model) => model.id === id)!;

function problemsOf(change: (json: LooseCard) => void): string[] {
  const json = cardJson();
  change(json);
  const parsed = parseRateCard(json);
  return parsed.ok ? [] : parsed.problems;
}

describe('the shipped card', () => {
  it('knows every model, dearest and cheapest alike', () => {
    expect(card.models.length).toBe(33);
    expect(card.version).toMatch(/^2026-/);
  });

  it('finds by id and by alias, never by prefix', () => {
    expect(findModel(card, 'claude-sonnet-4-5')).toBe(findModel(card, 'claude-sonnet-4-5-20250929'));
    expect(findModel(card, 'claude-3-5-haiku-latest')?.id).toBe('claude-3-5-haiku-20241022');
    const five = findModel(card, 'claude-sonnet-5');
    expect(five?.id).toBe('claude-sonnet-5');
    expect(findModel(card, 'claude-sonnet-5-5')?.id).toBe('claude-sonnet-5-5');
    for (const unknown of [
      'claude-sonnet-5-6',
      'claude-sonnet',
      'claude-sonnet-5 ',
      'CLAUDE-SONNET-5',
      '',
      '__proto__',
      'toString',
    ])
      expect(findModel(card, unknown)).toBeUndefined();
  });

  it('labels a model by its id and its family', () => {
    expect(modelLabels(findModel(card, 'claude-opus-4-5')!)).toEqual(['claude-opus-4-5-20251101', 'opus']);
    expect(new Set(card.models.map((model) => model.family))).toEqual(
      new Set(['opus', 'sonnet', 'haiku', 'fable', 'mythos', 'instant', 'claude']),
    );
  });

  it('gives the prices of an instant, the first of a period included and its last excluded', () => {
    const sonnet = findModel(card, 'claude-sonnet-5-5')!;
    const change = Date.parse('2026-10-07T00:00:00Z');
    expect(findPrices(sonnet, 'standard', change - 1)?.rates.cacheRead).toBe(200_000n);
    expect(findPrices(sonnet, 'standard', change)?.rates.cacheRead).toBe(100_000n);
    const opus = findModel(card, 'claude-opus-4-8')!;
    const end = Date.parse('2026-11-30T00:00:00Z');
    expect(findPrices(opus, 'fast', end - 1)?.rates.output).toBe(50_000_000n);
    expect(findPrices(opus, 'fast', end)).toBeUndefined();
    const former = findModel(card, 'claude-sonnet-4-6')!;
    const premium = Date.parse('2026-03-13T00:00:00Z');
    expect(findPrices(former, 'long_prompt', premium - 1)?.abovePromptTokens).toBe(200_000);
    expect(findPrices(former, 'long_prompt', premium)).toBeUndefined();
  });

  it('keeps list prices of retired models', () => {
    for (const model of card.models.filter((one) => one.status === 'retired'))
      expect(findPrices(model, 'standard', Date.parse('2026-11-20T00:00:00Z'))).toBeDefined();
  });

  it('has whole pico-dollars under every stack of multipliers', () => {
    for (const model of card.models)
      for (const row of model.prices)
        for (const rate of Object.values(row.rates) as bigint[])
          expect((rate * card.assumedGeoTenths * card.batchTenths) % 100n).toBe(0n);
  });
});

describe('parseRateCard', () => {
  it('accepts the shipped card', () => {
    expect(parseRateCard(cardJson()).ok).toBe(true);
  });

  it.each([null, undefined, 7, 'card', [], {}])('refuses %j', (json) => {
    expect(parseRateCard(json).ok).toBe(false);
  });

  it('names all problems at once, each with its place', () => {
    const problems = problemsOf((json) => {
      json.models[0]!.prices[0]!.input = 5;
      json.models[1]!.context_window = 0;
      json.models[2]!.famly = 'opus';
      json.batch_multiplier = '0';
      json.version = '';
    });
    expect(
      problems.some((one) => one.includes(`models[0] ${card.models[0]!.id}`) && one.includes('prices.0.input')),
    ).toBe(true);
    expect(problems.some((one) => one.startsWith('models[1]') && one.includes('context_window'))).toBe(true);
    expect(problems.some((one) => one.startsWith('models[2]') && one.includes('famly'))).toBe(true);
    expect(problems.some((one) => one.includes('batch_multiplier'))).toBe(true);
    expect(problems.some((one) => one.includes('version'))).toBe(true);
  });

  it.each(['-1', '0', '0.0', '1e3', '', ' 1', '0.00001', '1.23456', 'NaN', '1,5', '10000000'])(
    'refuses the token price %j',
    (price) => {
      const problems = problemsOf((json) => {
        json.models[0]!.prices[0]!.output = price;
      });
      expect(problems.join()).toContain('prices.0.output');
    },
  );

  it('refuses a name used twice', () => {
    const problems = problemsOf((json) => {
      modelJson(json, 'claude-opus-5').aliases = ['claude-opus-4-8'];
    });
    expect(problems).toEqual(['the name claude-opus-4-8 is used twice']);
  });

  it('refuses prices of one kind that hold at the same time', () => {
    const problems = problemsOf((json) => {
      const model = modelJson(json, 'claude-sonnet-5-5');
      model.prices[1]!.from = '2026-10-06T23:59:59Z';
    });
    expect(problems.join()).toContain('prices.0 and prices.1 hold at the same time');
  });

  it('refuses periods that end before they begin and days that do not exist', () => {
    for (const [from, until] of [
      ['2026-10-07T00:00:00Z', '2026-10-07T00:00:00Z'],
      ['2026-13-01T00:00:00Z', undefined],
      ['2026-02-30T00:00:00Z', undefined],
    ]) {
      const problems = problemsOf((json) => {
        json.models[0]!.prices[0]!.from = from;
        if (until !== undefined) json.models[0]!.prices[0]!.until = until;
      });
      expect(problems.join()).toContain('from before until');
    }
  });

  it('refuses a model without standard prices and a threshold in the wrong place', () => {
    const problems = problemsOf((json) => {
      json.models[0]!.prices[0]!.kind = 'long_prompt';
      json.models[1]!.prices[0]!.above_prompt_tokens = 5;
    });
    expect(problems.filter((one) => one.includes('above_prompt_tokens belongs'))).toHaveLength(2);
    expect(problems.join()).toContain('no standard prices');
  });
});
