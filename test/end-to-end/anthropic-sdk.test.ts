// Goal: the vendor's own client, in both the kinds that are about, sees the Claude API behind a changed base URL, and
// each call is charged what the API bills for it.
// Method: the real process in front of a simulated API with a bill of its own; after every test both sums are compared.
import { gzipSync } from 'node:zlib';
import Newest from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SimulatedErrorName } from '../../src/simulator/simulator-types.ts';
import type { Caller, CallerOptions } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { importOlderSdk } from '../support/client-programs.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import { delivered, errorEventAt, failing, UPSTREAM_KEY } from '../support/simulated-api.ts';

type Sdk = typeof Newest;
type ApiError = InstanceType<Sdk['APIError']>;

const { default: Older } = await importOlderSdk();
const SDKS: [name: string, sdk: Sdk, traits: { version: string; credential: string; betaQuery: string }][] = [
  ['the newest SDK', Newest, { version: '2026-10-21', credential: 'authorization', betaQuery: '' }],
  ['the older SDK', Older, { version: '2023-06-01', credential: 'x-api-key', betaQuery: '?beta=true' }],
];

const HELLO = {
  model: 'claude-opus-5',
  max_tokens: 300,
  messages: [{ role: 'user' as const, content: 'Say something about toll roads.' }],
};

