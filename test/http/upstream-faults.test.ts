import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFreePort } from '../support/free-port.ts';
import { SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { cutAt, delivered, errorEventAt, failing, silentAt } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

interface Envelope {
  type: string;
  error: { type: string; message: string };
  request_id: string;
}

async function readEnvelope(response: Response): Promise<Envelope> {
  return (await response.json()) as Envelope;
}

describe('an upstream that cannot be used', () => {
  it('refused connections are a 502, and the hold comes back', async () => {
    await using proxy = await startProxy({ upstream: { baseUrl: `http://127.0.0.1:${await findFreePort()}` } });
    for (const body of [SMALL_REQUEST, STREAM_REQUEST]) {
      const response = await proxy.send(body);
      expect(response.status).toBe(502);
      expect(await readEnvelope(response)).toMatchObject({ type: 'error', error: { type: 'api_error' } });
    }
    expect((await proxy.send(SMALL_REQUEST, { path: '/v1/messages/count_tokens' })).status).toBe(502);
    expect(await proxy.expectSound()).toBe(0n);
  });

  it('a certificate that nobody vouches for is not accepted, on metered and free routes, and HTTP/2 not spoken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        keyFile,
        '-out',
        certFile,
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
      ],
      { stdio: 'ignore' },
    );
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
    const versions: string[] = [];
    // It would rather speak HTTP/2, where all streams share one connection.
    const server = createSecureServer({ key, cert, allowHTTP1: true }, ({ httpVersion }, response) => {
      versions.push(httpVersion);
      response.setHeader('content-type', 'application/json');
      response.end('{"data":[]}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
    try {
      await using proxy = await startProxy({ upstream: { baseUrl } });
      expect((await proxy.send(SMALL_REQUEST)).status).toBe(502);
      expect((await fetch(`${proxy.baseUrl}/v1/models`, { headers: { 'x-api-key': proxy.secret } })).status).toBe(502);
      expect(versions).toEqual([]);
      expect(await proxy.expectSound()).toBe(0n);
      await using trusting = await startProxy({ upstream: { baseUrl, certificateAuthority: cert } });
      const models = await fetch(`${trusting.baseUrl}/v1/models`, { headers: { 'x-api-key': trusting.secret } });
      expect(models.status).toBe(200);
      expect((await trusting.send(SMALL_REQUEST)).status).toBe(200);
      expect(versions).toEqual(['1.1', '1.1']);
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('no headers in time are a 504', async () => {
    await using proxy = await startProxy({ limits: { upstreamFirstByteMs: 60 } });
    proxy.api.enqueue(silentAt('before_headers'));
    const response = await proxy.send(STREAM_REQUEST);
    expect(response.status).toBe(504);
    expect(await readEnvelope(response)).toMatchObject({ error: { type: 'timeout_error' } });
    // The API may bill what it had begun; a customer who got nothing of it is not charged, and the journal says why.
    expect(await proxy.expectSound()).toBe(0n);
    const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 100 });
    expect(journal.at(-1)).toMatchObject({ operation: 'release', details: { reason: 'upstream_slow', status: 504 } });
  });

  it('a full house is a 529 within the time allowed, and a place is free again after it', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 2, upstreamQueueMs: 50 } });
    proxy.api.enqueue(delivered({ holdBefore: [1] }), delivered({ holdBefore: [1] }));
    const running = [await proxy.send(STREAM_REQUEST), await proxy.send(STREAM_REQUEST)];
    const [metered, free] = await Promise.all([
      proxy.send(SMALL_REQUEST),
      proxy.send(SMALL_REQUEST, { path: '/v1/messages/count_tokens' }),
    ]);
    for (const response of [metered, free]) {
      expect(response.status).toBe(529);
      expect(await readEnvelope(response)).toMatchObject({
        error: { type: 'overloaded_error', message: 'Overloaded' },
      });
    }
    for (const _ of running) (await proxy.api.nextRequest()).releaseAll();
    await Promise.all(running.map((response) => response.arrayBuffer()));
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    await proxy.expectBilled();
  });
});

