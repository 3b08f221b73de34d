import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { UsageReader } from '../../src/anthropic/usage-reader.ts';
import { formatUsd } from '../../src/domain/money.ts';
import { type ProxyUnderTest, SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { messagesHead, openRaw } from '../support/raw-http.ts';
import {
  delivered,
  largeAnswer,
  replay,
  usageMissing,
  usageNegative,
  withoutMessageStop,
} from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

/** Numbers that a parser would write differently, repeated fields unknown to us, odd spacing, characters of all widths. */
const ODD_BODY = `{ "model":"claude-haiku-4-5" ,"max_tokens":2e2,"temperature":1.0,"metadata":{"n":12345678901234567890,"u":"\\u00e9é😀\\/"},
  "messages":[{"role":"user","content":"x"}],"tomorrow":[1.0,-0,1E400],"safeguards":null }   \n`;

async function readAll(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

describe('the request', () => {
  it.each<[string, Buffer, Record<string, string>]>([
    ['odd JSON', Buffer.from(ODD_BODY), {}],
    ['gzip', gzipSync(ODD_BODY), { 'content-encoding': 'gzip' }],
    [
      'gzip of two members',
      Buffer.concat([gzipSync(ODD_BODY.slice(0, 40)), gzipSync(ODD_BODY.slice(40))]),
      { 'content-encoding': 'gzip' },
    ],
    ['another content type', Buffer.from(ODD_BODY), { 'content-type': 'text/plain; charset=latin1' }],
    ['a parameter on its type', Buffer.from(ODD_BODY), { 'content-type': 'application/json; charset=utf-8' }],
  ])('reaches the upstream byte for byte: %s', async (_, body, headers) => {
    await using proxy = await startProxy();
    const response = await proxy.send(body, { headers });
    expect(response.status).toBe(200);
    expect(proxy.api.requests[0]?.body.equals(body)).toBe(true);
    await response.arrayBuffer();
    await proxy.expectBilled();
  });

  it('carries the operator key and none of the client, and asks for identity', async () => {
    await using proxy = await startProxy();
    const response = await proxy.send(SMALL_REQUEST, {
      headers: { authorization: `Bearer ${proxy.secret}`, cookie: 'a=b', 'x-tomorrow': '1', 'anthropic-beta': 'x,y' },
    });
    await response.arrayBuffer();
    const [request] = proxy.api.requests;
    expect(JSON.stringify(request?.rawHeaders)).not.toContain(proxy.secret);
    expect(request?.headers).toMatchObject({
      'x-api-key': expect.stringContaining('sk-ant-'),
      'accept-encoding': 'identity',
      'anthropic-version': '2023-06-01',
      'x-tomorrow': '1',
      host: new URL(proxy.api.baseUrl).host,
    });
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(request?.headers).not.toHaveProperty('cookie');
  });

  it.each([
    'Expect: 100-continue',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Upgrade: h2c',
  ])('is forwarded with %s, which the agent refuses to send', async (header) => {
    await using proxy = await startProxy();
    using connection = await openRaw(proxy.port);
    const body = JSON.stringify(SMALL_REQUEST);
    connection.write(messagesHead(proxy.secret, [header, `content-length: ${body.length}`]) + body);
    expect(await connection.receives(/HTTP\/1\.1 200 /)).not.toContain(' 500 ');
    await connection.closed();
    await proxy.expectBilled();
  });

  it('is forwarded once, however often the upstream says 503', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue({ kind: 'error', error: 'service_unavailable' });
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(503);
    expect(proxy.api.counters.requests).toBe(1);
    await proxy.expectBilled();
  });

  it('may come in chunks and slowly', async () => {
    await using proxy = await startProxy();
    using connection = await openRaw(proxy.port);
    connection.write(messagesHead(proxy.secret, ['transfer-encoding: chunked']));
    for (const character of JSON.stringify(SMALL_REQUEST)) connection.write(`1\r\n${character}\r\n`);
    connection.write('0\r\n\r\n');
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 200 /);
    expect(proxy.api.requests[0]?.body.toString()).toBe(JSON.stringify(SMALL_REQUEST));
    await proxy.expectBilled();
  });
});

