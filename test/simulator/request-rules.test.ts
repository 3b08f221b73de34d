import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListeningApi, startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';

let api: ListeningApi;
beforeAll(async () => {
  api = await startSimulatedApi({ apiKeys: [UPSTREAM_KEY, 'another-key'] });
});
afterAll(() => api.close());

const message = { model: 'claude-opus-5', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };
const usual = { 'x-api-key': UPSTREAM_KEY, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' };

interface Answer {
  status: number;
  headers: Headers;
  json: { type?: string; request_id?: string; error: { type: string; message: string; details?: unknown } };
}

async function post(body: unknown, headers: Record<string, string> = usual, path = '/v1/messages'): Promise<Answer> {
  const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(api.baseUrl + path, { method: 'POST', headers, body: sent as string });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer['json'] };
}

describe('credentials', () => {
  const version = { 'anthropic-version': '2023-06-01' };
  it.each([
    ['no key', {}, 'x-api-key header is required'],
    ['a wrong key', { 'x-api-key': 'nope' }, 'invalid x-api-key'],
    ['a wrong bearer', { authorization: 'Bearer nope' }, 'Invalid bearer token'],
    [
      'a wrong key beside a good bearer',
      { 'x-api-key': 'nope', authorization: `Bearer ${UPSTREAM_KEY}` },
      'invalid x-api-key',
    ],
  ])('refuses %s with 401, not to be retried', async (_name, headers, text) => {
    const { status, headers: answered, json } = await post(message, { ...version, ...headers });
    expect(status).toBe(401);
    expect(answered.get('x-should-retry')).toBe('false');
    expect(json).toMatchObject({ type: 'error', error: { type: 'authentication_error', message: text } });
    expect(json.request_id).toBe(answered.get('request-id'));
  });

  it.each([{ 'x-api-key': 'another-key' }, { authorization: `Bearer ${UPSTREAM_KEY}` }])(
    'takes %j',
    async (headers) => {
      expect((await post(message, { ...version, ...headers } as Record<string, string>)).status).toBe(200);
    },
  );
});

describe('refused bodies', () => {
  const without = (field: string): unknown =>
    Object.fromEntries(Object.entries(message).filter(([name]) => name !== field));
  it.each<[string, unknown, number, RegExp]>([
    ['no JSON', '{"model"', 400, /^The request body is not valid JSON/],
    ['a list', [], 400, /valid dictionary/],
    ['no model', without('model'), 400, /^model: Field required$/],
    ['no max_tokens', without('max_tokens'), 400, /^max_tokens: Field required$/],
    ['no messages', without('messages'), 400, /^messages: Field required$/],
    ['empty messages', { ...message, messages: [] }, 400, /^messages: at least one message is required$/],
    ['a strange role', { ...message, messages: [{ role: 'x', content: '' }] }, 400, /Unexpected role "x"/],
    ['an unknown model', { ...message, model: 'claude-opus-6' }, 404, /^model: claude-opus-6$/],
    ['a retired model', { ...message, model: 'claude-3-opus-20240229' }, 404, /^model: claude-3-opus-20240229$/],
    ['a prefix of a model', { ...message, model: 'claude-opus' }, 404, /^model: claude-opus$/],
    [
      'too many max_tokens',
      { ...message, max_tokens: 128_001 },
      400,
      /^max_tokens: 128001 > 128000, which is the maximum/,
    ],
    ['negative max_tokens', { ...message, max_tokens: -1 }, 400, /greater than or equal to 0/],
    [
      'a prompt beyond the window',
      { ...message, model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'x'.repeat(900_000) }] },
      400,
      /^prompt is too long: 225\d{3} tokens > 200000 maximum$/,
    ],
    [
      'a thinking budget over max_tokens',
      { ...message, max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 2000 } },
      400,
      /must be greater than `thinking.budget_tokens`/,
    ],
    [
      'a forced tool on Sonnet 5.5',
      { ...message, model: 'claude-sonnet-5-5', tools: [{ name: 'a' }], tool_choice: { type: 'any' } },
      400,
      /tool_choice/,
    ],
    ['fast mode where there is none', { ...message, model: 'claude-opus-4-7', speed: 'fast' }, 400, /^speed: /],
    ['fast mode without its beta', { ...message, speed: 'fast' }, 400, /^speed: /],
    [
      'US inference on an older model',
      { ...message, model: 'claude-haiku-4-5', inference_geo: 'us' },
      400,
      /^inference_geo: /,
    ],
    [
      'fallbacks on Haiku 5.5',
      { ...message, model: 'claude-haiku-5-5', fallbacks: [{ model: 'claude-opus-5' }] },
      400,
      /^fallbacks: /,
    ],
    [
      'five cache marks',
      { ...message, system: Array(5).fill({ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }) },
      400,
      /Found 5/,
    ],
    ['max_tokens 0 in a stream', { ...message, max_tokens: 0, stream: true }, 400, /^max_tokens: /],
  ])('%s', async (_name, body, status, text) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.json.error.message).toMatch(text);
    expect(answer.json.error.type).toBe(status === 404 ? 'not_found_error' : 'invalid_request_error');
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(api.bill().entries.at(-1)).toMatchObject({ billed: false, reason: 'failed', status });
  });

  it('tells a thread that it cannot be served, by the code that the clients know', async () => {
    const answer = await post({ ...message, thread: { type: 'continue' } });
    expect(answer.json.error.details).toEqual({ error_code: 'thread_unsupported_request' });
  });

  it('answers 413 above 32 MB in the shape of Cloudflare, and keeps serving', async () => {
    const answer = await post(`{"padding":"${'x'.repeat(33 * 1024 * 1024)}"}`);
    expect(answer.status).toBe(413);
    expect(answer.json).toEqual({
      error: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
    });
    expect((await post(message)).status).toBe(200);
  });
});