describe('an answer that breaks off', () => {
  it.each([
    ['before the headers', 'before_headers', 502],
    ['after the headers', 'after_headers', undefined],
    ['after some events', { afterEvents: 4 }, undefined],
  ] as const)('a stream cut %s is no clean end to the client', async (_, at, status) => {
    await using proxy = await startProxy();
    proxy.api.enqueue(cutAt(at));
    const response = await proxy.send(STREAM_REQUEST);
    if (status !== undefined) expect(response.status).toBe(status);
    else await expect(response.arrayBuffer()).rejects.toThrow();
    const charged = await proxy.expectSound();
    await proxy.api.idle();
    // The estimate covers what the API bills.
    expect(charged).toBeGreaterThanOrEqual(proxy.api.bill().totalNanoUsd);
    if (charged > 0n) expect(at).not.toBe('before_headers');
  });

  it('a stream cut in the middle of a chunk is charged what was seen', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(cutAt({ afterEvents: 5 }, true));
    await expect((await proxy.send(STREAM_REQUEST)).arrayBuffer()).rejects.toThrow();
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
    expect(proxy.log).toContainEqual(
      expect.objectContaining({ event: 'call', outcome: 'interrupted', reason: 'upstream_cut' }),
    );
  });

  it('a JSON answer cut in the middle is a 502 and no half answer', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(cutAt({ afterBytes: 100 }));
    const response = await proxy.send(SMALL_REQUEST);
    expect(response.status).toBe(502);
    expect(await readEnvelope(response)).toMatchObject({ error: { type: 'api_error' } });
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
  });

  it('after message_stop it is complete, whatever the connection does', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(cutAt({ afterEventType: 'message_stop' }));
    await (await proxy.send(STREAM_REQUEST)).arrayBuffer().catch(() => undefined);
    await proxy.quiet();
    const [line] = proxy.log.filter((entry) => entry.event === 'call');
    expect(line).toMatchObject({ basis: 'reported', outcome: 'completed' });
    await proxy.expectBilled();
  });

  it('after message_delta it is charged exactly', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(cutAt({ afterEventType: 'message_delta' }));
    await (await proxy.send(STREAM_REQUEST)).arrayBuffer().catch(() => undefined);
    await proxy.expectBilled();
  });

  it('an error event passes on, and the failed request is not charged', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(errorEventAt({ afterEvents: 4 }));
    const response = await proxy.send(STREAM_REQUEST);
    expect(await response.text()).toMatch(/event: error\ndata: .*overloaded_error/);
    await proxy.expectBilled();
    expect(await proxy.charged()).toBe(0n);
  });

  it('silence within it ends the wait', async () => {
    await using proxy = await startProxy({ limits: { upstreamSilenceMs: 80 } });
    proxy.api.enqueue(silentAt({ afterEvents: 4 }));
    await expect((await proxy.send(STREAM_REQUEST)).arrayBuffer()).rejects.toThrow();
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
    expect(proxy.log).toContainEqual(expect.objectContaining({ event: 'call', reason: 'upstream_silent' }));
  });

  it('its longest life ends it', async () => {
    await using proxy = await startProxy({ limits: { callTotalMs: 80 } });
    proxy.api.enqueue(silentAt({ afterEvents: 4 }));
    await expect((await proxy.send(STREAM_REQUEST)).arrayBuffer()).rejects.toThrow();
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
  });
});

