import { describe, expect, it } from 'vitest';
import { createClientHeaders, createUpstreamHeaders } from '../../src/http/headers.ts';

const KEY = 'sk-upstream';

/** Pairs as the wire has them. */
function flat(headers: readonly (readonly [string, string])[]): string[] {
  return headers.flat();
}

describe('headers to the upstream', () => {
  it('replaces every credential of the client by the operator key', () => {
    const sent = createUpstreamHeaders(
      flat([
        ['X-Api-Key', 'tg_1'],
        ['AUTHORIZATION', 'Bearer tg_1'],
        ['Cookie', 'a=b'],
        ['Proxy-Authorization', 'Basic x'],
        ['x-api-key', 'tg_2'],
      ]),
      KEY,
    );
    expect(sent).toEqual(['accept-encoding', 'identity', 'x-api-key', KEY]);
  });

  it.each([
    'Expect',
    'Keep-Alive',
    'Proxy-Connection',
    'TE',
    'Upgrade',
    'Transfer-Encoding',
    'Connection',
    'Trailer',
    'HTTP2-Settings',
    'Content-Length',
    'Host',
    'Accept-Encoding',
  ])('drops %s', (name) => {
    const sent = createUpstreamHeaders([name, 'x'], KEY).map((text) => text.toLowerCase());
    expect(sent.filter((text) => text === name.toLowerCase() && text !== 'accept-encoding')).toEqual([]);
    expect(sent).not.toContain('x');
  });

  it('drops what Connection names, in any case and number', () => {
    const sent = createUpstreamHeaders(
      flat([
        ['Connection', 'close, X-One'],
        ['connection', ' x-TWO ,'],
        ['x-one', '1'],
        ['X-Two', '2'],
        ['x-three', '3'],
      ]),
      KEY,
    );
    expect(sent).toEqual(['x-three', '3', 'accept-encoding', 'identity', 'x-api-key', KEY]);
  });

  it("leaves the choice of a workspace to the operator's key", () => {
    const sent = createUpstreamHeaders(['Anthropic-Workspace-Id', 'wrkspc_1'], KEY);
    expect(sent).toEqual(['accept-encoding', 'identity', 'x-api-key', KEY]);
  });

  it('sets the operator key even where Connection names it', () => {
    const sent = createUpstreamHeaders(['Connection', 'x-api-key, accept-encoding'], KEY);
    expect(sent).toEqual(['accept-encoding', 'identity', 'x-api-key', KEY]);
  });

  it('passes everything else as it came: case, order, repetition', () => {
    const kept = flat([
      ['Anthropic-Version', '2026-10-21'],
      ['anthropic-beta', 'a,b'],
      ['anthropic-beta', 'c'],
      ['anthropic-user-profile-id', 'uprof_1'],
      ['X-Stainless-Retry-Count', '0'],
      ['X-Claude-Code-Session-Id', 's'],
      ['x-tomorrow', 'ü'],
      ['Content-Type', 'application/json'],
      ['Content-Encoding', 'gzip'],
      ['traceparent', '00-1'],
      ['User-Agent', 'curl'],
    ]);
    expect(createUpstreamHeaders(kept, KEY).slice(0, kept.length)).toEqual(kept);
  });
});

describe('headers to the client', () => {
  it('hides the operator, its limits and its servers', () => {
    const upstream = {
      'anthropic-organization-id': 'org',
      'anthropic-workspace-id': 'wrkspc',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-priority-input-tokens-limit': '1',
      'anthropic-fast-input-tokens-limit': '1',
      'set-cookie': ['a=b', 'c=d'],
      'cf-ray': '1',
      'cf-cache-status': 'DYNAMIC',
      via: '1.1 google',
      server: 'cloudflare',
      'server-timing': 'x',
      'strict-transport-security': 'max-age=1',
      'alt-svc': 'h3',
      location: 'https://elsewhere',
      'x-envoy-upstream-service-time': '1',
      'tollgate-balance-usd': '999999.00',
      connection: 'keep-alive, x-hop',
      'keep-alive': 'timeout=5',
      'transfer-encoding': 'chunked',
      trailer: 'x',
      upgrade: 'h2c',
      'x-hop': '1',
    };
    expect(createClientHeaders(upstream)).toEqual({});
  });

  it('keeps the rest', () => {
    const kept = {
      'request-id': 'req_1',
      'content-type': 'text/event-stream; charset=utf-8',
      'content-length': '12',
      'content-encoding': 'gzip',
      'cache-control': 'no-cache',
      'retry-after': '3',
      'x-should-retry': 'false',
      'x-tomorrow': ['a', 'b'],
    };
    expect(createClientHeaders(kept)).toEqual(kept);
  });

  it('drops a value that Node would refuse to write', () => {
    expect(
      createClientHeaders({ 'x-bad': 'a\r\nset-cookie: b', 'x-nul': '\0', 'x-wide': '\u2028', 'x-ok': 'é' }),
    ).toEqual({
      'x-ok': 'é',
    });
  });
});
