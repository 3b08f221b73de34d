import { describe, expect, test } from 'vitest';
import { findPassRates } from '../../src/domain/pass-rates.ts';
import { findModel, type ModelCard, type PriceKind, type PriceRow } from '../../src/domain/rate-card.ts';
import type { CallUsage, UsagePass } from '../../src/domain/usage.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const AT_MS = Date.UTC(2026, 10, 20);

const row = (kind: PriceKind, prices: [input: bigint, output: bigint]): PriceRow => ({
  ...{ kind, fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY },
  abovePromptTokens: kind === 'long_prompt' ? 200_000 : undefined,
  rates: { input: prices[0], cacheWrite5m: 1_000n, cacheWrite1h: 1_000n, cacheRead: 1_000n, output: prices[1] },
});
const model: ModelCard = {
  ...(findModel(card, 'claude-opus-5') as ModelCard),
  prices: [row('standard', [1_000n, 2_000n]), row('fast', [9_000n, 3_000n]), row('long_prompt', [4_000n, 8_000n])],
};
const pass = (input: number): UsagePass => ({
  ...{ model: model.id, kind: 'message' },
  tokens: { input, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 1 },
});
const usage = (speed: string | undefined): CallUsage => ({
  ...{ model: model.id, passes: [], webSearches: 0 },
  ...{ serviceTier: undefined, inferenceGeo: undefined, speed },
});

describe('a pass of a model with fast and long-prompt prices', () => {
  test.each([
    ['that is neither pays the standard ones', undefined, 200_000, [1_000n, 2_000n]],
    ['that is fast pays the fast ones', 'fast', 200_000, [9_000n, 3_000n]],
    ['that is long pays the long ones', undefined, 200_001, [4_000n, 8_000n]],
    ['that is both pays the dearer of each class', 'fast', 200_001, [9_000n, 8_000n]],
  ] as const)('%s', (_name, speed, prompt, [input, output]) => {
    const found = findPassRates(card, model, usage(speed), pass(prompt), AT_MS);
    expect(found).toMatchObject({ rates: { input, output }, assumptions: [] });
  });
});