describe('the answer', () => {
  const streams = ['whole', 'events', { kind: 'bytes', size: 1 }, { kind: 'random', seed: 7, maximum: 90 }] as const;
  it.each(streams)('passes byte for byte and is charged exactly, a stream in chunks: %o', async (chunking) => {
    await using proxy = await startProxy();
    const direct = await fetchDirectly(proxy, STREAM_REQUEST);
    proxy.api.enqueue(replay(direct, chunking));
    const response = await proxy.send(STREAM_REQUEST);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect((await readAll(response)).equals(direct)).toBe(true);
    await proxy.api.idle();
    const bill = proxy.api.bill().entries;
    expect(bill).toHaveLength(2);
    expect(await proxy.expectSound()).toBe(bill[1]?.amountNanoUsd);
  });

  it('tells balance and cost of a JSON answer', async () => {
    await using proxy = await startProxy({ creditUsd: 1 });
    const response = await proxy.send(SMALL_REQUEST);
    const message = (await response.json()) as { type: string };
    expect(message.type).toBe('message');
    const charged = await proxy.expectSound();
    expect(response.headers.get('tollgate-cost-usd')).toBe(formatUsd(charged));
    const held = 1_000_000_000n - BigInt(Math.round(Number(response.headers.get('tollgate-balance-usd')) * 1e9));
    expect(held).toBeGreaterThanOrEqual(charged);
    await proxy.expectBilled();
  });

  it('streams a JSON answer too large to be read first, and charges it', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(largeAnswer(3_000_000));
    const response = await proxy.send(SMALL_REQUEST);
    expect(response.headers.get('tollgate-cost-usd')).toBeNull();
    expect(response.headers.get('tollgate-balance-usd')).not.toBeNull();
    expect((await readAll(response)).byteLength).toBeGreaterThan(3_000_000);
    await proxy.expectBilled();
  });

  it('does not show the operator its organisation, limits or servers', async () => {
    await using proxy = await startProxy();
    const response = await proxy.send(STREAM_REQUEST);
    await response.arrayBuffer();
    const names = [...response.headers.keys()];
    expect(names.filter((name) => /organization|workspace|ratelimit|^cf-|cookie|^via$|server/.test(name))).toEqual([]);
    expect(names).toContain('request-id');
    expect(names).toContain('tollgate-balance-usd');
  });

  it('keeps the upstream request id, or has one of ours', async () => {
    await using proxy = await startProxy();
    expect((await proxy.send(SMALL_REQUEST)).headers.get('request-id')).toMatch(/^req_011/);
    proxy.api.enqueue(delivered({ headers: { 'request-id': null } }));
    expect((await proxy.send(SMALL_REQUEST)).headers.get('request-id')).toMatch(/^req_0/);
    await proxy.expectBilled();
  });

  it('is no failure for having retry-after on a 200', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(delivered({ headers: { 'retry-after': '3' } }));
    const response = await proxy.send(SMALL_REQUEST);
    expect([response.status, response.headers.get('retry-after')]).toEqual([200, '3']);
    await proxy.expectBilled();
  });

  it.each([SMALL_REQUEST, STREAM_REQUEST])('is charged although it came compressed unasked: %o', async (body) => {
    await using proxy = await startProxy();
    proxy.api.enqueue(delivered({ encoding: 'gzip' }));
    using connection = await openRaw(proxy.port);
    const text = JSON.stringify(body);
    connection.write(messagesHead(proxy.secret, [`content-length: ${text.length}`]) + text);
    expect(await connection.closed()).toMatch(/content-encoding: gzip/);
    await proxy.expectBilled();
  });

  it('passes compressed bytes on as they came', async () => {
    await using proxy = await startProxy();
    const message = await fetchDirectly(proxy, SMALL_REQUEST);
    proxy.api.enqueue({ kind: 'replay', body: message, delivery: { encoding: 'gzip' } });
    using connection = await openRaw(proxy.port);
    const text = JSON.stringify(SMALL_REQUEST);
    connection.write(messagesHead(proxy.secret, [`content-length: ${text.length}`]) + text);
    const answer = await connection.closed();
    const body = Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1');
    expect(gunzipSync(body).equals(message)).toBe(true);
  });

  it('interim answers of the upstream do not end the wait', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(delivered({ informational: ['processing', 'early_hints'] }));
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    await proxy.expectBilled();
  });
});

