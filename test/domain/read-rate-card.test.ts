import { describe, expect, it } from 'vitest';
import { findModel, findPrices } from '../../src/domain/rate-card.ts';
import { readRateCard } from '../../src/domain/read-rate-card.ts';
import { readCardJson } from './load-card.ts';

const CARD = JSON.stringify(readCardJson());
const AT_MS = Date.parse('2026-11-20T00:00:00Z');

function read(overrides?: unknown, more: { text?: string; unknownModelPricedAs?: string } = {}) {
  const text = typeof overrides === 'string' ? overrides : JSON.stringify(overrides);
  return readRateCard({
    card: { path: 'card.json', text: more.text ?? CARD },
    overrides: overrides === undefined ? undefined : { path: 'own.json', text },
    unknownModelPricedAs: more.unknownModelPricedAs,
  });
}

function problemsOf(overrides: unknown): string[] {
  const parsed = read(overrides);
  return parsed.ok ? [] : parsed.problems;
}

describe('readRateCard', () => {
  it('reads the card alone', () => {
    const parsed = read();
    expect(parsed).toMatchObject({ ok: true, card: { multiplier: 10_000n, unknownModelPricedAs: undefined } });
  });

  it('lays the overrides over it and names both versions', () => {
    const parsed = read({
      version: 'resale-1',
      multiplier: '1.2',
      overrides: [
        {
          model: 'claude-opus-5',
          effective_from: '2026-11-01T00:00:00Z',
          input_usd_per_mtok: '4',
          output_usd_per_mtok: '20',
          cache_write_5m_usd_per_mtok: '5',
          cache_write_1h_usd_per_mtok: '8',
          cache_read_usd_per_mtok: '0.4',
          note: 'contract of 2026',
        },
      ],
    });
    if (!parsed.ok) throw new Error(parsed.problems.join());
    const plain = read();
    expect(parsed.card.version).toBe(`${plain.ok && plain.card.version}+resale-1`);
    expect(parsed.card.multiplier).toBe(12_000n);
    expect(findPrices(findModel(parsed.card, 'claude-opus-5')!, 'standard', AT_MS)?.rates).toEqual({
      input: 4_000_000n,
      output: 20_000_000n,
      cacheWrite5m: 5_000_000n,
      cacheWrite1h: 8_000_000n,
      cacheRead: 400_000n,
    });
  });

  it('takes a version and nothing else for overrides of nothing', () => {
    expect(read({ version: '1' })).toMatchObject({ ok: true, card: { multiplier: 10_000n } });
  });

  it('names every problem of every file, whatever else is wrong', () => {
    const json = readCardJson() as { models: { [field: string]: unknown }[] };
    const [first, second] = json.models as [Record<string, unknown>, Record<string, unknown>];
    const row = { kind: 'standard', input: '1', output: '2' };
    first.context_window = -1;
    first.aliases = [`${second.id}`];
    first.prices = [row, { ...row, input: 'x' }, row, { ...row, kind: 'fast', above_prompt_tokens: 7 }];
    const overrides = {
      version: '1',
      overrides: [
        { model: `${second.id}`, input_usd_per_mtok: '0' },
        { model: 'claude-nothing', input_usd_per_mtok: '1' },
        { model: `${second.id}` },
      ],
    };
    const both = read(overrides, { text: JSON.stringify(json) });
    const told = both.ok ? '' : both.problems.join('\n');
    for (const part of ['context_window', 'prices.1.input', 'prices.0 and prices.2 hold at the same time'])
      expect(told).toContain(part);
    for (const part of ['above_prompt_tokens belongs', `the name ${second.id} is used twice`, '0.input_usd_per_mtok'])
      expect(told).toContain(part);
    // Only a card without mistakes can tell what is not on it.
    expect(told).not.toContain('claude-nothing');

    const alone = read(overrides, { unknownModelPricedAs: 'claude-nothing' });
    expect(alone.ok ? [] : alone.problems).toEqual([
      'UNKNOWN_MODEL_PRICED_AS: claude-nothing is not on the rate card card.json',
      expect.stringContaining('overrides.0.input_usd_per_mtok'),
      expect.stringContaining('overrides.1: model is not on the rate card'),
      expect.stringContaining('overrides.2: input_usd_per_mtok is missing'),
    ]);
  });

  it('names the file of every problem, and all problems at once', () => {
    const problems = problemsOf({
      version: '',
      multiplier: '0',
      factor: 2,
      overrides: [
        { model: 'claude-opus-5', input_usd_per_mtok: '0' },
        { model: 'claude-opus-5', input: '4' },
        { model: 'claude-opus-5', effective_from: '2026-11-01', input_usd_per_mtok: '1e3' },
      ],
    });
    expect(problems.every((problem) => problem.startsWith('rate card overrides own.json: '))).toBe(true);
    const all = problems.join('\n');
    for (const part of ['version', 'multiplier', 'factor', '0.input_usd_per_mtok', 'input', '2.effective_from'])
      expect(all).toContain(part);
    expect(read(undefined, { text: '{' })).toMatchObject({ ok: false });
    expect(problemsOf('nothing').join()).toContain('own.json');
  });

  it.each([
    ['a model that the card lacks', [{ model: 'claude-next', input_usd_per_mtok: '1' }], 'overrides.0: model'],
    ['no price', [{ model: 'claude-opus-5' }], 'and so is every other price'],
    [
      'a day that does not exist',
      [{ model: 'claude-opus-5', effective_from: '2026-02-30T00:00:00Z', input_usd_per_mtok: '1' }],
      'is no real instant',
    ],
    [
      'two from the same instant, by id and by alias',
      [
        { model: 'claude-opus-4-5', input_usd_per_mtok: '1' },
        { model: 'claude-opus-4-5-20251101', output_usd_per_mtok: '1' },
      ],
      'overrides.1: effective_from is that of another override of the same model',
    ],
  ])('refuses overrides with %s', (_name, overrides, problem) => {
    expect(problemsOf({ version: '1', overrides }).join()).toContain(problem);
  });

  it('refuses more overrides than it keeps', () => {
    const overrides = Array.from({ length: 201 }, (_, day) => ({
      model: 'claude-opus-5',
      effective_from: new Date(AT_MS + day * 86_400_000).toISOString().replace('.000', ''),
      input_usd_per_mtok: '1',
    }));
    expect(problemsOf({ version: '1', overrides }).join()).toContain('overrides');
    expect(problemsOf({ version: '1', overrides: overrides.slice(1) })).toEqual([]);
  });

  it('knows the model that unknown ones are priced as, by id or alias', () => {
    expect(read(undefined, { unknownModelPricedAs: 'claude-opus-4-5' })).toMatchObject({
      ok: true,
      card: { unknownModelPricedAs: 'claude-opus-4-5' },
    });
    expect(read(undefined, { unknownModelPricedAs: 'claude-opus' })).toEqual({
      ok: false,
      problems: ['UNKNOWN_MODEL_PRICED_AS: claude-opus is not on the rate card card.json'],
    });
  });
});