describe('versions', () => {
  it('needs one that exists', async () => {
    expect((await post(message, { 'x-api-key': UPSTREAM_KEY })).json.error.message).toBe(
      'anthropic-version: header is required',
    );
    expect((await post(message, { ...usual, 'anthropic-version': '2024-01-01' })).json.error.message).toMatch(
      /not a valid version/,
    );
  });

  it.each(['temperature', 'top_p', 'top_k'])('takes %s in 2023-06-01 and refuses it in 2026-10-21', async (field) => {
    const body = { ...message, [field]: 1 };
    expect((await post(body)).status).toBe(200);
    const newer = await post(body, { ...usual, 'anthropic-version': '2026-10-21' });
    expect(newer.json.error.message).toBe(`${field}: Extra inputs are not permitted`);
  });

  it('names a beta it cannot know', async () => {
    const answer = await post(message, { ...usual, 'anthropic-beta': 'claude-code-20250219, nonsense' });
    expect(answer.json.error.message).toBe('Unexpected value(s) `nonsense` for the `anthropic-beta` header.');
  });

  it('ignores fields and a query it does not know', async () => {
    expect((await post({ ...message, tomorrow: { a: 1 } }, usual, '/v1/messages?beta=true')).status).toBe(200);
  });
});

describe('compressed requests', () => {
  const gzip = { ...usual, 'content-encoding': 'gzip' };
  it('reads gzip and records the bytes as they came', async () => {
    const bytes = gzipSync(JSON.stringify(message));
    expect((await post(bytes, gzip)).status).toBe(200);
    expect(api.requests.at(-1)?.body.equals(bytes)).toBe(true);
    expect(api.requests.at(-1)?.json).toEqual(message);
  });

  it.each([
    ['what is no gzip', Buffer.from('{}'), gzip, 400, 'request_body_encoding_invalid'],
    [
      'another encoding',
      Buffer.from('{}'),
      { ...usual, 'content-encoding': 'br' },
      400,
      'request_body_encoding_unsupported',
    ],
    ['a bomb', gzipSync(Buffer.alloc(40 * 1024 * 1024)), gzip, 413, 'request_body_too_large_after_decoding'],
  ])('refuses %s', async (_name, bytes, headers, status, code) => {
    const answer = await post(bytes, headers);
    expect(answer.status).toBe(status);
    expect(answer.json.error.details).toEqual({ error_code: code });
  });
});

describe('other routes', () => {
  it.each([
    ['GET', '/v1/messages'],
    ['POST', '/v1/complete'],
    ['POST', '/v1/sessions'],
    ['GET', '/'],
    ['POST', '/v1//messages'],
  ])('%s %s is a 404 in the envelope', async (method, path) => {
    const response = await fetch(api.baseUrl + path, { method, headers: usual });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });

  it('shows its bill, amounts as strings', async () => {
    const response = await fetch(`${api.baseUrl}/simulator/bill`);
    const bill = (await response.json()) as { totalNanoUsd: unknown };
    expect(bill.totalNanoUsd).toBe(api.bill().totalNanoUsd.toString());
  });
});
