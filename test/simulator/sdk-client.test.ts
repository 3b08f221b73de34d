// The vendor's own client against the simulated API: what it can read is what a real answer looks like.
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failing, type ListeningApi, startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';

let api: ListeningApi;
let client: Anthropic;
beforeEach(async () => {
  api = await startSimulatedApi();
  client = new Anthropic({ apiKey: UPSTREAM_KEY, authToken: null, baseURL: api.baseUrl, maxRetries: 0 });
});
afterEach(() => api.close());

const hello = { model: 'claude-opus-5', max_tokens: 60, messages: [{ role: 'user' as const, content: 'Hello' }] };

describe('messages', () => {
  it('answers in JSON, and bills 5 and 25 dollars a million for what it reported', async () => {
    const message = await client.messages.create(hello);
    expect(message.content[0]?.type).toBe('text');
    expect(message.usage.output_tokens).toBe(60);
    expect(message.stop_reason).toBe('max_tokens');
    const expected = BigInt(message.usage.input_tokens) * 5_000n + 60n * 25_000n;
    expect(api.bill()).toMatchObject({ totalNanoUsd: expected, totalPicoUsd: expected * 1_000n });
    expect(api.bill().entries).toMatchObject([{ billed: true, reason: 'completed', model: 'claude-opus-5' }]);
  });

  it('resolves an alias to the dated id', async () => {
    const message = await client.messages.create({ ...hello, model: 'claude-haiku-4-5' });
    expect(message.model).toBe('claude-haiku-4-5-20251001');
  });

  it('streams the same answer that it gives in JSON for the same seed and request', async () => {
    const events: string[] = [];
    const stream = client.messages.stream(hello).on('streamEvent', (event) => events.push(event.type));
    const streamed = await stream.finalMessage();
    await using other = await startSimulatedApi();
    const twin = new Anthropic({ apiKey: UPSTREAM_KEY, authToken: null, baseURL: other.baseUrl });
    const whole = await twin.messages.create(hello);
    expect(streamed.content).toMatchObject(whole.content);
    expect(streamed.usage).toMatchObject(whole.usage);
    expect(streamed.id).toBe(whole.id);
    expect(events.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'content_block_delta']);
    expect(events.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
    expect(other.bill().totalNanoUsd).toBe(api.bill().totalNanoUsd);
  });

  it('thinks: shown on older models, a signature alone on newer ones, billed in both', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 };
    const older = await client.messages.create({ ...hello, model: 'claude-haiku-4-5', max_tokens: 2000, thinking });
    const newer = await client.messages.stream({ ...hello, max_tokens: 2000, thinking }).finalMessage();
    const [shown, hidden] = [older.content[0], newer.content[0]];
    expect(shown?.type === 'thinking' && shown.thinking.length).toBeGreaterThan(100);
    expect(hidden).toMatchObject({ type: 'thinking', thinking: '', signature: expect.stringMatching(/^Er.{100,}/) });
    const details = newer.usage.output_tokens_details;
    expect(details?.thinking_tokens).toBeGreaterThan(0);
    expect(newer.usage.output_tokens).toBeGreaterThan(details?.thinking_tokens ?? Infinity);
    expect(api.bill().entries[1]?.usage?.passes[0]?.output).toBe(BigInt(newer.usage.output_tokens));
  });

  it('calls the tool it is told to, with input that fits its schema', async () => {
    const input_schema = {
      type: 'object' as const,
      properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['C', 'F'] } },
      required: ['city', 'days', 'unit'],
    };
    const request = {
      ...hello,
      max_tokens: 1000,
      tools: [{ name: 'weather', input_schema }],
      tool_choice: { type: 'tool' as const, name: 'weather' },
    };
    const message = await client.messages.stream(request).finalMessage();
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content.at(-1)).toMatchObject({
      type: 'tool_use',
      id: expect.stringMatching(/^toolu_/),
      name: 'weather',
      input: { city: 'sample', days: 1, unit: 'C' },
    });
  });

  it('answers a JSON schema with JSON that fits it', async () => {
    const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
    const format = { type: 'json_schema' as const, schema };
    const message = await client.messages.create({ ...hello, output_config: { format } });
    const [block] = message.content;
    expect(block?.type === 'text' ? JSON.parse(block.text) : undefined).toEqual({ title: 'sample' });
  });

  it('searches: the prompt grows with each pass and each search costs a cent', async () => {
    const tools = [{ type: 'web_search_20250305' as const, name: 'web_search' as const, max_uses: 2 }];
    const messages = [{ role: 'user' as const, content: 'Search for toll roads' }];
    let first = 0;
    const stream = client.messages.stream({ ...hello, max_tokens: 1000, messages, tools });
    stream.on('streamEvent', (event) => {
      if (event.type === 'message_start') first = event.message.usage.input_tokens;
    });
    const message = await stream.finalMessage();
    expect(message.usage.server_tool_use?.web_search_requests).toBe(2);
    expect(message.usage.input_tokens).toBeGreaterThan(3 * first + 5_000);
    expect(message.content.map((block) => block.type)).toEqual([
      'server_tool_use',
      'web_search_tool_result',
      'server_tool_use',
      'web_search_tool_result',
      'text',
    ]);
    const { input_tokens, output_tokens } = message.usage;
    expect(api.bill().totalNanoUsd).toBe(BigInt(input_tokens) * 5_000n + BigInt(output_tokens) * 25_000n + 20_000_000n);
  });
});

