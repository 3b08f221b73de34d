// Goal: which figures of an answer are believed, to the last token. Method: each limit and the first value beyond it.
import { describe, expect, it, test } from 'vitest';
import type { CallOutcome } from '../../src/domain/call-outcome.ts';
import { findModel, type ModelCard } from '../../src/domain/rate-card.ts';
import { type SettlementCase, settleOutcome } from '../../src/domain/settlement.ts';
import type { CallUsage, UsagePass } from '../../src/domain/usage.ts';
import { makeRequest, makeUsage } from '../metering/metering-fixtures.ts';
import { loadCard } from './load-card.ts';
import { makeTool } from './make-request.ts';

const card = loadCard();
// Haiku 4.5: a window of 200,000 tokens; 1,000 and 5,000 nano-dollars per token.
const model = findModel(card, 'claude-haiku-4-5') as ModelCard;
const atMs = Date.UTC(2026, 10, 20, 12);
const [PASS] = makeUsage(0, 0).passes as [UsagePass];

/** 300 bytes of prompt, which are estimated as 100 tokens, and at most 1,000 tokens of output. */
function settle(usage: CallUsage | undefined, more: Partial<SettlementCase> = {}) {
  return settleOutcome({
    outcome: { kind: 'completed', status: 200, usage, visibleCharacters: 0 },
    request: makeRequest(),
    model,
    card,
    atMs,
    heldNanoUsd: 10_000_000n,
    ...more,
  });
}

function pass(tokens: Partial<UsagePass['tokens']>, name = PASS.model): UsagePass {
  return { ...PASS, model: name, tokens: { ...PASS.tokens, ...tokens } };
}
const ofPasses = (...passes: UsagePass[]): CallUsage => makeUsage(0, 0, { passes });

const REPORTED = { basis: 'reported', doubts: [] };
const ABSURD = { basis: 'estimated', doubts: ['usage_absurd'] };
const UNPRICED = { basis: 'estimated', doubts: ['answer_unpriced'] };
const BOTH = { basis: 'estimated', doubts: ['usage_absurd', 'answer_unpriced'] };
const UNHEARD = 'claude-unheard-of';
const open = { isOpen: true };

describe('what the API can do: twenty windows, ten thousand searches', () => {
  it.each([
    ['twenty windows', makeUsage(4_000_000, 0), REPORTED],
    ['a token more', makeUsage(4_000_001, 0), ABSURD],
    [
      'twenty of the largest windows, of a model without a card',
      ofPasses(pass({ input: 20_000_000 }, UNHEARD)),
      UNPRICED,
    ],
    ['a token more', ofPasses(pass({ input: 20_000_001 }, UNHEARD)), BOTH],
    ['ten thousand searches', makeUsage(1, 1, { webSearches: 10_000 }), REPORTED],
    ['a search more', makeUsage(1, 1, { webSearches: 10_001 }), ABSURD],
    ['a part of a search', makeUsage(1, 1, { webSearches: 0.5 }), ABSURD],
    ['less than none', makeUsage(1, 1, { webSearches: -1 }), ABSURD],
  ])('%s', (_what, usage, expected) => {
    expect(settle(usage, open)).toMatchObject(expected);
  });
});

