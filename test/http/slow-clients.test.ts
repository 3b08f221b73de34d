import { describe, expect, it } from 'vitest';
import { type ProxyUnderTest, SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { messagesHead, openRaw, type RawConnection } from '../support/raw-http.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { delivered, largeAnswer } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const BODY = JSON.stringify(SMALL_REQUEST);
const MIB = 1_024 * 1_024;

async function openMany(proxy: ProxyUnderTest, count: number, text: string): Promise<RawConnection[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const connection = await openRaw(proxy.port);
      connection.write(text);
      return connection;
    }),
  );
}

function letGo(connections: readonly RawConnection[]): void {
  for (const connection of connections) connection[Symbol.dispose]();
}

describe('clients that are slow to ask', () => {
  it.each([
    ['say nothing', (_secret: string) => '', true],
    ['stop in their head', (secret: string) => messagesHead(secret).slice(0, -2), true],
    ['stop in their body', (secret: string) => `${messagesHead(secret, [`content-length: ${BODY.length}`])}{`, true],
    [
      'stop in their chunks',
      (secret: string) => `${messagesHead(secret, ['transfer-encoding: chunked'])}1\r\n{\r\n`,
      true,
    ],
  ])('a thousand that %s hold no upstream connection, and the rest is served', async (_, write) => {
    await using proxy = await startProxy({
      limits: { upstreamConnections: 2, upstreamQueueMs: 500, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 },
    });
    const slow = await openMany(proxy, 1_000, write(proxy.secret));
    for (let round = 0; round < 5; round += 1) expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    expect((await fetch(`${proxy.baseUrl}/readyz`)).status).toBe(200);
    expect([proxy.openCalls.size, proxy.api.counters.requests]).toEqual([0, 5]);
    letGo(slow);
    await proxy.expectBilled();
  });

  it('a body one byte at a time is let go when its time is over', async () => {
    await using proxy = await startProxy({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 800 } });
    using connection = await openRaw(proxy.port);
    connection.write(messagesHead(proxy.secret, ['content-length: 100000']));
    const drip = setInterval(() => connection.write(' '), 20);
    expect(await connection.closed()).toMatch(/^(HTTP\/1\.1 408 |$)/);
    clearInterval(drip);
    expect(proxy.api.counters.requests).toBe(0);
  });

  it('a head one byte at a time is let go when its time is over', async () => {
    await using proxy = await startProxy({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 800 } });
    using connection = await openRaw(proxy.port);
    connection.write('GET /livez HTTP/1.1\r\nhost: x\r\nx: ');
    const drip = setInterval(() => connection.write('y'), 20);
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  it('a file that is sent slowly holds no upstream connection', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 1, upstreamQueueMs: 200, fileUploads: 2 } });
    const head = messagesHead(proxy.secret, ['content-length: 1000'], '/v1/files');
    const slow = await openMany(proxy, 2, `${head}x`);
    // More of them than fit are refused: those two are being read.
    await until(async () => (await proxy.send('x', { path: '/v1/files' })).status === 529);
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    letGo(slow);
    await until(async () => (await proxy.send('x', { path: '/v1/files' })).status !== 529);
  });
});

describe('bodies that are held in memory', () => {
  const limits = { bodyMemoryBytes: 4 * MIB, messagesBodyBytes: 2 * MIB };
  /** Half sent; 1 MiB each. */
  const half = (secret: string) => `${messagesHead(secret, [`content-length: ${2 * MIB}`])}${' '.repeat(MIB)}`;

  it('are bounded together: what is beyond is a 529 before it is read, and all is free again when they end', async () => {
    await using proxy = await startProxy({ limits });
    const slow = await openMany(proxy, 3, half(proxy.secret));
    const large = await until(async () => {
      const response = await proxy.send(' '.repeat(2 * MIB));
      return response.status === 529 && response;
    });
    expect([large.headers.get('retry-after'), await large.json()]).toMatchObject([
      '1',
      { error: { type: 'overloaded_error' } },
    ]);
    // A small one has room.
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    letGo(slow);
    await until(async () => (await proxy.send(' '.repeat(2 * MIB))).status === 400);
    expect((await proxy.metrics.render()).body).toMatch(
      /^tollgate_admission_denied_total\{reason="body_memory",scope="none"\} [1-9]/m,
    );
    await proxy.expectBilled();
  });

  it('count as they come where no length is said', async () => {
    await using proxy = await startProxy({ limits });
    const slow = await openMany(proxy, 3, half(proxy.secret));
    const status = async (): Promise<number> => {
      const body = new Blob([' '.repeat(2 * MIB - 1)]).stream();
      return (await proxy.send(undefined, { body, duplex: 'half' } as never)).status;
    };
    await until(async () => (await status()) === 529);
    letGo(slow);
    await until(async () => (await status()) === 400);
  });

  it('count inflated, too', async () => {
    const { gzipSync } = await import('node:zlib');
    await using proxy = await startProxy({ limits: { ...limits, inflatedBodyBytes: 64 * MIB } });
    const bomb = gzipSync(Buffer.alloc(32 * MIB, 0x20));
    for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
      const response = await proxy.send(bomb, { path, headers: { 'content-encoding': 'gzip' } });
      expect([response.status, response.headers.get('retry-after')]).toEqual([529, '1']);
    }
    const gzipped = await proxy.send(gzipSync(BODY), { headers: { 'content-encoding': 'gzip' } });
    expect(gzipped.status).toBe(200);
  });

  it('are let go of once they are sent, however long the answer takes', async () => {
    await using proxy = await startProxy({ limits: { ...limits, bodyMemoryBytes: 300_000 } });
    proxy.api.enqueue(delivered({ holdBefore: [3] }));
    const text = JSON.stringify({ ...STREAM_REQUEST, system: 'x'.repeat(160_000) });
    const response = await proxy.send(text);
    const call = await proxy.api.nextRequest();
    expect(call.request.body.toString()).toBe(text);
    await until(async () => (await proxy.send(text)).status === 200);
    call.releaseAll();
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('message_stop');
    await proxy.expectBilled();
  });
});

