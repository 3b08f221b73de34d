// How answers travel and break. Raw node:http on the client's side, so that every byte and every loss can be seen.
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario, SimulatedApiOptions } from '../../src/simulator/simulator-types.ts';
import {
  cutAt,
  delivered,
  errorEventAt,
  type ListeningApi,
  largeAnswer,
  legacyDelta,
  replay,
  silentAt,
  startSimulatedApi,
  UPSTREAM_KEY,
  usageAbsurd,
  usageMissing,
  usageNegative,
  withForeignEvents,
  withLongLine,
  withoutMessageDelta,
  withoutMessageStop,
} from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

let api: ListeningApi;
let agent: Agent;
beforeEach(async () => {
  agent = new Agent({ keepAlive: true });
  api = await startSimulatedApi();
});
afterEach(async () => {
  agent.destroy();
  await api.close();
});

const body = { model: 'claude-opus-5', max_tokens: 400, stream: true, messages: [{ role: 'user', content: 'Hello' }] };

/** An answer as far as it came. `broken`: the connection was lost before its end. */
interface Received {
  response: IncomingMessage;
  bytes: Buffer;
  broken: boolean;
}

function open(changes: object = {}, headers: Record<string, string> = {}, target = api): ClientRequest {
  const request = openRequest(`${target.baseUrl}/v1/messages`, {
    method: 'POST',
    agent,
    headers: { 'x-api-key': UPSTREAM_KEY, 'anthropic-version': '2023-06-01', ...headers },
  });
  request.end(JSON.stringify({ ...body, ...changes }));
  return request;
}

async function receive(request: ClientRequest): Promise<Received> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<boolean>();
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => ended.resolve(false));
  response.on('error', () => ended.resolve(true));
  const broken = await ended.promise;
  return { response, bytes: Buffer.concat(chunks), broken };
}

async function ask(
  scenario: Scenario | undefined,
  changes: object = {},
  headers: Record<string, string> = {},
): Promise<Received> {
  if (scenario !== undefined) api.enqueue(scenario);
  const received = await receive(open(changes, headers));
  await api.idle();
  return received;
}

const eventNames = (bytes: Buffer): string[] =>
  [...bytes.toString().matchAll(/^event: (.*)$/gm)].map((match) => match[1] ?? '');
const text = (bytes: Buffer): string => bytes.toString();
const billed = () => api.bill().entries.at(-1);
const finish = { inputTokens: 1_000, outputTokens: 200 };
/** 1,000 prompt tokens at 5 and 200 generated at 25 dollars a million. */
const FULL = 10_000_000n;