describe('an upstream that speaks bad HTTP', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
  const start =
    'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-haiku-4-5","usage":{"input_tokens":5,"output_tokens":1}}}\n\n';
  it.each<[string, string, boolean]>([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', false],
    ['a head that never ends', 'HTTP/1.1 200 OK\r\nx: ', false],
    ['headers beyond any size', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, false],
    ['both lengths', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, false],
    ['a length that is too long', `${head}content-length: 99999\r\n\r\n${start}`, true],
    ['a chunk that is no chunk', `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`, true],
    ['a chunk cut short', `${head}transfer-encoding: chunked\r\n\r\nffff\r\n${start}`, true],
    ['a 101 nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', false],
  ])('%s: the client gets a fault and the hold is closed', async (_, bytes, begins) => {
    await using upstream = await startRawUpstream((socket) => socket.end(bytes));
    await using proxy = await startProxy({
      upstream: { baseUrl: upstream.baseUrl },
      limits: { upstreamFirstByteMs: 500 },
    });
    const response = await proxy.send(STREAM_REQUEST);
    if (begins) await expect(response.arrayBuffer()).rejects.toThrow();
    else {
      expect([502, 504]).toContain(response.status);
      expect((await readEnvelope(response)).error.type).toMatch(/api_error|timeout_error/);
    }
    await proxy.expectSound();
  });

  it('an empty 204 is no answer and costs nothing', async () => {
    await using upstream = await startRawUpstream((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    await using proxy = await startProxy({ upstream: { baseUrl: upstream.baseUrl } });
    await (await proxy.send(STREAM_REQUEST)).arrayBuffer();
    expect(await proxy.expectSound()).toBe(0n);
  });

  it('a redirect is not followed and not passed on', async () => {
    await using upstream = await startRawUpstream((socket) =>
      socket.end('HTTP/1.1 307 Temporary Redirect\r\nlocation: http://elsewhere.example/\r\ncontent-length: 0\r\n\r\n'),
    );
    await using proxy = await startProxy({ upstream: { baseUrl: upstream.baseUrl } });
    const response = await proxy.send(SMALL_REQUEST, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([502, null]);
    expect(await proxy.expectSound()).toBe(0n);
  });

  it('trailers end there', async () => {
    await using upstream = await startRawUpstream((socket) =>
      socket.end(
        `${head}transfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n${start.length.toString(16)}\r\n${start}\r\n0\r\nx-t: 1\r\n\r\n`,
      ),
    );
    await using proxy = await startProxy({ upstream: { baseUrl: upstream.baseUrl } });
    const response = await proxy.send(STREAM_REQUEST);
    expect(await response.text()).toBe(start);
    await proxy.expectSound();
  });
});

describe('errors of the upstream', () => {
  it.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['not_found', 404, 'not_found_error'],
    ['request_too_large', 413, 'request_too_large'],
    ['api_error', 500, 'api_error'],
    ['timeout', 504, 'timeout_error'],
    ['overloaded', 529, 'overloaded_error'],
  ] as const)('%s keeps status and bytes', async (error, status, type) => {
    await using proxy = await startProxy();
    proxy.api.enqueue(failing(error), failing(error));
    const direct = await fetch(`${proxy.api.baseUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'sk-ant-api03-simulated-upstream-key', 'accept-encoding': 'identity' },
      body: JSON.stringify(SMALL_REQUEST),
    });
    const response = await proxy.send(SMALL_REQUEST);
    expect(response.status).toBe(status);
    const withoutId = (text: string) => text.replace(/req_\w+/g, 'req');
    const text = await response.text();
    expect(withoutId(text)).toBe(withoutId(await direct.text()));
    expect((JSON.parse(text) as Envelope).error.type).toBe(type);
    expect(response.headers.get('request-id')).toMatch(/^req_/);
    await proxy.expectBilled();
    expect(await proxy.charged()).toBe(0n);
  });

  it.each([
    ['credit_too_low', 529, 'overloaded_error', ['upstream_credit']],
    ['spend_limit', 529, 'overloaded_error', ['upstream_credit']],
    ['workspace_spend_limit', 529, 'overloaded_error', ['upstream_credit']],
    ['tier_limit', 529, 'overloaded_error', ['upstream_credit']],
    ['billing', 529, 'overloaded_error', ['upstream_credit']],
    ['authentication', 503, 'api_error', ['upstream_credential']],
    ['permission', 503, 'api_error', ['upstream_credential']],
    ['rate_limit', 429, 'rate_limit_error', []],
    ['bad_gateway_html', 502, 'api_error', []],
  ] as const)(
    '%s tells the customer nothing of the operator, and the operator what to mend',
    async (error, status, type, alerts) => {
      await using proxy = await startProxy();
      const organisation = new Set<string>();
      for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
        proxy.api.enqueue(failing(error));
        const response = await proxy.send(SMALL_REQUEST, { path });
        const text = await response.text();
        expect(response.status).toBe(status);
        expect((JSON.parse(text) as Envelope).error.type).toBe(type);
        expect((JSON.parse(text) as Envelope).request_id).toBe(response.headers.get('request-id'));
        expect(text).not.toMatch(/organi[sz]ation|workspace|[Bb]illing|credit|purchase|x-api-key|<html|regain/);
        for (const [name, value] of response.headers) organisation.add(`${name}: ${value}`);
      }
      expect([...organisation].join('\n')).not.toMatch(
        /anthropic-organization|anthropic-workspace|anthropic-ratelimit/,
      );
      expect(proxy.alerts).toEqual([...alerts, ...alerts]);
      await proxy.expectBilled();
      expect(await proxy.charged()).toBe(0n);
    },
  );

  it('a rate limit keeps its retry-after', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue({
      kind: 'error',
      error: {
        status: 429,
        body: { type: 'error', error: { type: 'rate_limit_error', message: 'org 1234' } },
        headers: { 'retry-after': '17' },
      },
    });
    const response = await proxy.send(SMALL_REQUEST);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '17']);
  });

  it('a compressed one is judged all the same', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue({ kind: 'error', error: 'credit_too_low', delivery: { encoding: 'gzip' } });
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(529);
    expect(proxy.alerts).toEqual(['upstream_credit']);
  });
});

describe('an error of the upstream without an end', () => {
  const ERROR = '{"type":"error","error":{"type":"invalid_request_error","message":"too long"}}';
  const PATHS = ['/v1/messages', '/v1/messages/count_tokens'];
  /** Answers every request with the beginning of an error, and goes on with `piece` until the connection is closed. */
  const startEndless = async (status: number, begin: string, piece: string, everyMs: number) => {
    const counters = { closed: 0 };
    const upstream = await startRawUpstream((socket) => {
      const head = `HTTP/1.1 ${status} Error\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
      const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
      socket.write(head + chunk(begin));
      const pump = setInterval(() => socket.write(chunk(piece)), everyMs);
      socket.once('close', () => {
        clearInterval(pump);
        counters.closed += 1;
      });
    });
    return Object.assign(upstream, { counters });
  };

  it.each([
    ['that came whole, with its status', 400, ERROR, [400, 'invalid_request_error']],
    ['that did not, by its status', 503, ERROR.slice(0, 20), [529, 'overloaded_error']],
    ['that is none, in our words', 400, '<html>', [502, 'api_error']],
  ] as const)('trickling on is told in time: one %s', async (_, status, begin, told) => {
    await using upstream = await startEndless(status, begin, ' ', 20);
    await using proxy = await startProxy({
      upstream: { baseUrl: upstream.baseUrl },
      limits: { upstreamSilenceMs: 300 },
    });
    for (const path of PATHS) {
      const response = await proxy.send(SMALL_REQUEST, { path });
      expect([response.status, (await readEnvelope(response)).error.type]).toEqual(told);
    }
    expect(await proxy.expectSound()).toBe(0n);
    await until(() => upstream.counters.closed === 2, { what: 'both connections to the upstream are closed' });
    const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 100 });
    expect(journal.at(-1)).toMatchObject({
      operation: 'release',
      details: { basis: 'none', outcome: 'upstream_error' },
    });
  });

  it('that grows beyond any error of the API is broken off at once', async () => {
    await using upstream = await startEndless(503, ' ', 'x'.repeat(64 * 1_024), 5);
    await using proxy = await startProxy({ upstream: { baseUrl: upstream.baseUrl } });
    for (const path of PATHS) expect((await proxy.send(SMALL_REQUEST, { path })).status).toBe(529);
    expect(await proxy.expectSound()).toBe(0n);
    await until(() => upstream.counters.closed === 2, { what: 'both connections to the upstream are closed' });
  });
});

