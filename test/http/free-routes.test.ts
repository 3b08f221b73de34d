import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ProxyUnderTest, SMALL_REQUEST, startProxy } from '../support/proxy-under-test.ts';
import { exchangeRaw, messagesHead, openRaw } from '../support/raw-http.ts';
import { failing, silentAt } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const COUNT = '/v1/messages/count_tokens';
const ODD_BODY =
  '{ "model":"claude-haiku-4-5","messages":[{"role":"user","content":"x"}],"n":[1.0,12345678901234567890,-0]} \n';

function get(proxy: ProxyUnderTest, path: string): Promise<Response> {
  return fetch(`${proxy.baseUrl}${path}`, {
    headers: { 'x-api-key': proxy.secret, 'anthropic-version': '2023-06-01' },
  });
}

describe('free routes', () => {
  it('answer as the upstream does and leave no trace in the books', async () => {
    await using proxy = await startProxy();
    expect(await (await get(proxy, '/v1/models?limit=1000')).json()).toMatchObject({ data: expect.any(Array) });
    expect(await (await get(proxy, '/v1/models/claude-haiku-4-5')).json()).toMatchObject({ type: 'model' });
    const counted = await proxy.send(SMALL_REQUEST, { path: `${COUNT}?beta=true` });
    expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
    expect(proxy.api.requests.map(({ path, query }) => path + query)).toEqual([
      '/v1/models?limit=1000',
      '/v1/models/claude-haiku-4-5',
      `${COUNT}?beta=true`,
    ]);
    const journal = await proxy.ledger.readJournal(proxy.account.id, { afterSequence: 0, limit: 10 });
    expect(journal.map(({ operation }) => operation)).toEqual(['open', 'grant']);
  });

  it('work without any credit', async () => {
    await using proxy = await startProxy({ creditUsd: 0 });
    expect((await proxy.send(SMALL_REQUEST, { path: COUNT })).status).toBe(200);
    expect((await proxy.send(SMALL_REQUEST)).status).toBe(402);
  });

  it.each<[string, Buffer, Record<string, string>]>([
    ['numbers as they are written', Buffer.from(ODD_BODY), {}],
    ['gzip', gzipSync(ODD_BODY), { 'content-encoding': 'gzip' }],
    ['any type', Buffer.from(ODD_BODY), { 'content-type': 'text/plain' }],
  ])('forward bodies byte for byte: %s', async (_, body, headers) => {
    await using proxy = await startProxy();
    const response = await proxy.send(body, { path: COUNT, headers });
    expect(response.status).toBe(200);
    expect(proxy.api.requests[0]?.body.equals(body)).toBe(true);
    expect(proxy.api.requests[0]?.headers['content-type']).toBe(headers['content-type'] ?? 'application/json');
  });

  it('forward no credential, no hop and no cookie, and say nothing of the operator', async () => {
    await using proxy = await startProxy();
    const answer = await exchangeRaw(
      proxy.port,
      messagesHead(
        proxy.secret,
        [
          'Keep-Alive: timeout=5',
          'TE: trailers',
          'Upgrade: h2c',
          'Proxy-Connection: x',
          'Cookie: a=b',
          'X-Two: 1',
          'X-Two: 2',
          `Authorization: Bearer ${proxy.secret}`,
          `content-length: ${ODD_BODY.length}`,
        ],
        COUNT,
      ) + ODD_BODY,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/\r\nrequest-id: req_/);
    expect(answer.toLowerCase()).not.toMatch(/\r\n(anthropic-|set-cookie|cf-|via|server)/);
    const [request] = proxy.api.requests;
    expect(JSON.stringify(request?.rawHeaders)).not.toContain(proxy.secret);
    const names = Object.keys(request?.headers ?? {});
    for (const name of ['te', 'upgrade', 'keep-alive', 'proxy-connection', 'cookie', 'authorization']) {
      expect(names).not.toContain(name);
    }
    expect(request?.headers).toMatchObject({ 'x-two': '1, 2', 'accept-encoding': 'identity' });
  });

  it('answer Expect: 100-continue', async () => {
    await using proxy = await startProxy();
    using connection = await openRaw(proxy.port);
    connection.write(messagesHead(proxy.secret, ['expect: 100-continue', `content-length: ${ODD_BODY.length}`], COUNT));
    await connection.receives(/100 Continue/);
    connection.write(ODD_BODY);
    expect(await connection.closed()).toMatch(/HTTP\/1\.1 200 /);
  });

  it.each(['service_unavailable', 'overloaded', 'api_error', 'rate_limit'] as const)(
    'are asked once on %s',
    async (error) => {
      await using proxy = await startProxy();
      proxy.api.enqueue(failing(error));
      const response = await get(proxy, '/v1/models');
      expect(response.status).toBeGreaterThanOrEqual(429);
      expect(await response.json()).toMatchObject({ type: 'error' });
      expect(proxy.api.counters.requests).toBe(1);
    },
  );

  it('a body over the limit is not forwarded', async () => {
    await using proxy = await startProxy({ limits: { messagesBodyBytes: 1_000 } });
    const response = await proxy.send('x'.repeat(2_000), { path: COUNT });
    expect(response.status).toBe(413);
    expect(proxy.api.counters.requests).toBe(0);
  });

  it('more at once than there are connections wait their turn', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 4 } });
    const responses = await Promise.all(Array.from({ length: 25 }, () => proxy.send(SMALL_REQUEST, { path: COUNT })));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 200));
    expect(proxy.api.counters.openPeak).toBeLessThanOrEqual(4);
  });

  it('give their connection, or their place in line, back when the client leaves, however slow the upstream is', async () => {
    await using proxy = await startProxy({ limits: { upstreamConnections: 1, upstreamQueueMs: 5_000 } });
    proxy.api.enqueue(silentAt('before_headers'));
    const question = messagesHead(proxy.secret, [`content-length: ${ODD_BODY.length}`], COUNT) + ODD_BODY;
    using first = await openRaw(proxy.port);
    first.write(question);
    await proxy.api.nextRequest();
    using second = await openRaw(proxy.port);
    second.write(question);
    await until(() => proxy.upstreamQueued() === 1);
    second.socket.destroy();
    await until(() => proxy.upstreamQueued() === 0);
    first.socket.destroy();
    expect((await proxy.send(SMALL_REQUEST, { path: COUNT })).status).toBe(200);
    expect(proxy.log.filter(({ outcome }) => outcome === 'refused')).toEqual([]);
  });

  it.each([{ upstreamFirstByteMs: 60 }, { callTotalMs: 60 }])(
    'end in time where the upstream is silent: %o',
    async (limits) => {
      await using proxy = await startProxy({ limits });
      proxy.api.enqueue(silentAt('before_headers'));
      const response = await get(proxy, '/v1/models');
      expect(response.status).toBe(504);
      expect(await response.json()).toMatchObject({ error: { type: 'timeout_error' } });
    },
  );

  it('are counted', async () => {
    await using proxy = await startProxy();
    proxy.api.enqueue(failing('overloaded'));
    await (await get(proxy, '/v1/models')).arrayBuffer();
    await (await proxy.send(SMALL_REQUEST, { path: COUNT })).arrayBuffer();
    await until(async () => {
      const { body } = await proxy.metrics.render();
      return (
        /tollgate_requests_total\{route="models",model="none",status_class="5xx",outcome="upstream_error"\} 1/.test(
          body,
        ) &&
        /tollgate_requests_total\{route="count_tokens",model="none",status_class="2xx",outcome="completed"\} 1/.test(
          body,
        )
      );
    });
  });
});