describe('a stream', () => {
  it('passes each event at once, pings too: none waits for the next', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue({ kind: 'answer', answer: { deltas: 3 }, delivery: { holdBefore: 'every_event' } });
    const sent = proxy.send(STREAM_REQUEST);
    const call = await proxy.api.nextRequest();
    expect(await call.held()).toBe(0);
    call.release();
    const reader = (await sent).body?.getReader();
    let text = '';
    const names: string[] = [];
    // The next event is let go only when the one before has been seen here.
    for (let index = 1; ; index += 1) {
      while (text.split('\n\n').length <= index) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) break;
        text += Buffer.from(value as Uint8Array).toString();
      }
      names.push(/event: (\w+)/.exec(text.split('\n\n')[index - 1] ?? '')?.[1] ?? '');
      if (names.at(-1) === 'message_stop') break;
      await call.held();
      call.release();
    }
    expect(names).toContain('ping');
    expect(names.at(0)).toBe('message_start');
    await reader?.cancel().catch(() => undefined);
    await proxy.expectBilled();
  });

  it('sends the headers before the first event', async () => {
    await using proxy = await startProxy();
    let go = (): void => undefined;
    proxy.api.enqueue(delivered({ beforeFirstByte: new Promise<void>((resolve) => (go = resolve)) }));
    const response = await proxy.send(STREAM_REQUEST);
    expect(response.status).toBe(200);
    go();
    await response.arrayBuffer();
    await proxy.expectBilled();
  });

  it('is read no faster than the client takes it', async () => {
    await using proxy = await startProxy();
    const bytes = 32 * 1_024 * 1_024;
    proxy.api.enqueue(largeAnswer(bytes, 1_000));
    using connection = await openRaw(proxy.port);
    const body = JSON.stringify({ ...STREAM_REQUEST, max_tokens: 60_000 });
    connection.write(messagesHead(proxy.secret, [`content-length: ${body.length}`]) + body);
    const call = await proxy.api.nextRequest();
    await connection.receives(/^HTTP\/1\.1 200 /);
    connection.socket.pause();
    // The upstream stops sending once every buffer on the way is full: the same count at many looks in a row.
    const looks: number[] = [];
    await until(
      () => {
        looks.push(call.eventsSent);
        return looks.length >= 10 && looks.slice(-10).every((count) => count === call.eventsSent);
      },
      { intervalMs: 100, timeoutMs: 20_000 },
    );
    expect(call.eventsSent).toBeGreaterThan(0);
    expect(call.eventsSent).toBeLessThan(750);
    connection.socket.resume();
    await connection.closed();
    await proxy.expectBilled();
  });

  it('is charged although its reader has a bug, and passes untouched', async () => {
    const buggy = (): UsageReader => ({
      push: () => {
        throw new TypeError('a bug');
      },
      end: () => undefined,
      snapshot: () => {
        throw new TypeError('a bug');
      },
    });
    await using proxy = await startProxy({ createUsageReader: buggy });
    const direct = await fetchDirectly(proxy, STREAM_REQUEST);
    proxy.api.enqueue(replay(direct));
    expect((await readAll(await proxy.send(STREAM_REQUEST))).equals(direct)).toBe(true);
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
    expect(proxy.log).toContainEqual(expect.objectContaining({ event: 'call', basis: 'estimated' }));
  });

  it.each([
    ['missing', usageMissing],
    ['negative', usageNegative],
  ])('is charged an estimate where its usage is %s', async (_, scenario) => {
    for (const body of [SMALL_REQUEST, STREAM_REQUEST]) {
      await using proxy = await startProxy();
      proxy.api.enqueue(scenario);
      await (await proxy.send(body)).arrayBuffer();
      const charged = await proxy.expectSound();
      expect(charged).toBeGreaterThan(0n);
      const [call] = proxy.log.filter((line) => line.event === 'call');
      expect(call).toMatchObject({ basis: 'estimated' });
    }
  });

  it('that ends without message_stop is taken for cut', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(withoutMessageStop);
    await (await proxy.send(STREAM_REQUEST)).arrayBuffer();
    await proxy.expectBilled();
    expect(proxy.log).toContainEqual(
      expect.objectContaining({ event: 'call', outcome: 'interrupted', reason: 'upstream_cut' }),
    );
  });

  it('more of them than any default of the agent run at once', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 200 } });
    const many = 160;
    for (let index = 0; index < many; index += 1) proxy.api.enqueue(delivered({ holdBefore: [2] }));
    const responses = await Promise.all(Array.from({ length: many }, () => proxy.send(STREAM_REQUEST)));
    expect(proxy.api.counters.open).toBe(many);
    expect(proxy.openCalls.size).toBe(many);
    for (let index = 0; index < many; index += 1) (await proxy.api.nextRequest()).releaseAll();
    await Promise.all(responses.map((response) => response.arrayBuffer()));
    await proxy.expectBilled();
  });
});

describe('the log', () => {
  it('has one line per call, without key, prompt or answer', async () => {
    await using proxy = await startProxy();
    const prompt = 'a very private prompt';
    const response = await proxy.send(
      { ...STREAM_REQUEST, messages: [{ role: 'user', content: prompt }] },
      { headers: { 'x-claude-code-session-id': 's'.repeat(500) } },
    );
    await response.arrayBuffer();
    await proxy.quiet();
    expect(proxy.log.filter((line) => line.event === 'call')).toHaveLength(1);
    const text = JSON.stringify(proxy.log);
    expect(text).not.toContain(prompt);
    expect(text).not.toContain(proxy.secret);
    expect(text).not.toContain('sk-ant-');
    expect(proxy.log[0]).toMatchObject({ outcome: 'completed', basis: 'reported', status: 200 });
  });
});

/** The bytes the upstream gives when nobody stands between. They are billed too. */
async function fetchDirectly(proxy: ProxyUnderTest, body: unknown): Promise<Buffer> {
  const response = await fetch(`${proxy.api.baseUrl}/v1/messages`, {
    method: 'POST',
    headers: {
      'x-api-key': 'sk-ant-api03-simulated-upstream-key',
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'accept-encoding': 'identity',
    },
    body: JSON.stringify(body),
  });
  await proxy.api.nextRequest();
  return readAll(response);
}
