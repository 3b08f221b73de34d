import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallCeiling, ceilCall } from '../../src/domain/call-ceiling.ts';
import type { MessagesRequest, RequestTool } from '../../src/domain/call-request.ts';
import { parseUsd } from '../../src/domain/money.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { boundPromptTokens } from '../../src/domain/prompt-bound.ts';
import { findModel, type ModelCard, type RateCard } from '../../src/domain/rate-card.ts';
import { loadCard } from './load-card.ts';
import { makeRequest } from './make-request.ts';

const card = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');
/** Prompt tokens that the API may add by itself and that every ceiling includes. */
const ADDED = 512;

function request(more: Partial<MessagesRequest> = {}): MessagesRequest {
  return makeRequest({
    model: 'claude-opus-4-5',
    maxTokens: 1_000,
    stream: false,
    bodyBytes: 10_000 - ADDED,
    textBytes: 10_000 - ADDED,
    ...more,
  });
}

const tool = (type: string, more: Partial<RequestTool> = {}): RequestTool => ({
  type,
  maxUses: undefined,
  model: undefined,
  maxTokens: undefined,
  ...more,
});

/** The card with a model of other terms under a name of its own. */
function cardWith(name: string, changes: Partial<ModelCard>): RateCard {
  const model = { ...(findModel(card, 'claude-opus-5') as ModelCard), id: name, ...changes };
  return { ...card, byName: new Map([...card.byName, [name, model]]) };
}

