// Goal: of figures that cannot be, each class that can stands, and the others become what the call could use.
// Method: a prompt bounded at 812 tokens and estimated at 100; a thousand of prompt and fifty of output are believed.
import { describe, expect, it, test } from 'vitest';
import { mendUsage } from '../../src/domain/mend-usage.ts';
import { boundPromptTokens } from '../../src/domain/prompt-bound.ts';
import { findModel, type ModelCard } from '../../src/domain/rate-card.ts';
import type { UsagePass } from '../../src/domain/usage.ts';
import { makeRequest, makeUsage } from '../metering/metering-fixtures.ts';
import { loadCard } from './load-card.ts';

const model = findModel(loadCard(), 'claude-haiku-4-5') as ModelCard;
const request = makeRequest();
const terms = {
  ...{ request, model, visibleCharacters: 0, leastSearches: 0 },
  believed: () => ({ promptTokens: 1_000, outputTokens: 50 }),
};
const [PASS] = makeUsage(0, 0).passes as [UsagePass];
type Tokens = Partial<UsagePass['tokens']>;

function mend(tokens: Tokens, bent?: UsagePass['bent']): UsagePass['tokens'] | undefined {
  const pass = { ...PASS, tokens: { ...PASS.tokens, ...tokens }, ...(bent && { bent }) };
  return mendUsage(makeUsage(0, 0, { passes: [pass] }), terms).passes[0]?.tokens;
}

test('the prompt is bounded as the tables below have it', () => {
  expect(boundPromptTokens(request, model)).toBe(812);
});

describe('a prompt', () => {
  it.each<[string, Tokens, Tokens]>([
    ['as large as is believed', { input: 1_000 }, { input: 1_000, cacheRead: 0 }],
    ['as large in all', { input: 500, cacheRead: 500 }, { input: 500, cacheRead: 500 }],
    ['with a class of nothing', { cacheRead: 10 }, { input: 0, cacheRead: 10 }],
    ['a token larger', { input: 1_001 }, { input: 812 }],
    ['a token larger, read from a cache', { cacheRead: 1_001 }, { cacheRead: 812 }],
    ['a token larger, written for five minutes', { cacheWrite5m: 1_001 }, { cacheWrite5m: 812 }],
    ['a token larger, written for an hour', { cacheWrite1h: 1_001 }, { cacheWrite1h: 812 }],
    ['beside a class that can be', { input: 100, cacheRead: 1_001 }, { input: 100, cacheRead: 712 }],
    ['beside one that is all there can be', { input: 900, cacheRead: 1_001 }, { input: 900, cacheRead: 0 }],
    ['larger in all: the largest class gives way', { input: 600, cacheRead: 500 }, { input: 312, cacheRead: 500 }],
    ['of two as large, the dearer', { input: 600, cacheRead: 600 }, { input: 212, cacheRead: 600 }],
    ['below zero: estimated', { input: -1 }, { input: 100 }],
    ['below zero, beside a class that can be', { input: -1, cacheRead: 30 }, { input: 70, cacheRead: 30 }],
    ['below zero, beside all that is estimated', { input: -1, cacheRead: 100 }, { input: 0, cacheRead: 100 }],
    ['of a part of a token', { input: 0.5 }, { input: 1 }],
    ['of a cache, below zero: none', { input: 5, cacheRead: -1 }, { input: 5, cacheRead: 0 }],
  ])('%s', (_what, tokens, expected) => {
    expect(mend(tokens)).toMatchObject(expected);
  });

  it.each([
    ['beyond what can be counted is the most it could be', 'beyond', 812],
    ['no number is estimated', 'unknown', 100],
  ] as const)('marked by its reader as %s', (_what, mark, input) => {
    expect(mend({ input: 5 }, { input: mark })).toMatchObject({ input });
  });
});

test.each([
  [50, 50],
  [51, request.maxTokens],
  [0.5, 1],
  [-1, 0],
])('an output of %d becomes %d', (output, expected) => {
  expect(mend({ output })).toMatchObject({ output: expected });
});

test('searches below zero are none', () => {
  expect(mendUsage(makeUsage(0, 0, { webSearches: -1 }), terms).webSearches).toBe(0);
});