describe('open requests', () => {
  it('of one key are bounded, and of others are not', async () => {
    await using proxy = await startProxy({ limits: { callsPerKey: 2, callsPerAccount: 10 } });
    proxy.api.enqueue(delivered({ holdBefore: [1] }), delivered({ holdBefore: [1] }));
    const running = [await proxy.send(STREAM_REQUEST), await proxy.send(STREAM_REQUEST)];
    const refused = await proxy.send(SMALL_REQUEST);
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
      429,
      '1',
      { error: { type: 'rate_limit_error', message: expect.stringContaining('2 requests open') } },
    ]);
    // Probes have no owner.
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${proxy.baseUrl}${path}`)).status).toBe(200);
    for (const _ of running) (await proxy.api.nextRequest()).releaseAll();
    for (const response of running) expect(await response.text()).toContain('message_stop');
    await until(async () => (await proxy.send(SMALL_REQUEST)).status === 200);
    expect((await proxy.metrics.render()).body).toContain(
      'tollgate_admission_denied_total{reason="concurrency",scope="key"} 1\n',
    );
    await proxy.expectBilled();
  });

  it('are not counted any more when their client left while they were read or served', async () => {
    await using proxy = await startProxy({ limits: { callsPerKey: 2 }, account: { onDisconnect: 'cancel' } });
    for (let round = 0; round < 10; round += 1) {
      letGo(await openMany(proxy, 2, `${messagesHead(proxy.secret, ['content-length: 100'])}{`));
      proxy.api.enqueue(delivered({ holdBefore: [2] }));
      const left = new AbortController();
      const response = await until(async () => {
        const sent = await proxy.send(STREAM_REQUEST, { signal: left.signal });
        return sent.status === 200 && sent;
      });
      await proxy.api.nextRequest();
      left.abort();
      await response.arrayBuffer().catch(() => undefined);
    }
    await proxy.quiet();
    const both = await until(async () => {
      const sent = await Promise.all([proxy.send(SMALL_REQUEST), proxy.send(SMALL_REQUEST)]);
      return sent.every(({ status }) => status === 200) && sent;
    });
    expect(both).toHaveLength(2);
  });
});

describe('clients that are slow to read', () => {
  it('hold a bounded part of a metered answer, and are let go', async () => {
    await using proxy = await startProxy({
      limits: { upstreamSilenceMs: 1_000, upstreamConnections: 1, upstreamQueueMs: 100 },
      account: { onDisconnect: 'cancel' },
    });
    proxy.api.enqueue(largeAnswer(64 * MIB, 4_096));
    using connection = await openRaw(proxy.port);
    const text = JSON.stringify({ ...STREAM_REQUEST, max_tokens: 8_000 });
    connection.socket.pause();
    connection.write(messagesHead(proxy.secret, [`content-length: ${text.length}`]) + text);
    await proxy.api.nextRequest();
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(529);
    await until(async () => (await proxy.send(SMALL_REQUEST)).status === 200);
    await proxy.expectSound();
  });

  it.each([
    ['a model', '/v1/models'],
    ['the content of a file', '/v1/files/file_1/content'],
  ])('of %s are let go', async (_, path) => {
    await using upstream = await startRawUpstream((socket, bytes) => {
      const request = bytes.toString('latin1');
      if (request.startsWith('POST /v1/files')) {
        const file = '{"id":"file_1","type":"file"}';
        return void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${file.length}\r\n\r\n${file}`);
      }
      if (!request.includes(path)) {
        return void socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      }
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n');
      const send = (): void => {
        while (!socket.destroyed && socket.write('x'.repeat(65_536)));
        if (!socket.destroyed) socket.once('drain', send);
      };
      send();
    });
    await using proxy = await startProxy({
      upstream: { baseUrl: upstream.baseUrl },
      limits: { upstreamSilenceMs: 300, upstreamConnections: 1, upstreamQueueMs: 100 },
    });
    expect((await proxy.send('x', { path: '/v1/files' })).status).toBe(200);
    using connection = await openRaw(proxy.port);
    connection.socket.pause();
    connection.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${proxy.secret}\r\n\r\n`);
    // The one connection is taken, and comes back.
    await until(async () => (await proxy.send(SMALL_REQUEST)).status === 529);
    await until(async () => (await proxy.send(SMALL_REQUEST)).status !== 529);
  });

  it('who pipeline and take nothing are let go, whatever they asked for', async () => {
    await using proxy = await startProxy({ limits: { upstreamSilenceMs: 300 } });
    const wrong = 'GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: wrong\r\nanthropic-version: 2023-06-01\r\n\r\n';
    for (const request of [wrong, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n']) {
      using connection = await openRaw(proxy.port);
      connection.socket.pause();
      let gone = false;
      connection.socket.once('error', () => {
        gone = true;
      });
      // Its end is seen by writing: what it is sent stays unread.
      await until(() => {
        if (!gone && connection.socket.writableLength < MIB) connection.write(request.repeat(2_000));
        return gone;
      });
    }
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(200);
    await proxy.expectBilled();
  });
});
