import { describe, expect, test } from 'vitest';
import { readMessagesRequest } from '../../src/anthropic/messages-request.ts';
import { finishWork } from '../../src/anthropic/work.ts';
import { ceilBatchItem, LONG_OUTPUT_BETA_PREFIX, withLongOutput } from '../../src/domain/batch-ceiling.ts';
import { ceilCall } from '../../src/domain/call-ceiling.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { findModel } from '../../src/domain/rate-card.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const NOW_MS = Date.UTC(2026, 10, 21);

function requestOf(changes: object = {}) {
  const body = {
    model: 'claude-opus-5',
    max_tokens: 1_000,
    messages: [{ role: 'user', content: 'x'.repeat(500) }],
    ...changes,
  };
  const read = finishWork(
    readMessagesRequest(new TextEncoder().encode(JSON.stringify(body)), { depth: 32, keys: 1_000 }),
  );
  if (!read.ok) throw new Error(read.message);
  return read.request;
}
function amountOf(ceiling: ReturnType<typeof ceilCall>): bigint {
  if (!ceiling.priced) throw new Error(`no price for ${ceiling.model}`);
  return ceiling.amountNanoUsd;
}

describe('the ceiling of an item of a batch', () => {
  test('is half of what the call could cost, to the rounding', () => {
    const request = requestOf({ inference_geo: 'us' });
    const whole = amountOf(ceilCall(card, request, NOW_MS));
    const half = amountOf(ceilBatchItem(card, request, NOW_MS));
    expect(half).toBeGreaterThanOrEqual((whole + 1n) / 2n);
    expect(half - (whole + 1n) / 2n).toBeLessThanOrEqual(1n);
  });

  test('covers the dearest usage the item can report, at batch rates', () => {
    const request = requestOf({ cache_control: { type: 'ephemeral', ttl: '1h' } });
    const usage = {
      model: 'claude-opus-5',
      webSearches: 0,
      serviceTier: 'batch',
      inferenceGeo: 'us',
      speed: undefined,
      passes: [
        {
          model: 'claude-opus-5',
          kind: 'message',
          tokens: { input: 0, cacheWrite5m: 0, cacheWrite1h: request.textBytes + 512, cacheRead: 0, output: 1_000 },
        },
      ],
    };
    const priced = priceCall(card, usage, NOW_MS);
    if (!priced.priced) throw new Error('unpriced');
    const ceiling = amountOf(ceilBatchItem(card, request, NOW_MS));
    expect(ceiling).toBeGreaterThanOrEqual(priced.receipt.amountNanoUsd);
    expect(ceiling - priced.receipt.amountNanoUsd).toBeLessThanOrEqual(1n);
  });

  test('counts searches in full', () => {
    const tools = (uses: number) => [{ type: 'web_search_20260318', name: 'web_search', max_uses: uses }];
    const few = amountOf(ceilBatchItem(card, requestOf({ tools: tools(1) }), NOW_MS));
    const many = amountOf(ceilBatchItem(card, requestOf({ tools: tools(8) }), NOW_MS));
    // Ten dollars per thousand.
    expect(many - few).toBe(7n * 10_000_000n);
  });

  // Haiku 5.5 writes its cache at an odd number of nano-dollars per token: one of two neighbours has an odd ceiling.
  test.each([500, 501])('rounds its tokens up and adds one, for %i characters', (length) => {
    const request = requestOf({
      model: 'claude-haiku-5-5',
      inference_geo: 'global',
      messages: [{ role: 'user', content: 'x'.repeat(length) }],
      tools: [{ type: 'web_search_20260318', name: 'web_search', max_uses: 8 }],
    });
    const whole = amountOf(ceilCall(card, request, NOW_MS));
    const searches = 8n * 10_000_000n;
    expect(amountOf(ceilBatchItem(card, request, NOW_MS))).toBe((whole - searches + 1n) / 2n + 1n + searches);
  });

  test('is half of it where the speed is said to be standard', () => {
    const plain = ceilBatchItem(card, requestOf(), NOW_MS);
    const { textBytes } = requestOf();
    expect(ceilBatchItem(card, { ...requestOf({ speed: 'standard' }), textBytes }, NOW_MS)).toEqual(plain);
  });

  test('gives no discount on fast, which batches do not sell', () => {
    const request = requestOf({ speed: 'fast' });
    expect(ceilBatchItem(card, request, NOW_MS)).toEqual(ceilCall(card, request, NOW_MS));
  });

  test('names a model without a price', () => {
    expect(ceilBatchItem(card, requestOf({ model: 'claude-none-1' }), NOW_MS)).toEqual({
      priced: false,
      model: 'claude-none-1',
    });
  });

  test('grows with the beta of long outputs, by each of its names', () => {
    const request = requestOf({ max_tokens: 300_000 });
    const long = withLongOutput(card);
    expect(amountOf(ceilBatchItem(long, request, NOW_MS))).toBeGreaterThan(
      2n * amountOf(ceilBatchItem(card, request, NOW_MS)),
    );
    expect(findModel(long, 'claude-opus-5')?.maxOutputTokens).toBe(300_000);
    expect(LONG_OUTPUT_BETA_PREFIX).toBe('output-300k-');
    expect([...long.byName.keys()]).toEqual([...card.byName.keys()]);
    expect(long.models.every(({ maxOutputTokens }) => maxOutputTokens >= 300_000)).toBe(true);
    expect(card.models.some(({ maxOutputTokens }) => maxOutputTokens < 300_000)).toBe(true);
  });
});