describe('a shutdown', () => {
  it('refuses new calls and lets the running ones end', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(delivered({ holdBefore: [3] }));
    const running = await proxy.send(STREAM_REQUEST);
    proxy.startClosing();
    const refused = await proxy.send(SMALL_REQUEST);
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([
      503,
      '1',
      'close',
    ]);
    expect((await fetch(`${proxy.baseUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${proxy.baseUrl}/readyz`)).status).toBe(503);
    (await proxy.api.nextRequest()).releaseAll();
    expect(await running.text()).toContain('message_stop');
    await proxy.expectBilled();
  });

  it('interrupts at its deadline what still runs, and settles it', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 3 } });
    proxy.api.enqueue(
      delivered({ holdBefore: [3] }),
      delivered({ beforeHeaders: new Promise(() => undefined) }),
      delivered({ holdBefore: [0] }),
    );
    const streaming = await proxy.send(STREAM_REQUEST);
    const waiting = proxy.send(SMALL_REQUEST);
    await proxy.api.nextRequest();
    await proxy.api.nextRequest();
    const json = proxy.send(SMALL_REQUEST);
    await proxy.api.nextRequest();
    const queued = proxy.send(SMALL_REQUEST);
    await until(() => proxy.openCalls.size === 4);
    for (const call of proxy.openCalls.list()) call.interrupt('shutdown');
    await expect(streaming.arrayBuffer()).rejects.toThrow();
    for (const response of await Promise.all([waiting, json, queued])) {
      expect(response.status).toBe(503);
      expect(await readEnvelope(response)).toMatchObject({ error: { type: 'api_error' } });
    }
    expect(await proxy.expectSound()).toBeGreaterThan(0n);
    const reasons = proxy.log.filter((line) => line.event === 'call').map((line) => line.reason);
    expect(reasons).toEqual(['shutdown', 'shutdown', 'shutdown', 'shutdown']);
  });
});