describeOnEachTollgate('a client', (tollgate) => {
  describe.each(SDKS)('%s', (_name, Anthropic, { version, credential, betaQuery }) => {
    let caller: Caller;
    /** Requests sent by the client under test, retries included. */
    let sent: Request[];
    beforeEach(async () => {
      sent = [];
      caller = await tollgate().createCaller();
    });
    afterEach(() => tollgate().expectSettled());

    const connect = (secret = caller.secret, options: { maxRetries?: number } = {}): Newest =>
      new Anthropic({
        apiKey: secret,
        authToken: null,
        baseURL: tollgate().baseUrl,
        maxRetries: 0,
        ...options,
        fetch: (url, init) => {
          sent.push(new Request(String(url), { method: 'POST', headers: init?.headers as Record<string, string> }));
          return fetch(url, init);
        },
      });
    const takeCall = () => tollgate().nextCall();
    const createCaller = (options: CallerOptions) => tollgate().createCaller(options);

    test("JSON: the answer is the API's, its cost stands in a header and in the journal", async () => {
      const { data, response } = await connect().messages.create(HELLO).withResponse();
      const call = await takeCall();
      expect(data).toMatchObject({ type: 'message', model: 'claude-opus-5', role: 'assistant' });
      expect(response.headers.get('anthropic-organization-id')).toBeNull();
      const entry = await call.billed;
      expect(nano(response.headers.get('tollgate-cost-usd')!)).toBe(entry!.amountNanoUsd);
      await tollgate().expectSettled();
      const [settle] = (await tollgate().admin.readJournal(caller.accountId)).filter(
        ({ operation }) => operation === 'settle',
      );
      expect(settle).toMatchObject({
        details: {
          basis: 'reported',
          key_id: caller.keyId,
          model: 'claude-opus-5',
          upstream_request_id: call.requestId,
        },
      });
      expect(nano(settle!.amount_usd)).toBe(entry!.amountNanoUsd);
    });

    test("the upstream gets the client's request and the operator's key, never the client's", async () => {
      const client = connect();
      await client.beta.messages.create({ ...HELLO, betas: ['a-beta-of-tomorrow-2027-01-01'] });
      expect(sent[0]!.headers.get(credential)).toContain(caller.secret);
      const { request } = await takeCall();
      expect(request.headers).toMatchObject({
        'x-api-key': UPSTREAM_KEY,
        'anthropic-version': version,
        'anthropic-beta': expect.stringContaining('a-beta-of-tomorrow-2027-01-01'),
        'x-stainless-lang': 'js',
      });
      expect(request.headers.authorization).toBeUndefined();
      expect(request.rawHeaders.join()).not.toContain(caller.secret);
      expect(request.query).toBe(betaQuery);
      expect(request.json).toEqual(HELLO);
    });

    test('streaming: every event arrives, the final message carries the usage that is charged', async () => {
      const events: string[] = [];
      const stream = connect()
        .messages.stream(HELLO)
        .on('streamEvent', ({ type }) => events.push(type));
      const message = await stream.finalMessage();
      expect(events.slice(0, 2)).toEqual(['message_start', 'content_block_start']);
      expect(events.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
      const { usage } = (await (await takeCall()).billed)!;
      expect(usage!.passes).toMatchObject([
        { input: BigInt(message.usage.input_tokens), output: BigInt(message.usage.output_tokens) },
      ]);
    });

    test('an event is passed on before the next one is there', async () => {
      tollgate().api.enqueue(delivered({ holdBefore: [1] }));
      const stream = await connect().messages.create({ ...HELLO, stream: true });
      const call = await takeCall();
      const sentByThen: number[] = [];
      for await (const _event of stream) {
        sentByThen.push(call.eventsSent);
        call.releaseAll();
      }
      expect(sentByThen[0]).toBe(1);
      expect(sentByThen.at(-1)).toBeGreaterThan(5);
    });

    test('beta messages, with tools: the input comes whole', async () => {
      const stream = connect().beta.messages.stream({
        ...HELLO,
        max_tokens: 1_000,
        tools: [
          {
            name: 'weather',
            input_schema: {
              type: 'object',
              properties: { city: { type: 'string' }, days: { type: 'integer' } },
              required: ['city', 'days'],
            },
          },
        ],
        tool_choice: { type: 'tool', name: 'weather' },
      });
      const message = await stream.finalMessage();
      expect(message.stop_reason).toBe('tool_use');
      expect(message.content.at(-1)).toMatchObject({ type: 'tool_use', input: { city: 'sample', days: 1 } });
      expect((await takeCall()).request.query).toBe(betaQuery);
    });

    test('thinking is charged as the output it is', async () => {
      const message = await connect()
        .messages.stream({ ...HELLO, max_tokens: 2_000, thinking: { type: 'enabled', budget_tokens: 1_024 } })
        .finalMessage();
      expect(message.content[0]?.type).toBe('thinking');
      const entry = await (await takeCall()).billed;
      expect(entry!.usage!.passes[0]!.output).toBe(BigInt(message.usage.output_tokens));
    });

    test.each(['5m', '1h'] as const)('a prompt cached for %s is charged as written, then as read', async (ttl) => {
      const text = `${caller.accountId} ${'Toll roads are roads that toll. '.repeat(800)}`;
      const system = [{ type: 'text' as const, text, cache_control: { type: 'ephemeral' as const, ttl } }];
      const client = connect();
      const first = await client.messages.create({ ...HELLO, system });
      const second = await client.messages.stream({ ...HELLO, system }).finalMessage();
      expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(1_024);
      expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
      await tollgate().expectSettled();
      const settles = (await tollgate().admin.readJournal(caller.accountId)).filter((e) => e.operation === 'settle');
      expect(settles.map(({ details }) => details?.tokens)).toMatchObject([
        { [`cache_write_${ttl}`]: first.usage.cache_creation_input_tokens },
        { cache_read: first.usage.cache_creation_input_tokens },
      ]);
    });

    test('web searches are charged a cent each', async () => {
      const message = await connect().messages.create({
        ...HELLO,
        max_tokens: 1_000,
        messages: [{ role: 'user', content: 'Search for toll roads' }],
        tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }],
      });
      expect(message.usage.server_tool_use?.web_search_requests).toBe(2);
      const { charged } = await tollgate().expectSettled();
      expect(charged).toBeGreaterThan(20_000_000n);
    });

    test('counting tokens and asking for models is free', async () => {
      const client = connect();
      const { max_tokens: _left, ...body } = HELLO;
      expect((await client.messages.countTokens(body)).input_tokens).toBeGreaterThan(5);
      expect((await client.beta.messages.countTokens(body)).input_tokens).toBeGreaterThan(5);
      const ids: string[] = [];
      for await (const { id } of client.models.list({ limit: 10 })) ids.push(id);
      expect(ids).toContain('claude-opus-5');
      expect((await client.models.retrieve('claude-haiku-4-5')).id).toBe('claude-haiku-4-5-20251001');
      await expect(client.models.retrieve('claude-none')).rejects.toMatchObject({ status: 404 });
      const journal = await tollgate().admin.readJournal(caller.accountId);
      expect(journal.filter(({ operation }) => operation === 'hold')).toEqual([]);
    });

    test('twenty streams and twenty answers at once', async () => {
      const client = connect();
      const message = { ...HELLO, max_tokens: 100 };
      const streams = Array.from({ length: 20 }, () => client.messages.stream(message).finalMessage());
      const wholes = Array.from({ length: 20 }, () => client.messages.create(message));
      const messages = await Promise.all([...streams, ...wholes]);
      expect(new Set(messages.map(({ id }) => id)).size).toBe(40);
      const { charged } = await tollgate().expectSettled();
      expect(charged).toBeGreaterThan(0n);
    });

    test('a body of twenty megabytes passes, one above the limit is refused', async () => {
      const image = (data: string) => ({
        ...HELLO,
        messages: [
          {
            role: 'user' as const,
            content: [
              { type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data } },
            ],
          },
        ],
      });
      const body = image('iVBORw0KGgo'.repeat(1_900_000));
      await connect().messages.create(body);
      expect((await takeCall()).request.body.length).toBe(Buffer.byteLength(JSON.stringify(body)));
      const error = await catchError(connect().messages.create(image('iVBORw0KGgo'.repeat(3_100_000))));
      expect(error).toMatchObject({ status: 413, message: expect.stringContaining('maximum size') });
    });

    test('a gzip-encoded body is read for its price and passed on as it came', async () => {
      const body = gzipSync(JSON.stringify({ ...HELLO, system: 'Toll roads. '.repeat(20_000) }));
      const headers = { 'content-encoding': 'gzip', 'anthropic-version': version };
      const answer = await tollgate().send(caller, body, { headers });
      expect(await answer.json()).toMatchObject({ type: 'message' });
      const { request } = await takeCall();
      expect(request.body.equals(body)).toBe(true);
      expect(request.headers['content-encoding']).toBe('gzip');
    });

    describe('errors of the upstream cost nothing', () => {
      const OVERLOADED: [number, RegExp] = [529, /Overloaded/];
      const UNAVAILABLE: [number, RegExp] = [503, /temporarily unavailable/];
      const cases: [SimulatedErrorName, number, RegExp][] = [
        ['invalid_request', 400, /messages\.0\.content: Field required/],
        ['not_found', 404, /model: claude-unknown-1/],
        ['request_too_large', 413, /Request exceeds the maximum size/],
        ['rate_limit', 429, /The rate limit of the upstream API has been reached/],
        ['api_error', 500, /Internal server error/],
        ['timeout', 504, /Request timed out/],
        ['overloaded', ...OVERLOADED],
        ['bad_gateway_html', 502, /could not be understood/],
        // The operator's own account is none of the caller's business.
        ['credit_too_low', ...OVERLOADED],
        ['spend_limit', ...OVERLOADED],
        ['tier_limit', ...OVERLOADED],
        ['billing', ...OVERLOADED],
        ['authentication', ...UNAVAILABLE],
        ['permission', ...UNAVAILABLE],
      ];
      test.each(cases)('%s is a %i', async (name, status, message) => {
        tollgate().api.enqueue(failing(name));
        const error = (await catchError(connect().messages.create(HELLO))) as ApiError;
        expect(error).toBeInstanceOf(Anthropic.APIError);
        expect(error).toMatchObject({ status, message: expect.stringMatching(message) });
        expect(JSON.stringify([error.message, [...(error.headers ?? [])]])).not.toMatch(
          /organization \(|credit balance/,
        );
        const { charged } = await tollgate().expectSettled();
        expect(charged).toBe(0n);
      });

      test('a rate limit keeps its delay', async () => {
        tollgate().api.enqueue(failing('rate_limit'));
        const error = (await catchError(connect().messages.create(HELLO))) as ApiError;
        expect(error).toBeInstanceOf(Anthropic.RateLimitError);
        expect(error.headers?.get('retry-after')).toBe('12');
      });

      test('an overload that is tried again is charged once', async () => {
        const overload = {
          kind: 'error',
          error: {
            status: 529,
            body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
            headers: { 'retry-after-ms': '1' },
          },
        } as const;
        tollgate().api.enqueue(overload, overload);
        await connect(caller.secret, { maxRetries: 2 }).messages.stream(HELLO).finalMessage();
        expect(sent.map(({ headers }) => headers.get('x-stainless-retry-count'))).toEqual(['0', '1', '2']);
        await tollgate().expectSettled();
        const ends = (await tollgate().admin.readJournal(caller.accountId)).map(({ operation }) => operation);
        expect(ends.filter((operation) => operation === 'release')).toHaveLength(2);
        expect(ends.filter((operation) => operation === 'settle')).toHaveLength(1);
      });

      test('an error in the middle of a stream reaches the client', async () => {
        tollgate().api.enqueue(errorEventAt({ afterEventType: 'content_block_delta' }));
        const error = await catchError(connect().messages.stream(HELLO).finalMessage());
        expect(error).toBeInstanceOf(Anthropic.APIError);
        expect((error as Error).message).toContain('Overloaded');
        const { charged } = await tollgate().expectSettled();
        expect(charged).toBe(0n);
      });
    });

    describe('refusals are given once and nothing goes upstream', () => {
      let upstreamBefore: number;
      beforeEach(() => {
        upstreamBefore = tollgate().api.counters.requests;
      });
      afterEach(() => expect(tollgate().api.counters.requests).toBe(upstreamBefore));

      test('without credit: 402, with a sentence that says what is missing', async () => {
        const poor = await createCaller({ creditUsd: '0.001', name: 'Poor Research' });
        const error = (await catchError(connect(poor.secret, { maxRetries: 5 }).messages.create(HELLO))) as ApiError;
        if ('PaymentRequiredError' in Anthropic) expect(error).toBeInstanceOf(Anthropic.PaymentRequiredError);
        expect(error).toMatchObject({ status: 402, error: { error: { type: 'billing_error' } } });
        expect(error.message).toMatch(/Account .*Poor Research.* has \$0\.001 of credit left/);
        expect(sent).toHaveLength(1);
      });

      test.each(['tg_unknown', `tg_${'A'.repeat(43)}`])('with the unknown key %s: 401', async (secret) => {
        const error = await catchError(connect(secret, { maxRetries: 5 }).messages.create(HELLO));
        expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
        expect(sent).toHaveLength(1);
      });

      test('with a key that was revoked while it was in use: 401', async () => {
        await connect().models.list();
        upstreamBefore += 1;
        await tollgate().admin.call('POST', `/accounts/${caller.accountId}/keys/${caller.keyId}/revoke`, {});
        const error = await catchError(connect(caller.secret, { maxRetries: 5 }).messages.create(HELLO));
        expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
        expect((error as Error).message).toContain('revoked');
        expect(sent).toHaveLength(2);
      });

      test('for a model without a price, or one the key may not use: 400', async () => {
        const narrow = await createCaller({ key: { allowed_models: ['claude-haiku-4-5'] } });
        const unpriced = await catchError(connect().messages.create({ ...HELLO, model: 'claude-next-9' }));
        const forbidden = await catchError(connect(narrow.secret).messages.create(HELLO));
        expect(unpriced).toMatchObject({ status: 400, message: expect.stringContaining('claude-next-9') });
        expect(forbidden).toMatchObject({ status: 400, message: expect.stringContaining('not allowed to use model') });
      });
    });

    describe('a client that leaves in the middle', () => {
      test('is charged for the whole answer, which is read to its end', async () => {
        tollgate().api.enqueue(delivered({ holdBefore: [4] }));
        const stream = await connect().messages.create({ ...HELLO, stream: true });
        const call = await takeCall();
        for await (const event of stream) if (event.type === 'content_block_delta') break;
        stream.controller.abort();
        call.releaseAll();
        expect(await call.ended).toBe('finished');
        const { charged } = await tollgate().expectSettled();
        expect(charged).toBe((await call.billed)!.amountNanoUsd);
        const settle = (await tollgate().admin.readJournal(caller.accountId)).at(-1);
        expect(settle).toMatchObject({ operation: 'settle', details: { basis: 'reported' } });
      });

      test('is charged an estimate where its account says to cancel', async () => {
        const hasty = await createCaller({ account: { on_disconnect: 'cancel' } });
        tollgate().api.enqueue(delivered({ holdBefore: [4] }));
        const stream = await connect(hasty.secret).messages.create({ ...HELLO, stream: true });
        const call = await takeCall();
        for await (const event of stream) if (event.type === 'content_block_delta') break;
        stream.controller.abort();
        expect(await call.ended).toBe('client_gone');
        const { charged, billed } = await tollgate().expectSettled({ exact: false });
        expect(billed).toBeGreaterThan(0n);
        expect(charged).toBeGreaterThanOrEqual(billed);
        const settle = (await tollgate().admin.readJournal(hasty.accountId)).at(-1);
        expect(settle).toMatchObject({ operation: 'settle', details: { basis: 'estimated', client_gone: true } });
      });
    });
  });
});

/** The error of a call that must fail. */
async function catchError(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('no error came');
    },
    (error: unknown) => error,
  );
}
