import { describe, expect, it } from 'vitest';
import { findPublicRoute, readQuery } from '../../src/http/public-routes.ts';
import { startProxy } from '../support/proxy-under-test.ts';
import { exchangeRaw, messagesHead } from '../support/raw-http.ts';

const BODY = JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 8, messages: [{ role: 'user', content: 'x' }] });

/** Targets that some server reads as `/v1/messages` and another does not. */
const CROOKED = [
  '/v1/./messages',
  '/v1/../v1/messages',
  '/./v1/messages',
  '/%76%31/messages',
  '/v1/message%73',
  '/v1/%6Dessages',
  '/v1%2fmessages',
  '/v1//messages',
  '//v1/messages',
  '/v1/messages/',
  '/v1/messages//',
  '/v1/messages%2f',
  '/v1/messages;a=b',
  '/v1/messages%00',
  '/v1/messages%20',
  '/v1/messages%3fbeta=true',
  '/v1/messages/.',
  '/v1/messages/..',
  '/v1/messages/..%2f',
  '/v1/messages#',
  '/v1/messages\\',
  '/V1/messages',
  '/v1/Messages',
  '/v1/messages/batches/',
  '/v1/messages/batches/x/',
  '/v1/messages/batches/x/results/y',
  '/v1/messages/batches/..',
  '/v1/messages/cache_touch',
  '/v1/complete',
  '/v1/chat/completions',
  '/v1/skills',
  '/v1/organizations/me',
  '/v1/models/',
  '/v1/models/..',
  '/v1/models/.',
  '/v1/models/a/b',
  '/v1/models/%2e%2e',
  '/v1/models/..%2forganizations',
  '/v1/models/a%2fb',
  '/v1/models/a;b',
  `/v1/models/${'a'.repeat(200)}`,
  '/v1/agents',
  '/v1/sessions',
  '/admin/v1/accounts',
  '/metrics',
  '/api/hello',
  'http://tollgate/v1/messages',
  'https://api.anthropic.com/v1/messages',
  '*',
  '/%zz',
  '/v1/messages/%c0%ae',
];

describe('the allow-list', () => {
  it.each([
    ['POST', '/v1/messages', 'messages', '/v1/messages'],
    ['POST', '/v1/messages?beta=true', 'messages', '/v1/messages'],
    ['POST', '/v1/messages?', 'messages', '/v1/messages'],
    ['POST', '/v1/messages/count_tokens?beta=true', 'count_tokens', '/v1/messages/count_tokens'],
    ['GET', '/v1/models?limit=1000', 'models', '/v1/models'],
    ['GET', '/v1/models/claude-haiku-4-5', 'model', '/v1/models/claude-haiku-4-5'],
    ['GET', '/v1/balance', 'balance', undefined],
    ['HEAD', '/', 'root', undefined],
    ['GET', '/livez', 'livez', undefined],
    ['HEAD', '/readyz', 'readyz', undefined],
  ])('%s %s is %s', (method, target, id, upstreamPath) => {
    const match = findPublicRoute(method, target);
    expect(match).toEqual({ result: 'found', route: upstreamPath === undefined ? { id } : { id, upstreamPath } });
  });

  it.each(CROOKED)('knows no %s', (target) => {
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS']) {
      expect(findPublicRoute(method, target)).toEqual({ result: 'not_found' });
    }
  });

  it('names the methods of a known path', () => {
    expect(findPublicRoute('GET', '/v1/messages')).toEqual({ result: 'method_not_allowed', allow: 'POST' });
    expect(findPublicRoute('DELETE', '/livez')).toEqual({ result: 'method_not_allowed', allow: 'GET, HEAD' });
    expect(findPublicRoute('HEAD', '/v1/models')).toEqual({ result: 'method_not_allowed', allow: 'GET' });
  });

  it('gives the query string as it came', () => {
    expect(readQuery('/v1/messages?beta=true&x=%zz?#')).toBe('?beta=true&x=%zz?#');
    expect(readQuery('/v1/messages')).toBe('');
  });
});

describe('on the wire', () => {
  it('no crooked path reaches the upstream, and each is answered in the envelope', async () => {
    await using proxy = await startProxy();
    for (const target of CROOKED) {
      const head = messagesHead(proxy.secret, [`content-length: ${BODY.length}`], target);
      const answer = await exchangeRaw(proxy.port, head + BODY);
      expect(answer, target).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer, target).toMatch(/\r\nrequest-id: req_/);
      expect(answer, target).toContain('"type":"not_found_error"');
    }
    expect(proxy.api.counters.requests).toBe(0);
    expect(await proxy.expectSound()).toBe(0n);
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('%s /v1/messages is a 405', async (method) => {
    await using proxy = await startProxy();
    const answer = await exchangeRaw(proxy.port, messagesHead(proxy.secret).replace('POST', method));
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toMatch(/\r\nallow: POST\r\n/);
    expect(proxy.api.counters.requests).toBe(0);
  });

  it.each(['BREW', 'CONNECT tollgate:80', 'GET / HTTP/1.1\r\nupgrade: websocket\r\nx'])(
    '%s leads nowhere',
    async (line) => {
      await using proxy = await startProxy();
      const answer = await exchangeRaw(proxy.port, `${line} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer).not.toMatch(/^HTTP\/1\.1 [123]/);
      expect(proxy.api.counters.requests).toBe(0);
    },
  );

  it('forwards the query string as it came', async () => {
    await using proxy = await startProxy();
    const query = '?beta=true&a=%20%zz&b=1+1&c=?/;';
    expect((await proxy.send(BODY, { path: `/v1/messages${query}` })).status).toBe(200);
    expect(proxy.api.requests[0]).toMatchObject({ path: '/v1/messages', query });
    await proxy.expectBilled();
  });
});
