import { describe, expect, it } from 'vitest';
import { applyPricing } from '../../src/domain/apply-pricing.ts';
import { compareRateCards } from '../../src/domain/compare-rate-cards.ts';
import type { RateCard } from '../../src/domain/rate-card.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const DECEMBER_MS = Date.parse('2026-12-01T00:00:00Z');
const NONE = { added: [], removed: [], prices: [], facts: [] };

function without(base: RateCard, id: string): RateCard {
  return { ...base, models: base.models.filter((model) => model.id !== id) };
}

describe('compareRateCards', () => {
  it('finds nothing between a card and itself, nor in the order of its models', () => {
    expect(compareRateCards(card, card)).toEqual(NONE);
    expect(compareRateCards(card, { ...card, models: card.models.toReversed() })).toEqual(NONE);
  });

  it('names models that come and go', () => {
    expect(compareRateCards(without(card, 'claude-2.1'), card)).toEqual({ ...NONE, added: ['claude-2.1'] });
    expect(compareRateCards(card, without(card, 'claude-2.1'))).toEqual({ ...NONE, removed: ['claude-2.1'] });
  });

  it('tells each price that changes and from when', () => {
    const next = applyPricing(card, {
      overrides: [{ model: 'claude-sonnet-5', input: '3', effectiveFromMs: DECEMBER_MS }],
    });
    expect(compareRateCards(card, next).prices).toEqual([
      {
        model: 'claude-sonnet-5',
        kind: 'standard',
        field: 'input_usd_per_mtok',
        fromMs: DECEMBER_MS,
        untilMs: Number.POSITIVE_INFINITY,
        before: '2',
        after: '3',
      },
    ]);
  });

  it('tells of a price that ends or begins', () => {
    const ended = {
      ...card,
      models: card.models.map((model) =>
        model.id === 'claude-opus-5' ? { ...model, prices: model.prices.filter(({ kind }) => kind !== 'fast') } : model,
      ),
    };
    const { prices } = compareRateCards(card, ended);
    expect(prices.map(({ kind, before, after }) => [kind, before, after])).toEqual([
      ['fast', '10', undefined],
      ['fast', '50', undefined],
      ['fast', '12.5', undefined],
      ['fast', '20', undefined],
      ['fast', '1', undefined],
    ]);
    expect(compareRateCards(ended, card).prices[0]).toMatchObject({ before: undefined, after: '10' });
  });

  it('sees no difference in rows that are only cut otherwise', () => {
    const cut = {
      ...card,
      models: card.models.map((model) => ({
        ...model,
        prices: model.prices.flatMap((row) =>
          row.fromMs < DECEMBER_MS && DECEMBER_MS < row.untilMs
            ? [
                { ...row, untilMs: DECEMBER_MS },
                { ...row, fromMs: DECEMBER_MS },
              ]
            : [row],
        ),
      })),
    };
    expect(compareRateCards(card, cut)).toEqual(NONE);
  });

  it('tells of everything else that bears on money', () => {
    const changed = {
      ...card,
      multiplier: 12_500n,
      batchTenths: 6n,
      models: card.models.map((model) =>
        model.id === 'claude-opus-5' ? { ...model, maxOutputTokens: 64_000, geoUsTenths: undefined } : model,
      ),
    };
    expect(compareRateCards(card, changed).facts).toEqual([
      { field: 'multiplier', before: '1', after: '1.25' },
      { field: 'batch_multiplier', before: '0.5', after: '0.6' },
      { model: 'claude-opus-5', field: 'max_output_tokens', before: '128000', after: '64000' },
      { model: 'claude-opus-5', field: 'geo_us_multiplier', before: '1.1', after: 'none' },
    ]);
  });
});