describe('what one pass can do: read a window, write four times max_tokens', () => {
  it.each([
    ['a window', makeUsage(200_000, 1), REPORTED],
    ['a token more', makeUsage(200_001, 1), ABSURD],
    [
      'a window of every class',
      ofPasses(pass({ input: 50_000, cacheWrite5m: 50_000, cacheWrite1h: 50_000, cacheRead: 50_000 })),
      REPORTED,
    ],
    [
      'a token more of one',
      ofPasses(pass({ input: 50_000, cacheWrite5m: 50_000, cacheWrite1h: 50_000, cacheRead: 50_001 })),
      ABSURD,
    ],
    ['the largest window, of a model without a card', ofPasses(pass({ input: 1_000_000 }, UNHEARD)), UNPRICED],
    ['a token more', ofPasses(pass({ input: 1_000_001 }, UNHEARD)), BOTH],
    ['four times the output', makeUsage(1, 4_000), REPORTED],
    ['a token more', makeUsage(1, 4_001), ABSURD],
    ['more in one of two passes', ofPasses(pass({ input: 200_001, output: 4_001 }), pass({})), REPORTED],
    ['no pass at all', ofPasses(), { ...REPORTED, amountNanoUsd: 0n, tokens: 0n }],
  ])('%s', (_what, usage, expected) => {
    expect(settle(usage)).toMatchObject(expected);
  });

  it.each([
    ['a call that is open', open],
    ['a server tool', { request: makeRequest({ tools: [makeTool('web_fetch_20260318')] }) }],
  ])('and more by %s', (_what, more) => {
    expect(settle(makeUsage(200_001, 4_001), more)).toMatchObject(REPORTED);
  });

  it('of no output asked for, four tokens', () => {
    const request = makeRequest({ maxTokens: 0 });
    expect(settle(makeUsage(1, 4), { request })).toMatchObject(REPORTED);
    expect(settle(makeUsage(1, 5), { request })).toMatchObject(ABSURD);
  });
});

test.each([
  ['covered by the hold to the nano-dollar', 812_000n, 812_000n, 812n],
  ['not covered by a nano-dollar: the estimate', 811_999n, 100_000n, 100n],
])('figures beyond the call become the most of its prompt, %s', (_what, heldNanoUsd, amountNanoUsd, tokens) => {
  expect(settle(makeUsage(200_001, 0), { heldNanoUsd })).toMatchObject({ ...ABSURD, amountNanoUsd, tokens });
});

test('figures that can be stand, also where others of their answer were doubtful', () => {
  const outcome: CallOutcome = {
    kind: 'completed',
    status: 200,
    usage: makeUsage(50, 10),
    visibleCharacters: 0,
    isDoubtful: true,
  };
  expect(settle(undefined, { outcome })).toMatchObject({ ...ABSURD, amountNanoUsd: 100_000n, tokens: 60n });
});

describe('of an answer with figures that cannot be', () => {
  const heldNanoUsd = 100_000_000_000n;
  const doubtful = (usage: CallUsage, more: object = {}): CallOutcome =>
    ({ kind: 'completed', status: 200, usage, visibleCharacters: 1_300, isDoubtful: true, ...more }) as CallOutcome;

  it.each([
    ['a hundred searches are believed where the request leaves them open', open, 100],
    ['none where it asks for none', {}, 0],
  ])('%s', (_what, more, webSearches) => {
    const settlement = settle(makeUsage(1, 1, { webSearches: 10_001 }), { heldNanoUsd, ...more });
    expect(settlement).toMatchObject({ ...ABSURD, usage: { webSearches } });
  });

  it.each([
    ['that came to its end is what it says', {}, 10],
    ['that broke off is at least what was seen', { kind: 'interrupted', reason: 'upstream_cut' }, 1_000],
  ])('the output of one %s', (_what, more, output) => {
    const settlement = settle(undefined, { heldNanoUsd, outcome: doubtful(makeUsage(50, 10), more) });
    expect(settlement).toMatchObject({ usage: { passes: [{ tokens: { input: 50, output } }] } });
  });

  it('counts of a call that is open stand up to twenty windows', () => {
    const outcome = doubtful(makeUsage(300_000, 300_000));
    expect(settle(undefined, { heldNanoUsd, outcome, ...open })).toMatchObject({
      ...ABSURD,
      usage: { passes: [{ tokens: { input: 300_000, output: 300_000 } }] },
    });
  });
});

test('twenty windows are the bound of each class of an open call, not of their sum', () => {
  const usage = ofPasses(pass({ input: 4_000_000, cacheRead: 4_000_000 }));
  expect(settle(usage, open)).toMatchObject(REPORTED);
});

test('tokens of every class count for quotas', () => {
  const usage = ofPasses(
    pass({ input: 1, cacheWrite5m: 20, cacheWrite1h: 300, cacheRead: 4_000, output: 50 }),
    pass({ output: 600 }),
  );
  expect(settle(usage)).toMatchObject({ tokens: 4_971n });
});