describe('free routes', () => {
  it('counts tokens as a message will be billed, for nothing', async () => {
    const { max_tokens: _unused, ...body } = hello;
    const count = await client.messages.countTokens(body);
    const message = await client.messages.create(hello);
    expect(count.input_tokens).toBe(message.usage.input_tokens);
    expect(api.bill().entries).toHaveLength(1);
    expect(api.counters).toMatchObject({ countTokens: 1, messages: 1 });
  });

  it('lists every model that is not retired, newest first, over as many pages as asked', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list({ limit: 5 })) ids.push(model.id);
    const [whole] = [await client.models.list({ limit: 1000 })];
    expect(ids).toEqual(whole.data.map((model) => model.id));
    expect(ids).toContain('claude-opus-5');
    expect(ids).not.toContain('claude-2.1');
    expect(new Set(ids).size).toBe(ids.length);
    const dates = whole.data.map((model) => model.created_at);
    expect(dates).toEqual(dates.toSorted().toReversed());
    expect(api.counters.models).toBeGreaterThan(3);
  });

  it('shows a model by its alias', async () => {
    expect(await client.models.retrieve('claude-haiku-4-5')).toMatchObject({
      id: 'claude-haiku-4-5-20251001',
      display_name: 'Claude Haiku 4.5',
      max_tokens: 64_000,
      max_input_tokens: 200_000,
    });
    await expect(client.models.retrieve('claude-none')).rejects.toMatchObject({ status: 404 });
  });
});

describe('errors, as the client types them', () => {
  it.each([
    ['credit_too_low', 400, Anthropic.BadRequestError, /Your credit balance is too low to access the Anthropic API/],
    ['authentication', 401, Anthropic.AuthenticationError, /invalid x-api-key/],
    ['permission', 403, Anthropic.PermissionDeniedError, /permission/],
    ['not_found', 404, Anthropic.NotFoundError, /model: /],
    ['rate_limit', 429, Anthropic.RateLimitError, /rate limit for your organization \([0-9a-f-]{36}\)/],
    ['api_error', 500, Anthropic.InternalServerError, /Internal server error/],
    ['timeout', 504, Anthropic.InternalServerError, /timed out/],
    ['overloaded', 529, Anthropic.InternalServerError, /Overloaded/],
    ['bad_gateway_html', 502, Anthropic.InternalServerError, /502/],
    ['request_too_large', 413, Anthropic.APIError, /Request exceeds the maximum size/],
  ] as const)('%s is a %i and costs nothing', async (name, status, type, message) => {
    api.enqueue(failing(name));
    const error = await client.messages.create(hello).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ status, message: expect.stringMatching(message) });
    expect(api.bill()).toMatchObject({ totalNanoUsd: 0n, entries: [{ billed: false, reason: 'failed', status }] });
  });

  it('names the organization in its rate limit as in its header', async () => {
    api.enqueue(failing('rate_limit'));
    const error = (await client.messages.create(hello).catch((thrown: unknown) => thrown)) as InstanceType<
      typeof Anthropic.APIError
    >;
    expect(error.headers?.get('retry-after')).toBe('12');
    expect(error.message).toContain(error.headers?.get('anthropic-organization-id'));
  });

  it('lets the client retry what may be retried', async () => {
    const patient = client.withOptions({ maxRetries: 1 });
    api.enqueue({ kind: 'error', error: { status: 529, body: { type: 'error' }, headers: { 'retry-after-ms': '1' } } });
    await expect(patient.messages.create(hello)).resolves.toMatchObject({ type: 'message' });
    expect(api.requests.map((request) => request.headers['x-stainless-retry-count'])).toEqual(['0', '1']);
  });
});
