import { expect, test } from 'vitest';
import { findCallTraits } from '../../src/domain/call-traits.ts';
import type { CallUsage, TokenUsage } from '../../src/domain/usage.ts';

const NONE: TokenUsage = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };

function usage(prompts: Partial<TokenUsage>[], more: Partial<CallUsage> = {}): CallUsage {
  const passes = prompts.map((tokens) => ({ model: 'm', kind: 'message', tokens: { ...NONE, ...tokens } }));
  const silent = { serviceTier: undefined, inferenceGeo: undefined, speed: undefined };
  return { model: 'm', passes, webSearches: 0, ...silent, ...more };
}

test('what an answer says is taken, and what it leaves out is what it is charged as', () => {
  const told = { serviceTier: 'batch', inferenceGeo: 'us', speed: 'fast' };
  expect(findCallTraits(usage([{}], told))).toEqual({ ...told, contextWindow: '0-200k' });
  expect(findCallTraits(usage([]))).toEqual({
    ...{ serviceTier: 'standard', contextWindow: '0-200k', inferenceGeo: 'not_available', speed: 'standard' },
  });
});

test.each<[string, Partial<TokenUsage>[], string]>([
  ['at the bound', [{ input: 100_000, cacheRead: 50_000, cacheWrite5m: 25_000, cacheWrite1h: 25_000 }], '0-200k'],
  ['above it', [{ input: 100_001, cacheRead: 50_000, cacheWrite5m: 25_000, cacheWrite1h: 25_000 }], '200k-1M'],
  ['of its output alone', [{ input: 1, output: 900_000 }], '0-200k'],
  ['in one of its passes', [{ input: 1 }, { input: 200_001 }], '200k-1M'],
  ['of passes that are short each', [{ input: 150_000 }, { input: 150_000 }], '0-200k'],
])('a call %s has the window of its longest prompt', (_name, prompts, window) => {
  expect(findCallTraits(usage(prompts)).contextWindow).toBe(window);
});