function ceiling(more: Partial<MessagesRequest> = {}, atMs = AT_MS): CallCeiling & { priced: true } {
  const found = ceilCall(card, request(more), atMs);
  if (!found.priced) throw new Error(`no prices for ${found.model}`);
  return found;
}
const amount = (more: Partial<MessagesRequest> = {}) => ceiling(more).amountNanoUsd;
const usd = (text: string) => {
  const parsed = parseUsd(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('a plain call', () => {
  it('is its bytes at the input price and max_tokens at the output price', () => {
    expect(ceiling()).toEqual({ priced: true, amountNanoUsd: usd('0.075'), tokens: 11_000n, unbounded: [] });
  });

  it('counts no more output than the model can write', () => {
    expect(ceiling({ maxTokens: 1_000_000 }).tokens).toBe(10_000n + 64_000n);
    expect(ceiling({ maxTokens: 0 }).tokens).toBe(10_000n);
  });

  it('counts no more prompt than the window', () => {
    expect(ceiling({ textBytes: 30_000_000, bodyBytes: 30_000_000 }).tokens).toBe(201_000n);
  });

  it.each([
    ['none', '0.075'],
    ['5m', '0.0875'],
    ['1h', '0.125'],
  ] as const)('with cache writes of %s costs %s', (cacheWrite, dollars) => {
    expect(amount({ cacheWrite })).toBe(usd(dollars));
  });

  it('may run in the us unless the request says otherwise, where the model can', () => {
    expect(amount({ model: 'claude-opus-5' })).toBe(usd('0.0825'));
    expect(amount({ model: 'claude-opus-5', inferenceGeo: 'us' })).toBe(usd('0.0825'));
    expect(amount({ model: 'claude-opus-5', inferenceGeo: 'global' })).toBe(usd('0.075'));
    expect(amount({ model: 'claude-opus-5', inferenceGeo: 'not_available' })).toBe(usd('0.075'));
    expect(amount({ model: 'claude-opus-5', inferenceGeo: 'mars' })).toBe(usd('0.0825'));
    expect(amount({ model: 'claude-opus-4-5' })).toBe(usd('0.075'));
  });

  // A region the card does not know is assumed to cost a tenth more, or what the model costs in the us if that is more.
  it.each([
    [10n, 'us', '0.075'],
    [10n, 'mars', '0.0825'],
    [12n, 'us', '0.09'],
    [12n, 'mars', '0.09'],
  ])('of a model at %i tenths in the us costs in %s $%s', (geoUsTenths, inferenceGeo, dollars) => {
    const asked = request({ model: 'claude-own', inferenceGeo });
    const found = ceilCall(cardWith('claude-own', { geoUsTenths }), asked, AT_MS);
    expect(found).toMatchObject({ priced: true, amountNanoUsd: usd(dollars) });
  });

  it('costs fast prices that have ended where fast is asked for all the same', () => {
    const asked = request({ model: 'claude-opus-4-8', speed: 'fast', inferenceGeo: 'global' });
    const found = ceilCall(card, asked, Date.parse('2026-12-05T00:00:00Z'));
    expect(found).toMatchObject({ priced: true, amountNanoUsd: usd('0.15') });
  });

  it('costs fast prices when fast is asked for, known or assumed', () => {
    const geo = { inferenceGeo: 'global' };
    expect(amount({ model: 'claude-opus-5', speed: 'fast', ...geo })).toBe(usd('0.15'));
    expect(amount({ model: 'claude-opus-5', speed: 'standard', ...geo })).toBe(usd('0.075'));
    expect(amount({ model: 'claude-sonnet-5-5', speed: 'fast', ...geo })).toBe(usd('0.18'));
  });

  it('costs long-prompt prices when its prompt may be long', () => {
    const haiku = { model: 'claude-haiku-5-5', inferenceGeo: 'global' };
    expect(amount({ ...haiku, textBytes: 100_000 - ADDED })).toBe(usd('0.0105'));
    expect(amount({ ...haiku, textBytes: 100_001 - ADDED })).toBe(usd('0.0525005'));
  });

  it('counts images by their cap and not by their bytes', () => {
    const images = { base64: 2, base64Bytes: 9_000_000, remote: 1 };
    expect(ceiling({ images, bodyBytes: 9_010_000 }).tokens).toBe(11_000n + 3n * 1_568n);
    expect(ceiling({ model: 'claude-opus-5', images, bodyBytes: 9_010_000 }).tokens).toBe(11_000n + 3n * 4_784n);
  });

  it('takes a document and a thread for a whole window', () => {
    expect(ceiling({ documents: { base64: 1, base64Bytes: 5, remote: 0 } }).tokens).toBe(201_000n);
    expect(ceiling({ documents: { base64: 0, base64Bytes: 0, remote: 1 } }).tokens).toBe(201_000n);
    expect(ceiling({ thread: 'continue' })).toMatchObject({ tokens: 201_000n, unbounded: ['thread'] });
    expect(ceiling({ thread: 'create' })).toMatchObject({ tokens: 11_000n, unbounded: [] });
  });

  it('counts what tools add to the prompt', () => {
    expect(ceiling({ customTools: 1 }).tokens).toBe(11_000n + 588n);
    expect(ceiling({ tools: [tool('bash_20250124'), tool('computer_20251124')] }).tokens).toBe(
      11_000n + 588n + 325n + 4_500n,
    );
  });

  it('is never below what any usage within its bounds is charged', () => {
    const requests = fc.record({
      model: fc.constantFrom(...card.models.flatMap((model) => [model.id, ...model.aliases])),
      maxTokens: fc.nat(200_000),
      speed: fc.constantFrom(undefined, 'standard', 'fast'),
      inferenceGeo: fc.constantFrom(undefined, 'us', 'global'),
      cacheWrite: fc.constantFrom('none' as const, '5m' as const, '1h' as const),
      textBytes: fc.oneof(fc.nat(3_000), fc.nat(1_500_000)),
      customTools: fc.nat(1),
      images: fc.record({ base64: fc.nat(3), base64Bytes: fc.constant(0), remote: fc.nat(3) }),
    });
    const shares = fc.array(fc.nat(1_000), { minLength: 5, maxLength: 5 });
    const reported = fc.record({
      geo: fc.boolean(),
      tier: fc.constantFrom(undefined, 'standard', 'batch', 'priority'),
      slow: fc.boolean(),
      atMs: fc.constantFrom(AT_MS, Date.parse('2026-12-05T00:00:00Z'), Date.parse('2025-01-01T00:00:00Z')),
    });
    fc.assert(
      fc.property(requests, shares, reported, (asked, share, report) => {
        const call = request({ ...asked, bodyBytes: asked.textBytes });
        const found = ceilCall(card, call, report.atMs);
        if (!found.priced) throw new Error('every model of the card has prices');
        const model = findModel(card, call.model)!;
        const prompt = boundPromptTokens(call, model);
        // The prompt is dealt out over the classes that the request allows.
        const weights = [
          share[0]!,
          share[1]!,
          call.cacheWrite === 'none' ? 0 : share[2]!,
          call.cacheWrite === '1h' ? share[3]! : 0,
        ];
        const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
        const part = (index: number) => Math.floor((prompt * weights[index]!) / total);
        const output = Math.min(call.maxTokens, model.maxOutputTokens);
        const mayBeUs =
          call.inferenceGeo === 'us' || (call.inferenceGeo === undefined && model.geoUsTenths !== undefined);
        const usage = {
          model: model.id,
          passes: [
            {
              model: model.id,
              kind: 'message',
              tokens: {
                input: part(0),
                cacheRead: part(1),
                cacheWrite5m: part(2),
                cacheWrite1h: part(3),
                output: Math.floor((output * share[4]!) / 1_000),
              },
            },
          ],
          webSearches: 0,
          serviceTier: report.tier,
          inferenceGeo: mayBeUs && report.geo ? 'us' : 'global',
          speed: call.speed === 'fast' && !report.slow ? 'fast' : 'standard',
        };
        const priced = priceCall(card, usage, report.atMs);
        if (!priced.priced) throw new Error('every model of the card has prices');
        expect(priced.receipt.amountNanoUsd <= found.amountNanoUsd).toBe(true);
        const tokens = Object.values(usage.passes[0]!.tokens).reduce((sum, count) => sum + count, 0);
        expect(BigInt(tokens) <= found.tokens).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a call that the API may sample more than once', () => {
  it('has ten passes, each up to the window, written to the cache', () => {
    const found = ceiling({ tools: [tool('web_fetch_20260318')] });
    const prompt = 10_000 + 588 + 9 * 200_000;
    expect(found.tokens).toBe(BigInt(prompt + 1_000));
    expect(found.amountNanoUsd).toBe(BigInt(prompt) * 6_250n + 25_000_000n);
    expect(found.unbounded).toEqual([]);
  });

  it('adds the searches it may make', () => {
    const fetches = amount({ tools: [tool('web_fetch_20260318')] });
    expect(amount({ tools: [tool('web_search_20260318', { maxUses: 5 })] }) - fetches).toBe(usd('0.05'));
    expect(ceiling({ tools: [tool('web_search_20260318', { maxUses: 5 })] }).unbounded).toEqual([]);
    expect(ceiling({ tools: [tool('web_search_20260318')] }).unbounded).toEqual(['web_search']);
  });

  it('assumes ten searches in each pass where their number is open', () => {
    const fetches = amount({ tools: [tool('web_fetch_20260318')] });
    expect(amount({ tools: [tool('web_search_20260318')] }) - fetches).toBe(usd('1'));
  });

  it('may have a long prompt in each pass after the first', () => {
    const found = ceiling({ model: 'claude-haiku-5-5', inferenceGeo: 'global', tools: [tool('web_fetch_20260318')] });
    const prompt = 10_000n + 406n + 9n * 1_000_000n;
    expect(found.amountNanoUsd).toBe(prompt * 625n + 1_000n * 2_500n);
  });

  it('covers the dearest recorded search: 404,500 prompt tokens and ten searches on a 200k model', () => {
    const found = ceiling({
      model: 'claude-sonnet-4-5',
      textBytes: 2_479,
      tools: [tool('web_search_20250305', { maxUses: 10 })],
    });
    expect(found.amountNanoUsd > usd('1.327645')).toBe(true);
  });

  it('adds the advisor’s calls at the advisor’s prices', () => {
    const plain = amount({ tools: [tool('web_fetch_20260318')], inferenceGeo: 'global' });
    const advised = {
      inferenceGeo: 'global',
      tools: [tool('advisor_20260301', { model: 'claude-fable-5', maxUses: 2, maxTokens: 5_000 })],
    };
    expect(amount(advised) - plain).toBe(2n * (usd('12.5') + usd('0.25')));
    const plainTokens = ceiling({ tools: [tool('web_fetch_20260318')] }).tokens;
    expect(ceiling(advised).tokens - plainTokens).toBe(2n * 1_005_000n);
    expect(ceiling({ tools: [tool('advisor_20260301', { model: 'claude-fable-5' })] }).unbounded).toEqual(['advisor']);
  });

  it('names what it cannot bound', () => {
    expect(ceiling({ mcpServers: 1 }).unbounded).toEqual(['mcp']);
    expect(ceiling({ container: true }).unbounded).toEqual(['code_execution']);
    expect(ceiling({ tools: [tool('code_execution_20260521')] }).unbounded).toEqual(['code_execution']);
    expect(ceiling({ tools: [tool('mcp_toolset')] }).unbounded).toEqual(['mcp']);
    expect(ceiling({ tools: [tool('tool_search_20260301')] }).unbounded).toEqual([]);
    expect(ceiling({ tools: [tool('time_travel_20300101')] }).unbounded).toEqual(['unknown_tool']);
  });
});

describe('models beside the requested one', () => {
  it('are added for each fallback, with its own output bound', () => {
    const hop = { model: 'claude-opus-4-1', maxTokens: 500, speed: undefined };
    // The fallback reads the prompt and the 1,000 tokens already written.
    expect(amount({ fallbacks: [hop] }) - amount()).toBe(usd('0.165') + usd('0.0375'));
  });

  // Opus 4.1 has no fast prices: it costs six times its standard ones where fast is said of itself.
  it.each([
    ['its standard prices where only the request is fast', undefined, '0.2025'],
    ['six times those where it is fast itself', 'fast', '1.215'],
  ])('cost %s', (_what, speed, dollars) => {
    const fast = { model: 'claude-opus-5', speed: 'fast', inferenceGeo: 'global' };
    const hop = { model: 'claude-opus-4-1', maxTokens: 500, speed };
    expect(amount({ ...fast, fallbacks: [hop] }) - amount(fast)).toBe(usd(dollars));
  });

  it('are none where the API chooses among none', () => {
    const empty = { ...card, models: [] };
    expect(ceilCall(empty, request({ fallbacks: 'default' }), AT_MS)).toEqual(ceilCall(empty, request(), AT_MS));
  });

  it('are taken for the most tokens of any in service, whichever is the dearest', () => {
    const most = ceiling({ fallbacks: 'default', maxTokens: 200_000 }).tokens - ceiling({ maxTokens: 200_000 }).tokens;
    expect(most).toBe(3n * (10_000n + 200_000n + 128_000n));
  });

  it('are three of the dearest in service where the API chooses', () => {
    const extra = amount({ fallbacks: 'default', inferenceGeo: 'global' }) - amount({ inferenceGeo: 'global' });
    expect(extra).toBe(3n * (usd('0.11') + usd('0.05')));
  });

  it('are the same one again for a compaction, whose summary max_tokens does not hold', () => {
    expect(amount({ compaction: true }) - amount()).toBe(usd('0.0625') + 64_000n * 25_000n);
  });

  it('are the same one again over a whole window where it may be sampled again', () => {
    const tools = [tool('web_fetch_20260318')];
    expect(amount({ tools, compaction: true }) - amount({ tools })).toBe(200_000n * 6_250n + 64_000n * 25_000n);
  });

  it.each([
    [{ model: 'claude-next' }],
    [{ model: 'claude-next', compaction: true }],
    [{ fallbacks: [{ model: 'claude-next', maxTokens: undefined, speed: undefined }] }],
    [{ tools: [tool('advisor_20260301', { model: 'claude-next' })] }],
  ])('make the call unpriced where the card lacks them: %j', (more) => {
    expect(ceilCall(card, request(more), AT_MS)).toEqual({ priced: false, model: 'claude-next' });
  });

  it.each([
    [{ model: 'claude-later' }],
    [{ fallbacks: [{ model: 'claude-later', maxTokens: undefined, speed: undefined }] }],
    [{ tools: [tool('advisor_20260301', { model: 'claude-later' })] }],
  ])('make the call unpriced where their prices begin later: %j', (more) => {
    expect(ceilCall(cardWith('claude-later', { prices: [] }), request(more), AT_MS)).toEqual({
      priced: false,
      model: 'claude-later',
    });
  });
});
