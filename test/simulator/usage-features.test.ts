// What moves the cost away from "this prompt, this output": each with its usage as reported and its bill by hand.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnswerOptions } from '../../src/simulator/simulator-types.ts';
import { type ListeningApi, startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';

let api: ListeningApi;
let now = new Date('2026-11-20T12:00:00Z');
beforeEach(async () => {
  now = new Date('2026-11-20T12:00:00Z');
  api = await startSimulatedApi({ clock: () => now });
});
afterEach(() => api.close());

type Json = Record<string, unknown>;
interface Message {
  model: string;
  content: (Json & { type: string })[];
  stop_reason: string;
  stop_details: Json | null;
  usage: Record<string, number> & { iterations?: Json[]; cache_creation: Record<string, number> };
}
const base = { model: 'claude-opus-5', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }] };

async function ask(body: Json, betas?: string): Promise<Message> {
  const headers = {
    'x-api-key': UPSTREAM_KEY,
    'anthropic-version': '2023-06-01',
    ...(betas ? { 'anthropic-beta': betas } : {}),
  };
  const response = await fetch(`${api.baseUrl}/v1/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...base, ...body }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return body.stream === true ? lastOfStream(text) : JSON.parse(text);
}

/** Puts a stream together as the API's documentation says: each field of message_delta replaces. */
function lastOfStream(text: string): Message {
  const events = text.split('\n\n').flatMap((event) => event.match(/^data: (.*)$/m)?.[1] ?? []);
  const parsed = events.map((event) => JSON.parse(event) as Json & { type: string });
  const start = parsed.find((event) => event.type === 'message_start')?.message as Message;
  const delta = parsed.find((event) => event.type === 'message_delta') as unknown as { delta: Json; usage: Json };
  const content = parsed
    .filter((event) => event.type === 'content_block_start')
    .map((event) => event.content_block as Message['content'][0]);
  return { ...start, ...delta.delta, content, usage: { ...start.usage, ...delta.usage } } as Message;
}

const wish = (answer: AnswerOptions): void => api.enqueue({ kind: 'answer', answer });
const billed = () => api.bill().entries.at(-1);

describe('the prompt cache', () => {
  const long = 'toll '.repeat(2_000);
  const marked = (ttl: string, text = long): Json => ({
    system: [{ type: 'text', text, cache_control: { type: 'ephemeral', ttl } }],
  });

  it('writes first, then reads, and forgets after five minutes without use', async () => {
    const first = await ask(marked('5m'));
    const written = first.usage.cache_creation_input_tokens ?? 0;
    expect(written).toBeGreaterThan(3_000);
    expect(first.usage.cache_creation).toEqual({ ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: 0 });
    now = new Date(now.getTime() + 299_000);
    expect((await ask(marked('5m'))).usage).toMatchObject({
      cache_read_input_tokens: written,
      cache_creation_input_tokens: 0,
    });
    now = new Date(now.getTime() + 299_000);
    expect((await ask(marked('5m'))).usage).toMatchObject({ cache_read_input_tokens: written });
    now = new Date(now.getTime() + 300_000);
    expect((await ask(marked('5m'))).usage).toMatchObject({
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: written,
    });
  });

  it('bills 6.25 for a write of five minutes, 10 for one of an hour, 0.50 for a read', async () => {
    for (const [ttl, price] of [
      ['5m', 6_250n],
      ['1h', 10_000n],
      ['1h', 500n],
    ] as const) {
      const { usage } = await ask(marked(ttl, ttl + long));
      const cached = BigInt((usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0));
      const rest = BigInt(usage.input_tokens ?? 0) * 5_000n + BigInt(usage.output_tokens ?? 0) * 25_000n;
      expect(billed()?.amountNanoUsd).toBe(cached * price + rest);
    }
  });

  it('keeps an hour where it is asked to', async () => {
    const { usage } = await ask(marked('1h'));
    expect(usage.cache_creation.ephemeral_1h_input_tokens).toBe(usage.cache_creation_input_tokens);
    now = new Date(now.getTime() + 3_599_000);
    expect((await ask(marked('1h'))).usage.cache_read_input_tokens).toBe(usage.cache_creation_input_tokens);
  });

  it('reads the longest prefix and writes what is new', async () => {
    const turn = (text: string): Json => ({
      role: 'user',
      content: [{ type: 'text', text, cache_control: { type: 'ephemeral' } }],
    });
    const plain = { role: 'user', content: [{ type: 'text', text: long }] };
    const first = await ask({ messages: [turn(long)] });
    const second = await ask({ messages: [plain, { role: 'assistant', content: 'Yes' }, turn(`more ${long}`)] });
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    expect(second.usage.cache_creation_input_tokens).toBeGreaterThan(3_000);
  });

  it('takes a mark at the top level for one on the last block', async () => {
    const { usage } = await ask({ cache_control: { type: 'ephemeral' }, messages: [{ role: 'user', content: long }] });
    expect(usage).toMatchObject({ input_tokens: 0 });
    expect(usage.cache_creation_input_tokens).toBeGreaterThan(3_000);
  });

  it('caches nothing below the least length, and nothing for another model', async () => {
    expect((await ask(marked('5m', 'short'))).usage.cache_creation_input_tokens).toBe(0);
    await ask(marked('5m'));
    expect((await ask({ ...marked('5m'), model: 'claude-sonnet-5' })).usage.cache_read_input_tokens).toBe(0);
  });

  it('is warmed by max_tokens 0: written, and nothing generated', async () => {
    const warm = await ask({ ...marked('5m'), max_tokens: 0 });
    expect(warm).toMatchObject({ content: [], stop_reason: 'max_tokens', usage: { output_tokens: 0 } });
    expect(warm.usage.cache_creation_input_tokens).toBeGreaterThan(3_000);
    expect(billed()).toMatchObject({ billed: true });
  });
});

describe('where and how fast', () => {
  it('adds a tenth for the US', async () => {
    wish({ inputTokens: 1_000, outputTokens: 100 });
    expect((await ask({ inference_geo: 'us' })).usage.inference_geo).toBe('us');
    expect(billed()?.amountNanoUsd).toBe(8_250_000n);
  });

  it.each([true, false])('bills the fast card where it runs fast (stream: %s)', async (stream) => {
    wish({ inputTokens: 1_000, outputTokens: 100 });
    expect((await ask({ speed: 'fast', stream }, 'fast-mode-2026-02-01')).usage.speed).toBe('fast');
    expect(billed()?.amountNanoUsd).toBe(15_000_000n);
  });

  it('tells that Opus 4.6 ran at standard speed', async () => {
    expect((await ask({ model: 'claude-opus-4-6', speed: 'fast' })).usage.speed).toBe('standard');
    expect((await ask({})).usage).not.toHaveProperty('speed');
  });

  it('lets a scenario say what the account decided: batch tier, US by default', async () => {
    wish({ inputTokens: 1_000, outputTokens: 0, usage: { service_tier: 'batch', inference_geo: 'us' } });
    expect((await ask({ stream: true })).usage).toMatchObject({ service_tier: 'batch', inference_geo: 'us' });
    expect(billed()?.amountNanoUsd).toBe(2_750_000n);
  });
});

describe('passes of their own', () => {
  const advisor = { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-fable-5' }] };

  it.each([true, false])('bills an advisor at its own model, outside the top level (stream: %s)', async (stream) => {
    const { usage, content } = await ask({ ...advisor, stream }, 'advisor-tool-2026-03-01');
    const [first, advice, last] = usage.iterations as Record<string, number>[];
    expect(usage.iterations?.map((entry) => entry.type)).toEqual(['message', 'advisor_message', 'message']);
    expect(usage.input_tokens).toBe((first?.input_tokens ?? 0) + (last?.input_tokens ?? 0));
    expect(usage.output_tokens).toBe((first?.output_tokens ?? 0) + (last?.output_tokens ?? 0));
    expect(content.map((block) => block.type)).toEqual(['server_tool_use', 'advisor_tool_result', 'text']);
    const own = BigInt(usage.input_tokens ?? 0) * 5_000n + BigInt(usage.output_tokens ?? 0) * 25_000n;
    const advised = BigInt(advice?.input_tokens ?? 0) * 10_000n + BigInt(advice?.output_tokens ?? 0) * 50_000n;
    expect(advised).toBeGreaterThan(20_000_000n);
    expect(billed()?.amountNanoUsd).toBe(own + advised);
  });

  const compact = {
    context_management: { edits: [{ type: 'compact_20260112', trigger: { type: 'input_tokens', value: 50_000 } }] },
  };
  it('compacts a long context: the long pass stands in iterations alone, and in message_start', async () => {
    wish({ inputTokens: 60_000, outputTokens: 100 });
    const { usage, content } = await ask({ ...compact, stream: true }, 'compact-2026-01-12');
    expect(usage.input_tokens).toBeLessThan(1_000);
    expect(usage.iterations).toMatchObject([
      { type: 'compaction', input_tokens: 60_000 },
      { type: 'message', output_tokens: 100 },
    ]);
    expect(content[0]?.type).toBe('compaction');
    expect(billed()?.amountNanoUsd).toBe(
      60_000n * 5_000n + 120n * 25_000n + BigInt(usage.input_tokens ?? 0) * 5_000n + 2_500_000n,
    );
  });

  it('does not compact a short one, nor without the beta', async () => {
    const short = await ask(compact, 'compact-2026-01-12');
    expect(short.usage.iterations).toMatchObject([{ type: 'message' }]);
    wish({ inputTokens: 60_000 });
    expect((await ask(compact)).usage).not.toHaveProperty('iterations');
  });

  it('answers a request for a summary with the summary alone', async () => {
    const message = await ask({ compaction: { type: 'summarize' } }, 'compact-2026-09-04');
    expect(message.stop_reason).toBe('compaction');
    expect(message.content.map((block) => block.type)).toEqual(['compaction']);
    expect(message.usage).toMatchObject({ input_tokens: 0, output_tokens: 0, iterations: [{ type: 'compaction' }] });
    expect(billed()?.amountNanoUsd).toBeGreaterThan(3_000_000n);
  });

  it('owes for a search loop that was cut at its beginning the first pass alone', async () => {
    api.enqueue({
      kind: 'answer',
      answer: { inputTokens: 1_000, outputTokens: 100, webSearches: 3 },
      delivery: { ending: { kind: 'cut', at: { afterEvents: 2 } } },
    });
    await expect(ask({ stream: true, tools: [{ type: 'web_search_20260209', name: 'web_search' }] })).rejects.toThrow();
    await api.idle();
    // The final usage would have been some 20,000 prompt tokens and three cents.
    expect(billed()).toMatchObject({ reason: 'cut', amountNanoUsd: 5_000_000n });
  });

  it('pauses after ten searches', async () => {
    wish({ webSearches: 10 });
    const message = await ask({ tools: [{ type: 'web_search_20260209', name: 'web_search' }] });
    expect(message.stop_reason).toBe('pause_turn');
    expect(message.usage.input_tokens).toBeGreaterThan(100_000);
  });
});

describe('refusals', () => {
  it.each([
    ['cyber', false],
    ['general_harms', false],
    [null, false],
    ['bio', true],
    ['frontier_llm', true],
    ['reasoning_extraction', true],
  ] as const)('before any output, category %s: billed %s', async (category, isBilled) => {
    for (const stream of [true, false]) {
      wish({ inputTokens: 1_000, refusal: { category, when: 'before_output' } });
      const message = await ask({ stream });
      expect(message).toMatchObject({
        content: [],
        stop_reason: 'refusal',
        stop_details: { type: 'refusal', category },
      });
      expect(message.usage.input_tokens).toBe(1_000);
      expect(billed()).toMatchObject({ billed: isBilled, reason: isBilled ? 'completed' : 'refusal_not_billed' });
      expect(billed()?.amountNanoUsd).toBe(isBilled ? 5_000_000n : 0n);
    }
  });

  it('in the middle of the text: billed, whatever the category', async () => {
    wish({ inputTokens: 1_000, outputTokens: 40, refusal: { category: 'cyber', when: 'mid_stream' } });
    const message = await ask({ stream: true });
    expect(message.content.map((block) => block.type)).toEqual(['text']);
    expect(billed()?.amountNanoUsd).toBe(6_000_000n);
  });

  it('a word in the prompt is enough to see one', async () => {
    const message = await ask({ messages: [{ role: 'user', content: 'please SIMULATE_REFUSAL now' }] });
    expect(message.stop_reason).toBe('refusal');
  });

  const fallbacks = { fallbacks: [{ model: 'claude-sonnet-5' }] };
  it.each([
    ['cyber', 0n],
    ['bio', 5_000_000n],
  ] as const)('hands over before any output (%s): the refused attempt owes %s nano-dollars', async (category, owed) => {
    for (const stream of [true, false]) {
      wish({ inputTokens: 1_000, outputTokens: 100, refusal: { category, when: 'before_output' } });
      const message = await ask({ ...fallbacks, stream }, 'server-side-fallback-2026-07-01');
      expect(message).toMatchObject({ model: 'claude-sonnet-5', stop_reason: 'end_turn' });
      expect(message.content[0]).toMatchObject({
        type: 'fallback',
        trigger: { category },
        to: { model: 'claude-sonnet-5' },
      });
      expect(message.usage.iterations).toMatchObject([
        { type: 'message', model: 'claude-opus-5', input_tokens: 1_000, output_tokens: 0 },
        { type: 'fallback_message', model: 'claude-sonnet-5', input_tokens: 1_000, output_tokens: 100 },
      ]);
      expect(message.usage).toMatchObject({ input_tokens: 1_000, output_tokens: 100 });
      expect(billed()?.amountNanoUsd).toBe(owed + 1_000n * 2_000n + 100n * 10_000n);
    }
  });

  it('hands over in the middle of the text: both attempts owe', async () => {
    wish({ inputTokens: 1_000, outputTokens: 100, refusal: { category: 'cyber', when: 'mid_stream' } });
    const message = await ask({ ...fallbacks, stream: true }, 'server-side-fallback-2026-07-01');
    expect(message.model).toBe('claude-opus-5');
    expect(message.content.map((block) => block.type)).toEqual(['text', 'fallback', 'text']);
    expect(billed()?.amountNanoUsd).toBe(1_000n * 5_000n + 25n * 25_000n + 1_000n * 2_000n + 75n * 10_000n);
  });
});

it('stops at a stop sequence', async () => {
  wish({ text: 'one two three' });
  const message = await ask({ stop_sequences: ['never', ' two'] });
  expect(message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: ' two', content: [{ text: 'one' }] });
});
