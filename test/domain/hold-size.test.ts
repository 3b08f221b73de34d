import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilCall } from '../../src/domain/call-ceiling.ts';
import type { MessagesRequest } from '../../src/domain/call-request.ts';
import { isCountable, sizeHoldSteps, sizeSmallerHold, tightenPrompt } from '../../src/domain/hold-size.ts';
import { formatUsd } from '../../src/domain/money.ts';
import { findOpenParts, floorOpenCall } from '../../src/domain/open-call.ts';
import { priceRunningUse, type RunningUse } from '../../src/domain/running-use.ts';
import type { CallUsage } from '../../src/domain/usage.ts';
import { loadCard } from './load-card.ts';
import { makeRequest, makeTool } from './make-request.ts';

const card = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');

function ceil(request: MessagesRequest) {
  const ceiling = ceilCall(card, request, AT_MS);
  if (!ceiling.priced) throw new Error(ceiling.model);
  return ceiling;
}
function smaller(request: MessagesRequest) {
  const size = sizeSmallerHold(card, request, AT_MS);
  if (size === undefined) throw new Error('no prices');
  return size;
}
const usd = (nano: bigint) => Number(formatUsd(nano));

describe('a smaller hold', () => {
  it('holds the whole prompt and a first stretch of output', () => {
    // Opus 5, where US inference is possible: $5.50 and $27.50 per million; 49,512 prompt tokens at most.
    const request = makeRequest();
    expect(usd(ceil(request).amountNanoUsd)).toBeCloseTo(3.792, 3);
    expect(usd(smaller(request).promptNanoUsd)).toBeCloseTo(0.2723, 4);
    expect(usd(smaller(request).minNanoUsd)).toBeCloseTo(0.2723 + 0.0563, 4);
    expect(usd(smaller(request).amountNanoUsd)).toBeCloseTo(0.2723 + 0.2253, 4);
  });

  it('holds to the token what the prompt may be', () => {
    expect(smaller(makeRequest()).promptNanoUsd).toBe(49_512n * 5_500n);
    const thread = makeRequest({ thread: 'continue', textBytes: 500 });
    expect(smaller(thread).promptNanoUsd).toBe(100_512n * 5_500n);
  });

  it('has no size where the card has no price', () => {
    const unpriced = makeRequest({ model: 'claude-next' });
    expect(sizeSmallerHold(card, unpriced, AT_MS)).toBeUndefined();
    expect(sizeHoldSteps(card, unpriced, 77n, AT_MS)).toBeUndefined();
  });

  it('is the whole where that is no more', () => {
    const request = makeRequest({ maxTokens: 500 });
    const { amountNanoUsd, minNanoUsd } = smaller(request);
    expect([amountNanoUsd, minNanoUsd]).toEqual([ceil(request).amountNanoUsd, ceil(request).amountNanoUsd]);
  });

  it('of a call that may loop is that of its first pass', () => {
    const request = makeRequest({ tools: [makeTool('web_search_20250305', { maxUses: 8 })] });
    expect(usd(ceil(request).amountNanoUsd)).toBeGreaterThan(50);
    expect(usd(smaller(request).amountNanoUsd)).toBeLessThan(0.6);
  });

  it('of a thread counts a hundred thousand tokens for what is not in the body', () => {
    expect(usd(smaller(makeRequest({ thread: 'continue', textBytes: 500 })).promptNanoUsd)).toBeCloseTo(0.5528, 3);
  });

  it('never exceeds the ceiling, and each part the next', () => {
    const requests = fc
      .record({
        maxTokens: fc.integer({ min: 0, max: 200_000 }),
        textBytes: fc.integer({ min: 0, max: 5_000_000 }),
        cacheWrite: fc.constantFrom('none' as const, '5m' as const, '1h' as const),
        compaction: fc.boolean(),
        model: fc.constantFrom('claude-opus-5', 'claude-haiku-5-5', 'claude-sonnet-4-5', 'claude-fable-5-2'),
        speed: fc.constantFrom(undefined, 'fast'),
        tools: fc.subarray([makeTool('web_search_1'), makeTool('advisor_1'), makeTool('bash_1')]),
      })
      .map((changes) => makeRequest(changes));
    fc.assert(
      fc.property(requests, (request) => {
        const { promptNanoUsd, minNanoUsd, amountNanoUsd } = smaller(request);
        const ceiling = ceil(request).amountNanoUsd;
        expect([promptNanoUsd, minNanoUsd, amountNanoUsd, ceiling]).toEqual(
          [promptNanoUsd, minNanoUsd, amountNanoUsd, ceiling].toSorted((one, other) => (one < other ? -1 : 1)),
        );
      }),
    );
  });
});

describe('the steps of a hold', () => {
  it('are stretches of output at the dearest price', () => {
    const steps = sizeHoldSteps(card, makeRequest(), 77n, AT_MS)!;
    expect(usd(steps.stepNanoUsd)).toBeCloseTo(0.22528, 5);
    expect(usd(steps.aheadNanoUsd)).toBeCloseTo(0.11264, 5);
    expect(usd(steps.reserveNanoUsd)).toBeCloseTo(0.02816, 5);
    expect(steps.ceilingNanoUsd).toBe(77n);
  });
});

