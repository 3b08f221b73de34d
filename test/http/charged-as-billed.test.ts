/*
 * Goal: every case in which the API's bill is not "this prompt, this output" is charged as it is billed.
 * Method: each is produced by the simulated API, as a stream and as a JSON answer where it has both, passes through the
 * listener, and the sum charged is held against the simulated API's own bill. docs/metering.md names these cases.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../src/domain/credit/credit-types.ts';
import type { AnswerOptions, Scenario } from '../../src/simulator/simulator-types.ts';
import { type ProxyUnderTest, startProxy } from '../support/proxy-under-test.ts';
import { legacyDelta, replay, usageAbsurd, usageMissing, usageNegative } from '../support/simulated-api.ts';

let proxy: ProxyUnderTest;
beforeEach(async () => {
  proxy = await startProxy({ creditUsd: 1_000 });
});
afterEach(() => proxy[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
const base = { model: 'claude-opus-5', max_tokens: 2_000, messages: [{ role: 'user', content: 'Hi' }] };

async function ask(body: Json, scenario?: Scenario, betas = ''): Promise<string> {
  if (scenario !== undefined) proxy.api.enqueue(scenario);
  const headers = betas === '' ? {} : { 'anthropic-beta': betas };
  const response = await proxy.send({ ...base, ...body }, { headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return text;
}

const answer = (options: AnswerOptions): Scenario => ({ kind: 'answer', answer: options });
const counted = (options: AnswerOptions = {}): Scenario =>
  answer({ inputTokens: 10_000, outputTokens: 300, ...options });
const reported = (usage: Json): Scenario => counted({ usage });

const searching = { tools: [{ type: 'web_search_20260209', name: 'web_search', max_uses: 5 }] };
const fetching = { tools: [{ type: 'web_fetch_20260209', name: 'web_fetch', max_uses: 5 }] };
const advised = { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-fable-5', max_uses: 2 }] };
const compacting = {
  context_management: { edits: [{ type: 'compact_20260112', trigger: { type: 'input_tokens', value: 50_000 } }] },
};
const falling = { fallbacks: [{ model: 'claude-sonnet-5' }] };
const FALLBACK = 'server-side-fallback-2026-07-01';
const split = (minutes: number, hour: number): Json => ({
  cache_creation_input_tokens: minutes + hour,
  cache_creation: { ephemeral_5m_input_tokens: minutes, ephemeral_1h_input_tokens: hour },
});
const refused = (category: NonNullable<AnswerOptions['refusal']>['category'], when: 'before_output' | 'mid_stream') =>
  counted({ refusal: { category, when } });

/** Case, request, scenario, betas. */
const CASES: [name: string, body: Json, scenario: Scenario, betas?: string][] = [
  ['prompt and output', {}, counted()],
  ['a cache write of five minutes', {}, reported(split(4_000, 0))],
  ['a cache write of an hour', {}, reported(split(0, 4_000))],
  ['cache writes of both kinds', {}, reported(split(3_001, 4_003))],
  ['a cache write without a split', {}, reported({ cache_creation_input_tokens: 777, cache_creation: null })],
  ['a split without its sum', {}, reported({ ...split(7, 9), cache_creation_input_tokens: 0 })],
  ['a cache read', {}, reported({ cache_read_input_tokens: 9_999 })],
  ['web searches', searching, counted({ webSearches: 3 })],
  [
    'web fetches, which are free',
    fetching,
    reported({ server_tool_use: { web_search_requests: 0, web_fetch_requests: 4 } }),
  ],
  ['ten searches and a pause', searching, answer({ webSearches: 10 })],
  ['the US, as asked', { inference_geo: 'us' }, counted()],
  ['the US, by the answer alone', {}, reported({ inference_geo: 'us' })],
  ['no place', { model: 'claude-haiku-4-5' }, reported({ inference_geo: 'not_available' })],
  ['the batch tier, by the answer alone', {}, reported({ service_tier: 'batch' })],
  ['the priority tier', {}, reported({ service_tier: 'priority' })],
  ['fast, as asked', { speed: 'fast' }, counted(), 'fast-mode-2026-02-01'],
  ['fast asked for, standard used', { speed: 'fast' }, reported({ speed: 'standard' }), 'fast-mode-2026-02-01'],
  ['fast of a model that ignores it', { model: 'claude-opus-4-6', speed: 'fast' }, counted()],
  ['thinking that is not shown', { thinking: { type: 'adaptive' } }, counted({ thinkingTokens: 200 })],
  [
    'thinking that is shown',
    { thinking: { type: 'enabled', budget_tokens: 1_024, display: 'summarized' } },
    counted({ thinkingTokens: 200 }),
  ],
  ['a prompt beyond the long-prompt threshold', { model: 'claude-haiku-5-5' }, counted({ inputTokens: 150_000 })],
  ['a compaction pass', compacting, counted({ inputTokens: 60_000 }), 'compact-2026-01-12'],
  ['an advisor', advised, counted(), 'advisor-tool-2026-03-01'],
  ['a fallback, refused before output, not billed', falling, refused('cyber', 'before_output'), FALLBACK],
  ['a fallback, refused before output, billed', falling, refused('bio', 'before_output'), FALLBACK],
  ['a fallback in the middle of the answer', falling, refused('cyber', 'mid_stream'), FALLBACK],
  [
    'a fallback credit, which is priced in already',
    {},
    reported({ fallback_credit: { status: 'redeemed' }, ...split(0, 0), cache_read_input_tokens: 5_000 }),
  ],
  ['a refusal before output: cyber', {}, refused('cyber', 'before_output')],
  ['a refusal before output: general_harms', {}, refused('general_harms', 'before_output')],
  ['a refusal before output without a category', {}, refused(null, 'before_output')],
  ['a refusal before output: bio', {}, refused('bio', 'before_output')],
  ['a refusal before output: frontier_llm', {}, refused('frontier_llm', 'before_output')],
  ['a refusal before output: reasoning_extraction', {}, refused('reasoning_extraction', 'before_output')],
  ['a refusal after output', {}, refused('cyber', 'mid_stream')],
  ['an answer that ends at max_tokens', { max_tokens: 50 }, answer({})],
];

