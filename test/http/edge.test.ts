import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { exchangeRaw, messagesHead, openRaw } from '../support/raw-http.ts';
import { delivered } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const BODY = JSON.stringify(SMALL_REQUEST);
const MIB = 1_024 * 1_024;

describe('requests that two servers could read differently', () => {
  it.each<[string, string[]]>([
    ['both lengths', [`content-length: ${BODY.length}`, 'transfer-encoding: chunked']],
    ['two lengths', ['content-length: 5', 'content-length: 6']],
    ['a length with a sign', ['content-length: +5']],
    ['a length in hex', ['content-length: 0x10']],
    ['an unknown transfer coding', ['transfer-encoding: xchunked']],
    ['chunked not last', ['transfer-encoding: chunked, identity']],
    ['a space before the colon', ['content-length : 5']],
    ['a folded line', ['x-a: 1', ' folded: 2', 'content-length: 0']],
    ['a NUL in a value', ['x-a: \0']],
    ['a bare carriage return', ['x-a: 1\rx-b: 2']],
  ])('%s: refused in the envelope, and the connection ends', async (_, headers) => {
    await using proxy = await startProxy();
    const smuggled = `GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: ${proxy.secret}\r\n\r\n`;
    const answer = await exchangeRaw(proxy.port, messagesHead(proxy.secret, headers) + BODY + smuggled);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"type":"invalid_request_error"');
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(proxy.api.counters.requests).toBe(0);
    expect(await proxy.expectSound()).toBe(0n);
  });

  it('a request without a host is refused', async () => {
    await using proxy = await startProxy();
    expect(await exchangeRaw(proxy.port, 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  it('headers beyond the limit are a 431 in the envelope', async () => {
    await using proxy = await startProxy();
    const answer = await exchangeRaw(proxy.port, messagesHead(proxy.secret, [`x-a: ${'y'.repeat(64 * 1_024)}`]));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"request_id":"req_');
  });

  it('what is no HTTP, behind a request whose answer has begun, gets no answer in the middle of it', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(delivered({ holdBefore: [3] }));
    const text = JSON.stringify(STREAM_REQUEST);
    const head = messagesHead(proxy.secret, [`content-length: ${text.length}`]).replace('connection: close\r\n', '');
    using connection = await openRaw(proxy.port);
    connection.write(head + text);
    const call = await proxy.api.nextRequest();
    await connection.receives(/message_start/);
    connection.write('\0\r\n\r\n');
    const answer = await connection.closed();
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    call.releaseAll();
    await proxy.quiet();
    await proxy.expectBilled();
  });

  it.each([
    ['a request', messagesHead('tg_nobody') + BODY],
    ['what is no HTTP', '\0\r\n\r\n'],
  ])('%s behind one that closes the connection is ignored, and that one answered', async (_, behind) => {
    await using proxy = await startProxy();
    const one = messagesHead(proxy.secret, [`content-length: ${BODY.length}`]) + BODY;
    for (const target of [one, 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n']) {
      const answer = await exchangeRaw(proxy.port, target + behind);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    }
    // Not in the same write either, and the call goes on as long as its client is there.
    await proxy.api.nextRequest();
    proxy.api.enqueue(delivered({ holdBefore: [0] }));
    using connection = await openRaw(proxy.port);
    connection.write(one);
    const call = await proxy.api.nextRequest();
    connection.write(behind);
    const check = await fetch(`${proxy.baseUrl}/livez`);
    expect(check.status).toBe(200);
    call.releaseAll();
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 200 /);
    await proxy.expectBilled();
  });

  it('a request that offers another protocol is served and ends its connection, with what follows unserved', async () => {
    await using proxy = await startProxy();
    const offer = ['connection: upgrade, http2-settings', 'upgrade: h2c', `content-length: ${BODY.length}`];
    const one = messagesHead(proxy.secret, offer).replace('connection: close\r\n', '') + BODY;
    const behind = messagesHead(proxy.secret, [`content-length: ${BODY.length}`]) + BODY;
    const livez = one
      .replace(BODY, '')
      .replace(/content-length: \d+\r\n/, '')
      .replace('POST /v1/messages', 'GET /livez');
    for (const [text, status] of [
      [livez, 200],
      [livez.replace('/livez', '/nowhere'), 404],
      [livez.replace('/livez', '/v1/%zz'), 404],
      [one, 200],
    ] as const) {
      const answer = await exchangeRaw(proxy.port, text + behind);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
      expect(answer).toMatch(/^connection: close\r$/im);
    }
    await proxy.api.nextRequest();
    // What comes in pieces of its own, while the answer is waited for, may be the rest of what was thrown away.
    proxy.api.enqueue(delivered({ holdBefore: [0] }));
    using connection = await openRaw(proxy.port);
    connection.write(one);
    const call = await proxy.api.nextRequest();
    let begun = 0;
    const count = () => {
      begun += 1;
    };
    subscribe('http.server.request.start', count);
    for (let index = 0; index < 20; index += 1) {
      await new Promise((resolve) => connection.socket.write(behind.replace('connection: close\r\n', ''), resolve));
      await fetch(`${proxy.baseUrl}/livez`);
    }
    unsubscribe('http.server.request.start', count);
    // Twenty of them are the looks between; of those behind the first is seen, and the rest not even read.
    expect(begun).toBeLessThan(20 + 5);
    call.releaseAll();
    expect((await connection.closed()).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(proxy.api.counters.requests).toBe(2);
    await proxy.expectBilled();
  });

  it('behind a request that is refused for its ambiguity nothing is served', async () => {
    await using proxy = await startProxy();
    const behind = messagesHead(proxy.secret, [`content-length: ${BODY.length}`]) + BODY;
    const answer = await exchangeRaw(proxy.port, `GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n${behind}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    await proxy.quiet();
    expect(proxy.api.counters.requests).toBe(0);
    expect(await proxy.expectSound()).toBe(0n);
  });

  it('pipelined requests are answered each to its own', async () => {
    await using proxy = await startProxy();
    const one = messagesHead(proxy.secret, [`content-length: ${BODY.length}`]).replace('connection: close\r\n', '');
    const two = messagesHead(proxy.secret, [`content-length: ${BODY.length}`]);
    const answer = await exchangeRaw(proxy.port, one + BODY + two + BODY);
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    await proxy.expectBilled();
  });
});

describe('slow and large requests', () => {
  it('a head that does not come is a 408 in time', async () => {
    await using proxy = await startProxy({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    using connection = await openRaw(proxy.port);
    connection.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\n');
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"type":"timeout_error"/);
  });

  it('bodies that do not come hold no upstream connection, and end in time', async () => {
    await using proxy = await startProxy({
      limits: { requestTimeoutMs: 1_500, headersTimeoutMs: 1_000, upstreamConnections: 2, upstreamQueueMs: 100 },
    });
    const slow = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const connection = await openRaw(proxy.port);
        const target = index % 2 === 0 ? '/v1/messages' : '/v1/messages/count_tokens';
        connection.write(`${messagesHead(proxy.secret, [`content-length: ${BODY.length}`], target)}{`);
        return connection;
      }),
    );
    for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
      expect((await proxy.send(SMALL_REQUEST, { path })).status).toBe(200);
    }
    expect(proxy.openCalls.size).toBe(0);
    for (const connection of slow) expect(await connection.closed()).toMatch(/^(HTTP\/1\.1 408 .*|)/);
    expect(proxy.api.counters.requests).toBe(2);
    await proxy.expectBilled();
  });

  it.each([
    ['by its length', true],
    ['by what comes', false],
  ])('a body over the limit is a 413 that the client can read: %s', async (_, announced) => {
    await using proxy = await startProxy({ limits: { messagesBodyBytes: 2 * MIB } });
    const body = Buffer.alloc(3 * MIB, 0x20);
    for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
      const response = announced
        ? await proxy.send(body, { path })
        : await proxy.send(undefined, { path, body: new Blob([body]).stream(), duplex: 'half' } as never);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'request_too_large' } });
    }
    expect(proxy.api.counters.requests).toBe(0);
    expect(await proxy.expectSound()).toBe(0n);
  });

  it('a body without end is broken off', async () => {
    await using proxy = await startProxy({ limits: { messagesBodyBytes: 64 * 1_024 } });
    using connection = await openRaw(proxy.port);
    connection.write(messagesHead(proxy.secret, ['transfer-encoding: chunked']));
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    const pump = setInterval(() => connection.write(chunk), 1);
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 413 |^$/);
    clearInterval(pump);
  });

  it('takes a body of 32 MiB less a byte', async () => {
    await using proxy = await startProxy();
    const empty = JSON.stringify({ ...SMALL_REQUEST, metadata: { user_id: '' } });
    const filler = 'x'.repeat(32 * MIB - 1 - empty.length);
    const body = JSON.stringify({ ...SMALL_REQUEST, metadata: { user_id: filler } });
    expect(body.length).toBe(32 * MIB - 1);
    const response = await proxy.send(body);
    // The simulated API says what it thinks of such a user; that it was asked is what counts here.
    expect(response.status).toBeLessThan(500);
    expect(proxy.api.counters.requests).toBe(1);
    expect(proxy.api.requests[0]?.body.length).toBe(body.length);
    await response.arrayBuffer();
    await proxy.expectBilled();
  });

  it('Expect: 100-continue is answered before the body is sent', async () => {
    await using proxy = await startProxy();
    using connection = await openRaw(proxy.port);
    connection.write(messagesHead(proxy.secret, ['expect: 100-continue', `content-length: ${BODY.length}`]));
    await connection.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    expect(proxy.api.counters.requests).toBe(0);
    connection.write(BODY);
    expect(await connection.closed()).toMatch(/HTTP\/1\.1 200 /);
    await proxy.expectBilled();
  });
});

describe('bodies that are refused before anything is held', () => {
  const bomb = gzipSync(Buffer.alloc(80 * MIB, 0x20));
  it.each<[string, Buffer | string, Record<string, string>, number, string]>([
    ['empty', '', {}, 400, 'invalid_request_error'],
    ['no JSON', 'hello', {}, 400, 'invalid_request_error'],
    ['a JSON bomb', '['.repeat(10 * MIB), {}, 400, 'invalid_request_error'],
    [
      'the model twice',
      '{"model":"claude-haiku-4-5","model":"claude-opus-5","max_tokens":1,"messages":[]}',
      {},
      400,
      'invalid_request_error',
    ],
    ['gzip that is none', 'hello', { 'content-encoding': 'gzip' }, 400, 'invalid_request_error'],
    ['gzip cut short', gzipSync(BODY).subarray(0, 40), { 'content-encoding': 'gzip' }, 400, 'invalid_request_error'],
    ['gzip twice', gzipSync(gzipSync(BODY)), { 'content-encoding': 'gzip, gzip' }, 400, 'invalid_request_error'],
    ['brotli', BODY, { 'content-encoding': 'br' }, 400, 'invalid_request_error'],
    ['a gzip bomb', bomb, { 'content-encoding': 'gzip' }, 413, 'request_too_large'],
    ['an unknown model', '{"model":"gpt-5","max_tokens":1,"messages":[]}', {}, 400, 'invalid_request_error'],
    ['a model named __proto__', '{"model":"__proto__","max_tokens":1,"messages":[]}', {}, 400, 'invalid_request_error'],
  ])('%s', async (_, body, headers, status, type) => {
    await using proxy = await startProxy({ limits: { inflatedBodyBytes: 40 * MIB } });
    const started = performance.now();
    const response = await proxy.send(body, { headers });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type },
      request_id: response.headers.get('request-id'),
    });
    expect(proxy.api.counters.requests).toBe(0);
    const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 10 });
    expect(journal.map(({ operation }) => operation)).toEqual(['open', 'grant']);
  });

  it('a content type that is none is refused in the envelope', async () => {
    await using proxy = await startProxy();
    const response = await proxy.send(BODY, { headers: { 'content-type': 'x y' } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('a query that the agent cannot write never leaves, and costs nothing', async () => {
    await using proxy = await startProxy();
    const target = '/v1/messages?x=\u00e9';
    const answer = await exchangeRaw(
      proxy.port,
      Buffer.from(messagesHead(proxy.secret, [`content-length: ${BODY.length}`], target) + BODY, 'latin1'),
    );
    // Whichever side refuses it or takes it, the books are right.
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /);
    await proxy.expectBilled();
  });
});

describe('connections', () => {
  it('no more than the limit at once', async () => {
    await using proxy = await startProxy({ limits: { maxConnections: 3 } });
    const open = await Promise.all(Array.from({ length: 3 }, () => openRaw(proxy.port)));
    for (const connection of open) connection.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
    for (const connection of open) await connection.receives(/200 OK/);
    using fourth = await openRaw(proxy.port);
    expect(await fourth.closed()).toBe('');
    for (const connection of open) connection[Symbol.dispose]();
    await until(async () => (await fetch(`${proxy.baseUrl}/livez`)).ok);
  });

  it('a half-open peer ends its call', async () => {
    await using proxy = await startProxy({ account: { onDisconnect: 'cancel' } });
    proxy.api.enqueue({ kind: 'answer', delivery: { holdBefore: [3] } });
    using connection = await openRaw(proxy.port);
    const text = JSON.stringify(STREAM_REQUEST);
    connection.write(messagesHead(proxy.secret, [`content-length: ${text.length}`]) + text);
    const call = await proxy.api.nextRequest();
    await connection.receives(/message_start/);
    connection.socket.end();
    expect(await call.ended).toBe('client_gone');
    await proxy.expectSound();
  });
});