describe('a counted prompt', () => {
  it('takes the place of bytes, images and documents, with its margin', () => {
    const request = makeRequest({ images: { base64: 3, base64Bytes: 3_000_000, remote: 1 } });
    const tight = tightenPrompt(request, 10_000);
    expect(tight.images).toEqual({ base64: 0, base64Bytes: 0, remote: 0 });
    expect(tight.documents).toEqual(tight.images);
    expect(ceil({ ...tight, maxTokens: 0 }).tokens).toBe(10_000n + 1_000n + 256n + 512n);
  });

  it.each([
    ['a plain request', {}, true],
    ['a thread to come', { thread: 'create' as const }, false],
    ['a thread', { thread: 'continue' as const }, false],
    ['fallbacks, which count by a tokenizer of their own', { fallbacks: 'default' as const }, false],
    ['an advisor', { tools: [makeTool('advisor_20260301')] }, false],
    ['a search', { tools: [makeTool('web_search_20250305')] }, true],
  ])('%s', (_what, changes, expected) => {
    expect(isCountable(makeRequest(changes))).toBe(expected);
  });
});

describe('an open call', () => {
  const floor = (changes: Partial<MessagesRequest>) => {
    const request = makeRequest({ maxTokens: 1_000, ...changes });
    const open = findOpenParts(request, ceil(request).unbounded);
    return { open, floor: floorOpenCall(card, request, open, AT_MS)!, ceiling: ceil(request).amountNanoUsd };
  };

  it('of a search without max_uses holds the largest that was recorded', () => {
    const { open, floor: held } = floor({ tools: [makeTool('web_search_20250305')] });
    expect(open).toEqual(['web_search']);
    // 400,512 tokens and the tool prompt at $6.875 per million, a thousand tokens of output, ten searches.
    expect(usd(held)).toBeCloseTo(0.1 + 2.7535 + 0.0275 + 0.0028, 2);
  });

  it('holds a pass more for each advisor, and for a chain that the API chooses', () => {
    const one = floor({ thread: 'continue' }).floor;
    const chained = floor({ fallbacks: 'default', thread: 'continue' });
    expect(chained.open).toEqual(['thread', 'fallbacks']);
    expect(chained.floor).toBe(2n * one);
    const advised = floor({ tools: [makeTool('advisor_1', { model: 'claude-opus-5' })] });
    expect(advised.open).toEqual(['advisor']);
    expect(usd(advised.floor)).toBeCloseTo(usd(2n * one), 1);
  });

  it('never holds more than the ceiling, which for it is a high figure', () => {
    const { floor: held, ceiling } = floor({ model: 'claude-haiku-4-5', mcpServers: 1, textBytes: 100 });
    expect(held).toBeLessThanOrEqual(ceiling);
  });

  it('a request with bounds on everything is not open', () => {
    expect(floor({ tools: [makeTool('web_search_20250305', { maxUses: 3 })] }).open).toEqual([]);
  });
});

describe('the use of a running call', () => {
  const request = makeRequest({ inferenceGeo: 'global' });
  const usage = (output = 1, more: Partial<CallUsage> = {}): CallUsage => ({
    model: 'claude-opus-5',
    passes: [
      {
        model: 'claude-opus-5',
        kind: 'message',
        tokens: { input: 10_000, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output },
      },
    ],
    webSearches: 0,
    serviceTier: 'standard',
    inferenceGeo: 'global',
    speed: undefined,
    ...more,
  });
  const price = (use: Partial<RunningUse>) =>
    usd(
      priceRunningUse(
        card,
        request,
        { usage: usage(), outputTokens: 0, serverToolResults: 0, answerBytes: 0, ...use },
        AT_MS,
        7_000_000_000n,
      ),
    );

  it.each([
    ['before anything is reported it is the prompt that is held', { usage: undefined }, 7],
    ['then the prompt reported', {}, 0.05 + 0.000025],
    ['and the output estimated, reported or not', { outputTokens: 10_000 }, 0.05 + 0.25],
    ['but no less than reported', { usage: usage(2_000), outputTokens: 1_000 }, 0.05 + 0.05],
    [
      'and the prompt again after each result',
      { serverToolResults: 2, answerBytes: 30_000 },
      0.05 + 0.000025 + 0.25 + 0.02,
    ],
    [
      'and what is reported at the end, alone',
      { usage: usage(100, { stopReason: 'end_turn' }), outputTokens: 13_000 },
      0.0525,
    ],
    [
      'at the requested prices where the card lacks the model',
      { usage: usage(1, { passes: [{ ...usage().passes[0]!, model: 'claude-none' }] }) },
      0.050025,
    ],
  ])('%s', (_what, use, expected) => {
    expect(price(use)).toBeCloseTo(expected, 6);
  });
});