describe('an answer of a model without a price', () => {
  it('is priced as the one asked for, pass by pass', () => {
    // Opus 4.5: 25,000 nano-dollars per token of output.
    const usage = ofPasses(pass({ output: 10 }, 'claude-opus-4-5'), pass({ output: 10 }, UNHEARD));
    expect(settle(usage)).toMatchObject({ ...UNPRICED, amountNanoUsd: 300_000n });
  });

  it('is a fault where that one has none either', () => {
    const usage = ofPasses(pass({ output: 10 }, UNHEARD));
    const unpriced = { ...model, id: 'claude-unpriced' };
    expect(() => settle(usage, { model: unpriced })).toThrow('no price for claude-unpriced, which was admitted');
  });
});

describe('an end of which it is not known whether the API bills it', () => {
  const failed: CallOutcome = { kind: 'upstream_error', status: 504 };
  const lost: CallOutcome = { kind: 'not_sent', reason: 'upstream_cut' };
  const doubtful = true;
  const estimated = { action: 'settle', basis: 'estimated', doubts: ['end_doubtful'], amountNanoUsd: 100_000n };
  const released = { action: 'release', basis: 'none' };

  it.each<[CallOutcome, SettlementCase['doubtfulEnds'], object]>([
    [{ ...failed, doubtful }, 'estimate', estimated],
    [{ ...lost, doubtful }, 'estimate', estimated],
    [{ ...failed, doubtful }, 'release', released],
    [{ ...failed, doubtful }, undefined, released],
    [failed, 'estimate', released],
    [lost, 'estimate', released],
  ])('%j by the policy %s', (outcome, doubtfulEnds, expected) => {
    expect(settle(undefined, { outcome, ...(doubtfulEnds && { doubtfulEnds }) })).toMatchObject(expected);
  });
});

describe('an item of a batch', () => {
  const serviceTier = 'batch';

  it.each([
    ['that does not say its tier is at half the price', undefined, 75_000n],
    ['that does is as it says', 'standard', 150_000n],
  ])('%s', (_what, said, amountNanoUsd) => {
    expect(settle(makeUsage(100, 10, { serviceTier: said }), { serviceTier })).toMatchObject({
      ...REPORTED,
      amountNanoUsd,
    });
  });

  it('without a usage is estimated at half the price', () => {
    expect(settle(undefined, { serviceTier })).toMatchObject({ doubts: ['usage_missing'], amountNanoUsd: 50_000n });
  });
});

describe('an estimate', () => {
  const completed = { kind: 'completed', status: 200, usage: undefined } as const;

  it('counts pictures and documents in the prompt, given or referred to', () => {
    const request = makeRequest({
      images: { base64: 3, base64Bytes: 9_000, remote: 1 },
      documents: { base64: 2, base64Bytes: 9_000, remote: 1 },
    });
    // 1,568 tokens each.
    expect(settle(undefined, { request })).toMatchObject({ tokens: 100n + 7n * 1_568n });
  });

  it('takes 130 characters for a hundred tokens of one message', () => {
    const settlement = settle(undefined, {
      request: makeRequest({ maxTokens: 20_000 }),
      outcome: { ...completed, visibleCharacters: 13_000 },
    });
    expect(settlement).toMatchObject({
      tokens: 10_100n,
      usage: { passes: [{ kind: 'message', tokens: { output: 10_000 } }] },
    });
  });

  it.each([
    ['adds what was not reported to the last pass', 100, [10, 10, 80]],
    ['also a single token', 31, [10, 10, 11]],
    ['and nothing where all was', 30, [10, 10, 10]],
  ])('%s', (_what, followedOutputTokens, expected) => {
    const usage = ofPasses(pass({ output: 10 }), pass({ output: 10 }), pass({ output: 10 }));
    const settlement = settle(undefined, {
      outcome: { kind: 'interrupted', reason: 'client_gone', usage, visibleCharacters: 0 },
      followedOutputTokens,
    });
    if (settlement.action === 'release') throw new Error('released');
    expect(settlement.usage.passes.map(({ tokens }) => tokens.output)).toEqual(expected);
  });
});