describe('cuts', () => {
  it('before the headers: no answer at all, nothing billed', async () => {
    api.enqueue(cutAt('before_headers'));
    await expect(receive(open())).rejects.toMatchObject({ code: 'ECONNRESET' });
    await api.idle();
    expect(billed()).toMatchObject({ billed: false, reason: 'failed', status: 200 });
    expect(api.counters).toMatchObject({ cut: 1, finished: 0, open: 0 });
  });

  it('after the headers: a status and no byte, nothing billed', async () => {
    const { response, bytes, broken } = await ask(cutAt('after_headers'));
    expect([response.statusCode, bytes.length, broken]).toEqual([200, 0, true]);
    expect(billed()).toMatchObject({ billed: false, reason: 'failed' });
  });

  it('after some events: exactly those came, and the prompt and what was generated is billed', async () => {
    const scenario: Scenario = {
      kind: 'answer',
      answer: { ...finish, deltas: 10 },
      delivery: { ending: { kind: 'cut', at: { afterEvents: 8 } } },
    };
    const { bytes, broken } = await ask(scenario);
    // message_start, content_block_start, ping and five of ten deltas.
    expect(eventNames(bytes)).toHaveLength(8);
    expect(broken).toBe(true);
    expect(billed()).toMatchObject({ billed: true, reason: 'cut', amountNanoUsd: 1_000n * 5_000n + 100n * 25_000n });
  });

  it('between message_delta and message_stop: the final usage is known and billed', async () => {
    const scenario: Scenario = {
      kind: 'answer',
      answer: finish,
      delivery: { ending: { kind: 'cut', at: { afterEventType: 'message_delta' } } },
    };
    const { bytes, broken } = await ask(scenario);
    expect(eventNames(bytes).at(-1)).toBe('message_delta');
    expect(broken).toBe(true);
    expect(billed()).toMatchObject({ billed: true, reason: 'cut', amountNanoUsd: FULL });
  });

  it('within an event and within a chunk', async () => {
    const { bytes, broken } = await ask(cutAt({ afterBytes: 700 }, true));
    expect(broken).toBe(true);
    expect(bytes.length).toBeGreaterThan(700);
    expect(text(bytes)).toMatch(/\{"type":"content_bl$/);
  });

  it('of a JSON body', async () => {
    const { bytes, broken, response } = await ask(cutAt({ afterBytes: 40 }), { stream: false });
    expect([bytes.length, broken]).toEqual([40, true]);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(40);
  });
});

describe('an error event', () => {
  it('ends the stream in good order, without message_stop, and costs nothing', async () => {
    const { bytes, broken } = await ask(errorEventAt({ afterEvents: 5 }));
    expect(broken).toBe(false);
    expect(eventNames(bytes)).toHaveLength(6);
    expect(text(bytes)).toMatch(
      /event: error\ndata: \{"type":"error","error":\{"details":null,"type":"overloaded_error","message":"Overloaded"\},"request_id":"req_/,
    );
    expect(billed()).toMatchObject({ billed: false, reason: 'failed' });
    expect(api.counters).toMatchObject({ finished: 1, cut: 0, clientGone: 0 });
  });

  it('is a status where nothing streams', async () => {
    const { response } = await ask(errorEventAt({ afterEvents: 5 }), { stream: false });
    expect(response.statusCode).toBe(529);
  });
});

describe('stepping', () => {
  it('holds before every event until it is let go', async () => {
    api.enqueue({ kind: 'answer', answer: { ...finish, deltas: 2 }, delivery: { holdBefore: 'every_event' } });
    const request = open();
    const call = await api.nextRequest('/v1/messages');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const seen: string[] = [];
    response.on('data', (chunk: Buffer) => seen.push(...eventNames(chunk)));
    const received = once(response, 'end');
    for (let index = 0; index < 8; index += 1) {
      expect(await call.held()).toBe(index);
      expect(call.eventsSent).toBe(index);
      expect(api.bill().entries).toHaveLength(0);
      call.release();
    }
    expect(await call.ended).toBe('finished');
    expect(await call.billed).toMatchObject({ requestId: call.requestId, amountNanoUsd: FULL });
    expect(response.headers['request-id']).toBe(call.requestId);
    await received;
    expect(seen).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('tells who waits for a hold that the call has ended', async () => {
    const request = open();
    const call = await api.nextRequest();
    const waiting = call.held();
    await Promise.all([receive(request), expect(waiting).rejects.toThrow(/ended/)]);
    await expect(call.held()).rejects.toThrow(/is not held/);
  });

  it('keeps headers and the first byte behind their gates', async () => {
    const [headers, first] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    api.enqueue(delivered({ beforeHeaders: headers.promise, beforeFirstByte: first.promise }));
    const request = open();
    let answered = false;
    request.once('response', () => {
      answered = true;
    });
    const call = await api.nextRequest();
    expect(answered).toBe(false);
    headers.resolve();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect([response.statusCode, call.eventsSent]).toEqual([200, 0]);
    // Before the first byte is asked for: where the whole answer comes in one read, its end does too.
    const ended = once(response, 'end');
    first.resolve();
    const [chunk] = (await once(response, 'data')) as [Buffer];
    expect(text(chunk)).toMatch(/^event: message_start/);
    response.resume();
    await ended;
  });

  it('falls silent and goes on when let go', async () => {
    api.enqueue(silentAt({ afterEvents: 4 }));
    const request = open();
    const call = await api.nextRequest();
    expect(await call.held()).toBe(4);
    expect(api.counters.open).toBe(1);
    call.releaseAll();
    const { bytes, broken } = await receive(request);
    expect([eventNames(bytes).at(-1), broken]).toEqual(['message_stop', false]);
  });

  it('is silent from the start where told so, and closes all the same', async () => {
    api.enqueue(silentAt('before_headers'));
    const request = open();
    const lost = expect(once(request, 'response')).rejects.toThrow();
    expect(await (await api.nextRequest()).held()).toBe(0);
    await api.close();
    await lost;
    expect(api.counters).toMatchObject({ clientGone: 1, open: 0 });
  });
});

describe('a client that leaves', () => {
  const leave = async (options: SimulatedApiOptions, afterEvents: number): Promise<ListeningApi> => {
    const target = await startSimulatedApi(options);
    target.enqueue({ kind: 'answer', answer: { ...finish, deltas: 10 }, delivery: { holdBefore: [afterEvents] } });
    const request = open({}, {}, target);
    const call = await target.nextRequest();
    expect(await call.held()).toBe(afterEvents);
    request.on('error', () => undefined);
    request.destroy();
    expect(await call.ended).toBe('client_gone');
    await target.idle();
    return target;
  };

  it.each([
    [0, 1_000n * 5_000n],
    [1, 1_000n * 5_000n],
    [8, 1_000n * 5_000n + 100n * 25_000n],
  ])('after %i events owes %s nano-dollars: its prompt and what was generated', async (events, amountNanoUsd) => {
    await using target = await leave({}, events);
    expect(target.bill().entries).toMatchObject([{ billed: true, reason: 'client_gone', amountNanoUsd }]);
    expect(target.counters).toMatchObject({ clientGone: 1, finished: 0 });
  });

  it('owes the whole call where the API is set to bill so', async () => {
    await using target = await leave({ billOnAbort: 'full' }, 4);
    expect(target.bill()).toMatchObject({ totalNanoUsd: FULL, entries: [{ reason: 'client_gone' }] });
  });

  it('before its request is whole owes nothing', async () => {
    const request = openRequest(`${api.baseUrl}/v1/messages`, { method: 'POST', headers: { 'content-length': '500' } });
    request.on('error', () => undefined);
    request.write('{"model":');
    await once(request, 'socket');
    await until(() => api.counters.open === 1);
    request.destroy();
    await api.idle();
    expect(api.bill().entries).toEqual([]);
    expect(api.counters).toMatchObject({ requests: 1, clientGone: 1 });
  });
});

describe('encodings and lengths', () => {
  it('compresses when it is asked to, and each event can be read at once', async () => {
    api.enqueue(delivered({ holdBefore: [1] }));
    const request = open({}, { 'accept-encoding': 'gzip' });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.headers['content-encoding']).toBe('gzip');
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(response, 'end');
    const call = await api.nextRequest();
    await call.held();
    await until(() => chunks.length > 0);
    // 2: a sync flush ends what is there, though the stream goes on.
    expect(text(gunzipSync(Buffer.concat(chunks), { finishFlush: 2 }))).toMatch(/^event: message_start[\s\S]*\n\n$/);
    call.releaseAll();
    await ended;
    expect(eventNames(gunzipSync(Buffer.concat(chunks))).at(-1)).toBe('message_stop');
  });

  it.each([true, false])('compresses despite identity when told to (stream: %s)', async (stream) => {
    const { response, bytes } = await ask(
      delivered({ encoding: 'gzip' }),
      { stream },
      { 'accept-encoding': 'identity' },
    );
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(text(gunzipSync(bytes))).toContain('usage');
  });

  it('does not compress without being asked', async () => {
    expect((await ask(undefined)).response.headers).not.toHaveProperty('content-encoding');
  });

  it('announces more than it sends', async () => {
    const { broken } = await ask(delivered({ contentLength: 100_000 }), { stream: false });
    expect(broken).toBe(true);
  });

  it('announces less than it sends', async () => {
    api.enqueue(delivered({ contentLength: 20 }));
    const request = open({ stream: false });
    // What comes after the announced end is an error to node:http, once the answer itself is over.
    request.on('error', () => undefined);
    expect((await receive(request)).bytes).toHaveLength(20);
  });

  it('sends interim answers first', async () => {
    api.enqueue(delivered({ informational: ['early_hints', 'processing'] }));
    const request = open();
    const interim: number[] = [];
    request.on('information', ({ statusCode }: { statusCode: number }) => interim.push(statusCode));
    await receive(request);
    expect(interim).toEqual([103, 102]);
  });

  it('pads its JSON with blanks before the last brace, not always the same', async () => {
    const ends = new Set<string>();
    for (let count = 0; count < 8; count += 1) {
      const { bytes } = await ask(undefined, { stream: false });
      ends.add(/( *)\}$/.exec(text(bytes))?.[1] ?? 'none');
    }
    expect(ends.size).toBeGreaterThan(2);
  });
});

describe('answers that lie or are strange', () => {
  const usages = (bytes: Buffer): unknown[] =>
    [...text(bytes).matchAll(/^data: (.*)$/gm)]
      .map((match) => JSON.parse(match[1] ?? '') as { message?: { usage?: unknown }; usage?: unknown })
      .flatMap((event) => event.message?.usage ?? event.usage ?? []);

  it('without usage, in a stream and in JSON; the bill knows better', async () => {
    expect(usages((await ask(usageMissing)).bytes)).toEqual([]);
    expect(billed()).toMatchObject({ billed: true, reason: 'completed' });
    expect(text((await ask(usageMissing, { stream: false })).bytes)).not.toContain('usage');
    expect(billed()?.amountNanoUsd).toBeGreaterThan(0n);
  });

  it.each([
    ['negative', usageNegative, -5_000],
    ['absurd', usageAbsurd, 9e15],
  ])('with %s counts', async (_name, scenario, input_tokens) => {
    expect(usages((await ask(scenario)).bytes)).toMatchObject([{ input_tokens }, { input_tokens }]);
    expect(billed()?.amountNanoUsd).toBeGreaterThan(0n);
    expect(billed()?.amountNanoUsd).toBeLessThan(20_000_000n);
  });

  it('with the output alone in message_delta', async () => {
    expect(usages((await ask(legacyDelta)).bytes)[1]).toEqual({ output_tokens: expect.any(Number) });
  });

  it('without message_delta, and without message_stop', async () => {
    expect(eventNames((await ask(withoutMessageDelta)).bytes)).not.toContain('message_delta');
    const { bytes, broken } = await ask(withoutMessageStop);
    expect([eventNames(bytes).at(-1), broken]).toEqual(['message_delta', false]);
  });

  it('with foreign events, comments and pings', async () => {
    const { bytes } = await ask(withForeignEvents);
    expect(text(bytes)).toContain('\n\n: a comment\n\n');
    expect(eventNames(bytes)).toContain('tomorrows_event');
    expect(eventNames(bytes).filter((name) => name === 'ping').length).toBeGreaterThan(5);
  });

  it('with a line of two megabytes', async () => {
    expect((await ask(withLongLine(2_000_000))).bytes.length).toBeGreaterThan(2_000_000);
  });

  it('with a JSON body of five megabytes, and with ten thousand events', async () => {
    expect((await ask(largeAnswer(5_000_000), { stream: false })).bytes.length).toBeGreaterThan(5_000_000);
    expect(eventNames((await ask(largeAnswer(60_000, 10_000))).bytes).length).toBeGreaterThan(10_000);
  });

  it('replays bytes that are no answer, and bills nothing for them', async () => {
    const { bytes, response } = await ask({ ...replay('not json'), contentType: 'text/plain' });
    expect([text(bytes), response.headers['content-type']]).toEqual(['not json', 'text/plain']);
    expect(billed()).toMatchObject({ billed: false, reason: 'no_usage' });
    await ask({ ...replay('{"model":"claude-opus-5","usage":{"input_tokens":5}}'), status: 500 });
    expect(billed()).toMatchObject({ billed: false, reason: 'failed', status: 500 });
    await ask(replay('{"model":"claude-9","usage":{"input_tokens":5}}'));
    expect(billed()).toMatchObject({ billed: false, reason: 'unpriced_model', amountNanoUsd: 0n });
  });
});

describe('choosing what happens', () => {
  it('asks the queue first, then the script, and answers by itself otherwise', async () => {
    await using target = await startSimulatedApi({
      script: (request) =>
        request.headers['x-fail'] === undefined ? undefined : { kind: 'error', error: 'overloaded' },
    });
    target.enqueue({ kind: 'error', error: 'api_error' });
    const status = async (headers: Record<string, string>): Promise<number | undefined> =>
      (await receive(open({}, headers, target))).response.statusCode;
    expect(await status({ 'x-fail': '1' })).toBe(500);
    expect(await status({ 'x-fail': '1' })).toBe(529);
    expect(await status({})).toBe(200);
  });

  it('makes a script that throws known when it is closed', async () => {
    const target = await startSimulatedApi({
      script: () => {
        throw new Error('a script with a fault');
      },
    });
    await expect(receive(open({}, {}, target))).rejects.toThrow();
    await expect(target.close()).rejects.toMatchObject({ errors: [{ message: 'a script with a fault' }] });
  });

  it('changes headers and takes them away', async () => {
    const { response } = await ask(delivered({ headers: { 'x-own': 'yes', 'request-id': null } }));
    expect(response.headers).toMatchObject({ 'x-own': 'yes', 'anthropic-organization-id': expect.any(String) });
    expect(response.headers).not.toHaveProperty('request-id');
  });

  it('keeps the last requests only, with their raw headers', async () => {
    await using target = await startSimulatedApi({ recordedRequests: 2 });
    for (let count = 0; count < 3; count += 1) await receive(open({}, {}, target));
    expect(target.requests.map((request) => request.sequence)).toEqual([2, 3]);
    expect(target.requests[0]?.rawHeaders).toContain('x-api-key');
    expect(target.requests[0]).toMatchObject({ path: '/v1/messages', query: '', json: body });
  });

  it('takes its time where a speed is set', async () => {
    await using target = await startSimulatedApi({ tokensPerSecond: 2_000 });
    target.enqueue({ kind: 'answer', answer: finish });
    const begin = performance.now();
    await receive(open({}, {}, target));
    // 200 tokens take 100 ms and the first one 250 ms; a timer may fire a millisecond early.
    expect(performance.now() - begin).toBeGreaterThan(340);
  });
});