describe('charged as billed', () => {
  test.each(CASES)('%s', async (_, body: Json, scenario: Scenario, betas?: string) => {
    for (const stream of [true, false]) await ask({ ...body, stream }, scenario, betas);
    await proxy.expectBilled();
    const charges = await readCharges();
    expect(charges.map(({ details }) => details?.basis)).toEqual(['reported', 'reported']);
    expect(charges.every(({ details }) => details?.doubts === undefined)).toBe(true);
  });

  test('a cache that is warmed and generates nothing', async () => {
    const system = [{ type: 'text', text: 'toll '.repeat(2_000), cache_control: { type: 'ephemeral', ttl: '1h' } }];
    for (const max_tokens of [0, 100]) await ask({ system, max_tokens });
    await proxy.expectBilled();
    const classes = (await readCharges()).map(({ details }) => Object.keys(details?.tokens as Json));
    expect(classes).toEqual([expect.arrayContaining(['cache_write_1h']), expect.arrayContaining(['cache_read'])]);
  });

  test('a stream of an older API, with the output alone at its end', async () => {
    await ask({ stream: true }, legacyDelta);
    await proxy.expectBilled();
  });

  test('a stream that is complete without a message_delta', async () => {
    const message = {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-opus-5', stop_reason: 'tool_use' },
      content: [{ type: 'tool_use', id: 'toolu_1', name: 'pay', input: {} }],
      usage: { input_tokens: 40, output_tokens: 9 },
    };
    const events = [{ type: 'message_start', message }, { type: 'message_stop' }];
    const text = events.map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`).join('');
    await ask({ stream: true }, replay(text));
    await proxy.expectBilled();
    expect(await readCharges()).toMatchObject([{ details: { basis: 'reported' } }]);
  });
});

describe('figures that somebody has to look at', () => {
  test.each([
    ['below zero', usageNegative],
    ['beyond the API', usageAbsurd],
  ])('%s are charged by estimate, within the hold, and kept', async (_, scenario) => {
    await ask({ stream: true }, scenario);
    await proxy.quiet();
    const [charge] = await readCharges();
    expect(charge).toMatchObject({
      details: { basis: 'estimated', doubts: ['usage_absurd'], reported_usage: expect.anything() },
    });
    expect(charge?.amountNanoUsd).toBeGreaterThan(0n);
    expect(charge?.amountNanoUsd).toBeLessThanOrEqual(await heldAtFirst());
    expect(proxy.log).toContainEqual(expect.objectContaining({ level: 'error', hold_id: charge?.subjectId }));
    expect(await readMetric('tollgate_usage_missing_total{reason="unreadable"}')).toBe(1);
  });

  test('several times beyond what the call can cost are not believed', async () => {
    await ask({ stream: true, max_tokens: 100 }, reported({ output_tokens: 64_000 }));
    await proxy.quiet();
    const [charge] = await readCharges();
    expect(charge).toMatchObject({
      details: { doubts: ['usage_absurd'], reported_usage: { input_tokens: 10_000, output_tokens: 64_000 } },
    });
    expect(charge?.amountNanoUsd).toBeLessThanOrEqual(await heldAtFirst());
  });

  test('a little beyond it are charged: the bound was too low', async () => {
    await ask({ stream: true, max_tokens: 100 }, answer({ inputTokens: 40, outputTokens: 150 }));
    await proxy.expectBilled();
    expect(await readCharges()).toMatchObject([{ details: { basis: 'reported' } }]);
  });

  test('of a kind that is not known are kept and told of, and the rest is charged', async () => {
    const odd = { video_tokens: 7, server_tool_use: { web_search_requests: 0, code_execution_requests: 2 } };
    for (const stream of [true, false]) await ask({ stream }, reported(odd));
    await proxy.expectBilled();
    const kept = { video_tokens: 7, server_tool_use: { code_execution_requests: 2 } };
    expect(await readCharges()).toMatchObject([
      { details: { basis: 'reported', unknown_usage: kept } },
      { details: { basis: 'reported', unknown_usage: kept } },
    ]);
    expect(await readMetric('tollgate_unknown_usage_total')).toBe(2);
  });

  test('that fill a page are kept as text cut off', async () => {
    await ask({}, reported({ essay: 'x'.repeat(5_000) }));
    await proxy.expectBilled();
    const [charge] = await readCharges();
    expect(charge?.details?.unknown_usage).toMatch(/^\{"essay":"x{1000,1500}\.\.\.$/);
  });

  test('that are missing are estimated, never nothing, and marked', async () => {
    for (const stream of [true, false]) await ask({ stream }, usageMissing);
    await proxy.quiet();
    for (const { amountNanoUsd, details } of await readCharges()) {
      expect(details).toMatchObject({ basis: 'estimated', doubts: ['usage_missing'] });
      expect(amountNanoUsd).toBeGreaterThan(0n);
    }
  });
});

async function readJournal(): Promise<JournalEntry[]> {
  return proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 1_000 });
}

async function readCharges(): Promise<JournalEntry[]> {
  return (await readJournal()).filter(({ operation }) => operation === 'settle');
}

async function heldAtFirst(): Promise<bigint> {
  return (await readJournal()).find(({ operation }) => operation === 'hold')?.amountNanoUsd ?? 0n;
}

async function readMetric(series: string): Promise<number> {
  const { body } = await proxy.metrics.render();
  const line = body.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1));
}
