import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyUnderTest, SMALL_REQUEST, startProxy } from '../../support/proxy-under-test.ts';
import { openRaw } from '../../support/raw-http.ts';
import { UPSTREAM_KEY } from '../../support/simulated-api.ts';
import { until } from '../../support/until.ts';

/** The statuses of all answers on the connection, in order. The server closes after the last. */
type Answers = readonly number[];
/** Name, bytes (`KEY` stands for a good key, Latin-1), answers, requests that reach the upstream: none unless given. */
type Case = readonly [name: string, bytes: string, answers: Answers, forwarded?: number];

const BODY = JSON.stringify(SMALL_REQUEST);
const LENGTH = BODY.length;
/** Sent when an answer has come and the connection is open: what of the first request was left over would spoil it. */
const FENCE = 'GET /livez HTTP/1.1\r\nHost: fence\r\nConnection: close\r\n\r\n';
const SMUGGLED = 'GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Api-Key: KEY\r\n\r\n';

/** A head of a Messages request with a good key and these lines besides. */
function messages(lines: readonly string[], body = '', version = 'HTTP/1.1'): string {
  const head = [`POST /v1/messages ${version}`, 'Host: x', 'X-Api-Key: KEY', 'Anthropic-Version: 2023-06-01', ...lines];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** A GET of the models with these lines besides. */
function get(target: string, lines: readonly string[] = ['Host: x'], method = 'GET', version = 'HTTP/1.1'): string {
  return `${method} ${target} ${version}\r\n${[...lines, 'X-Api-Key: KEY'].join('\r\n')}\r\n\r\n`;
}

function chunked(...chunks: string[]): string {
  return chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
}

const GOOD: readonly Case[] = [
  ['a length', messages([`Content-Length: ${LENGTH}`], BODY), [200, 200], 1],
  ['chunks', messages(['Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\n\r\n`), [200, 200], 1],
  ['chunked in capitals', messages(['TRANSFER-ENCODING: Chunked'], `${chunked(BODY)}0\r\n\r\n`), [200, 200], 1],
  ['many small chunks', messages(['Transfer-Encoding: chunked'], `${chunked(...BODY)}0\r\n\r\n`), [200, 200], 1],
  [
    'a short chunk extension',
    messages(['Transfer-Encoding: chunked'], `${LENGTH.toString(16)};a=b\r\n${BODY}\r\n0\r\n\r\n`),
    [200, 200],
    1,
  ],
  [
    'trailers, which go nowhere',
    messages(['Transfer-Encoding: chunked', 'Trailer: X-T'], `${chunked(BODY)}0\r\nX-T: 1\r\nX-Api-Key: other\r\n\r\n`),
    [200, 200],
    1,
  ],
  ['empty lines before the request line', `\r\n\r\n${get('/v1/models')}`, [200, 200], 1],
  ['white space around a value', get('/v1/models', ['Host: \t x \t']), [200, 200], 1],
  ['an empty value', get('/v1/models', ['Host: x', 'X-Empty:']), [200, 200], 1],
  ['HTTP/1.0 without a host, and it closes', get('/v1/models', [], 'GET', 'HTTP/1.0'), [200], 1],
  [
    'pipelined requests',
    get('/v1/models') + get('/v1/models') + messages([`Content-Length: ${LENGTH}`], BODY),
    [200, 200, 200, 200],
    3,
  ],
  ['an unknown expectation', messages(['Expect: magic', `Content-Length: ${LENGTH}`], BODY), [417, 200]],
  [
    'an upgrade that nobody offers is passed over, and it closes',
    get('/v1/models', ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket']),
    [200],
    1,
  ],
  [
    'h2c that nobody offers is passed over, and it closes',
    get('/v1/models', [
      'Host: x',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ]),
    [200],
    1,
  ],
  ['an empty host', get('/v1/models', ['Host:']), [200, 200], 1],
  ['a host with a zone', get('/v1/models', ['Host: [fe80::1%25eth0]']), [200, 200], 1],
  ['a host with a port', get('/v1/models', ['Host: [::1]:8787']), [200, 200], 1],
];

const REQUEST_LINES: readonly Case[] = [
  ['nothing that is HTTP', 'hello\r\n\r\n', [400]],
  ['HTTP/0.9, which waits for a head', 'GET /livez\r\n', [408]],
  ['HTTP/0.9 by name', get('/livez', ['Host: x'], 'GET', 'HTTP/0.9'), [400]],
  ['HTTP/1.2', get('/livez', ['Host: x'], 'GET', 'HTTP/1.2'), [400]],
  ['HTTP/2.0', get('/livez', ['Host: x'], 'GET', 'HTTP/2.0'), [400]],
  ['HTTP/9.9', get('/livez', ['Host: x'], 'GET', 'HTTP/9.9'), [400]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', [400]],
  ['http/1.1 in small letters', get('/livez', ['Host: x'], 'GET', 'http/1.1'), [400]],
  ['a version without a digit', get('/livez', ['Host: x'], 'GET', 'HTTP/1.'), [400]],
  ['a TLS greeting', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', [400]],
  ['bare line feeds', `GET /livez HTTP/1.1\nHost: x\n\n`, [400]],
  ['a bare carriage return in the request line', `GET /livez HTTP/1.1\rHost: x\r\n\r\n`, [400]],
  ['a space before the method', ` GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`, [400]],
  ['a method in small letters', get('/livez', ['Host: x'], 'get'), [400]],
  ['an unknown method', get('/livez', ['Host: x'], 'FETCH'), [400]],
  ['a method of other signs', get('/livez', ['Host: x'], 'G@T'), [400]],
  ['a space in the target', get('/livez x'), [400]],
  ['a NUL in the target', get('/livez\0'), [400]],
  ['a tab in the target', get('/livez\tx'), [400]],
  ['a target without a slash', get('v1/models'), [400]],
  ['a fragment', get('/v1/models#x'), [404, 200]],
  ['a letter beyond ASCII', get('/v1/m\xf6dels'), [400]],
  ['the absolute form', get('http://x/v1/models'), [404, 200]],
  ['the absolute form of another host', get('http://other.example/v1/models'), [404, 200]],
  ['two slashes', get('//v1/models'), [404, 200]],
  ['a dot segment', get('/v1/./models'), [404, 200]],
  ['two dots', get('/v1/../v1/models'), [404, 200]],
  ['encoded dots', get('/v1/%2e%2e/v1/models'), [404, 200]],
  ['doubly encoded dots', get('/v1/%252e%252e/v1/models'), [404, 200]],
  ['an encoded slash', get('/v1%2fmodels'), [404, 200]],
  ['a backslash', get('/v1\\models'), [404, 200]],
  ['an encoded letter', get('/v1/%6dodels'), [404, 200]],
  ['an encoded NUL', get('/v1/models%00'), [404, 200]],
  ['overlong UTF-8 for a slash', get('/v1%c0%afmodels'), [404, 200]],
  ['a broken escape', get('/v1/models%'), [404, 200]],
  ['a parameter', get('/v1/models;a=b'), [404, 200]],
  ['a slash at the end', get('/v1/models/'), [404, 200]],
  ['the administrative surface', get('/admin/v1/accounts'), [404, 200]],
  ['the metrics', get('/metrics'), [404, 200]],
  ['another route of the API', get('/v1/organizations/users'), [404, 200]],
  ['OPTIONS *', get('*', ['Host: x'], 'OPTIONS'), [404, 200]],
  ['OPTIONS of a route', get('/v1/messages', ['Host: x'], 'OPTIONS'), [405, 200]],
  ['TRACE', get('/v1/models', ['Host: x'], 'TRACE'), [405, 200]],
  ['PUT', get('/v1/models', ['Host: x'], 'PUT'), [405, 200]],
  ['CONNECT', get('other.example:443', ['Host: other.example:443'], 'CONNECT'), []],
  ['CONNECT of a path', get('/v1/models', ['Host: x'], 'CONNECT'), []],
  ['a target longer than all headers may be', get(`/v1/models?${'x'.repeat(40_000)}`), [431]],
  ['a long query is passed on', get(`/v1/models?after_id=${'x'.repeat(4_000)}`), [400, 200], 1],
];

const HEADERS: readonly Case[] = [
  ['no host', get('/livez', []), [400]],
  ['two hosts', get('/v1/models', ['Host: x', 'Host: y']), [400]],
  ['the same host twice', get('/v1/models', ['Host: x', 'HOST: x']), [400]],
  ['a host with a path', get('/v1/models', ['Host: x/y']), [400]],
  ['a host with a user', get('/v1/models', ['Host: a@x']), [400]],
  ['a host with a space', get('/v1/models', ['Host: x y']), [400]],
  ['a list of hosts', get('/v1/models', ['Host: x,y']), [400]],
  ['a host with a port that is none', get('/v1/models', ['Host: x:y']), [400]],
  ['a space before the colon', get('/v1/models', ['Host : x']), [400]],
  ['a name without a colon', get('/v1/models', ['Host: x', 'nothing']), [400]],
  ['a name of no letters', get('/v1/models', ['Host: x', ': y']), [400]],
  ['a space in a name', get('/v1/models', ['Host: x', 'a b: y']), [400]],
  ['a sign that no name has', get('/v1/models', ['Host: x', 'a(b): y']), [400]],
  ['a NUL in a name', get('/v1/models', ['Host: x', 'a\0b: y']), [400]],
  ['a letter beyond ASCII in a name', get('/v1/models', ['Host: x', 'a\xe4b: y']), [400]],
  ['a NUL in a value', get('/v1/models', ['Host: x', 'a: \0']), [400]],
  ['an escape in a value', get('/v1/models', ['Host: x', 'a: \x1b[2J']), [400]],
  ['a bare carriage return in a value', get('/v1/models', ['Host: x', 'a: 1\rb: 2']), [400]],
  ['a bare line feed between headers', get('/v1/models', ['Host: x\na: 1']), [400]],
  ['a folded line', get('/v1/models', ['Host: x', 'a: 1', ' 2']), [400]],
  ['white space before the first header', get('/v1/models', [' Host: x']), [400]],
  ['256 headers', get('/v1/models', ['Host: x', ...Array.from({ length: 254 }, (_, n) => `a${n}: 1`)]), [200, 200], 1],
  ['257 headers', get('/v1/models', ['Host: x', ...Array.from({ length: 255 }, (_, n) => `a${n}: 1`)]), [431]],
  ['5,000 headers', get('/v1/models', ['Host: x', ...Array.from({ length: 5_000 }, () => 'a:')]), [431]],
  ['a header of 40,000 bytes', get('/v1/models', ['Host: x', `a: ${'y'.repeat(40_000)}`]), [431]],
  ['a name of 40,000 bytes', get('/v1/models', ['Host: x', `${'y'.repeat(40_000)}: 1`]), [431]],
  ['two keys', get('/v1/models', ['Host: x', 'X-Api-Key: tg_other']), [401, 200]],
];

const FRAMING: readonly Case[] = [
  [
    'a length and chunks',
    messages([`Content-Length: ${LENGTH}`, 'Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\n\r\n${SMUGGLED}`),
    [400],
  ],
  [
    'chunks and a length',
    messages(['Transfer-Encoding: chunked', 'Content-Length: 5'], `${chunked(BODY)}0\r\n\r\n${SMUGGLED}`),
    [400],
  ],
  ['two lengths', messages([`Content-Length: ${LENGTH}`, 'Content-Length: 5'], BODY + SMUGGLED), [400]],
  ['one length twice', messages([`Content-Length: ${LENGTH}`, `Content-Length: ${LENGTH}`], BODY + SMUGGLED), [400]],
  ['a list of lengths', messages([`Content-Length: ${LENGTH}, ${LENGTH}`], BODY + SMUGGLED), [400]],
  ['a length with a sign', messages([`Content-Length: +${LENGTH}`], BODY), [400]],
  ['a length below zero', messages(['Content-Length: -1'], BODY), [400]],
  ['a length in hex', messages(['Content-Length: 0x10'], BODY), [400]],
  ['a length with a point', messages(['Content-Length: 5.0'], BODY), [400]],
  ['a length with a space within', messages(['Content-Length: 1 0'], BODY), [400]],
  ['an empty length', messages(['Content-Length:'], BODY + SMUGGLED), [400]],
  ['a length beyond 64 bits', messages(['Content-Length: 99999999999999999999'], BODY), [400]],
  ['a length beyond what is allowed', messages(['Content-Length: 9007199254740993'], ''), [413, 408]],
  ['a space before the colon of a length', messages(['Content-Length : 5'], BODY), [400]],
  ['an unknown coding', messages(['Transfer-Encoding: xchunked'], `${chunked(BODY)}0\r\n\r\n`), [400]],
  ['identity', messages(['Transfer-Encoding: identity'], BODY), [400]],
  ['chunked not last', messages(['Transfer-Encoding: chunked, identity'], `${chunked(BODY)}0\r\n\r\n`), [400]],
  ['chunked twice', messages(['Transfer-Encoding: chunked, chunked'], `${chunked(BODY)}0\r\n\r\n`), [400]],
  [
    'chunked in two lines',
    messages(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\n\r\n`),
    [400],
  ],
  [
    'another coding in a second line',
    messages(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `${chunked(BODY)}0\r\n\r\n`),
    [400],
  ],
  ['chunked in quotes', messages(['Transfer-Encoding: "chunked"'], `${chunked(BODY)}0\r\n\r\n`), [400]],
  ['a vertical tab before chunked', messages(['Transfer-Encoding: \x0bchunked'], `${chunked(BODY)}0\r\n\r\n`), [400]],
  ['gzip and chunked', messages(['Transfer-Encoding: gzip, chunked'], `${chunked(BODY)}0\r\n\r\n`), [400]],
  [
    'chunks by HTTP/1.0',
    messages(['Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\n\r\n${SMUGGLED}`, 'HTTP/1.0'),
    [400],
  ],
  ['a chunk size that is none', messages(['Transfer-Encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`), [400]],
  ['a chunk size with 0x', messages(['Transfer-Encoding: chunked'], `0x5\r\nhello\r\n0\r\n\r\n`), [400]],
  ['a chunk size with a sign', messages(['Transfer-Encoding: chunked'], `+5\r\nhello\r\n0\r\n\r\n`), [400]],
  ['a chunk size below zero', messages(['Transfer-Encoding: chunked'], `-5\r\nhello\r\n0\r\n\r\n`), [400]],
  ['a chunk size with a space before it', messages(['Transfer-Encoding: chunked'], ` 5\r\nhello\r\n0\r\n\r\n`), [400]],
  ['a chunk size with a space after it', messages(['Transfer-Encoding: chunked'], `5 \r\nhello\r\n0\r\n\r\n`), [400]],
  [
    'a chunk size beyond 64 bits',
    messages(['Transfer-Encoding: chunked'], `10000000000000000005\r\nhello\r\n0\r\n\r\n`),
    [400],
  ],
  ['an empty chunk size', messages(['Transfer-Encoding: chunked'], `\r\nhello\r\n0\r\n\r\n`), [400]],
  ['a chunk longer than its size', messages(['Transfer-Encoding: chunked'], `3\r\nhello\r\n0\r\n\r\n`), [400]],
  ['a chunk ended by a line feed', messages(['Transfer-Encoding: chunked'], `5\r\nhello\n0\r\n\r\n`), [400]],
  ['a chunk size ended by a line feed', messages(['Transfer-Encoding: chunked'], `5\nhello\r\n0\r\n\r\n`), [400]],
  ['a line feed in a chunk extension', messages(['Transfer-Encoding: chunked'], `5;a\nb\r\nhello\r\n0\r\n\r\n`), [400]],
  [
    'a carriage return in a chunk extension',
    messages(['Transfer-Encoding: chunked'], `5;a\rb\r\nhello\r\n0\r\n\r\n`),
    [400],
  ],
  [
    'a chunk extension of 100,000 bytes',
    messages(['Transfer-Encoding: chunked'], `5;${'a'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`),
    [400],
  ],
  ['a NUL in a trailer', messages(['Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\nx: \0\r\n\r\n`), [400]],
  [
    'trailers of 100,000 bytes',
    messages(['Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`),
    [431],
  ],
  [
    'a length in a trailer',
    messages(['Transfer-Encoding: chunked'], `${chunked(BODY)}0\r\nContent-Length: 5\r\n\r\n`),
    [400],
  ],
  ['the end of the chunks is missing', messages(['Transfer-Encoding: chunked'], chunked(BODY)), [408]],
  ['the end of the body is missing', messages([`Content-Length: ${LENGTH + 1}`], BODY), [408]],
  ['the end of the head is missing', 'POST /v1/messages HTTP/1.1\r\nHost: x\r\n', [408]],
  [
    'a length named by Connection',
    messages([`Content-Length: ${LENGTH}`, 'Connection: content-length, host'], BODY),
    [200, 200],
    1,
  ],
  [
    'chunks named by Connection',
    messages(['Transfer-Encoding: chunked', 'Connection: transfer-encoding'], `${chunked(BODY)}0\r\n\r\n`),
    [200, 200],
    1,
  ],
  ['a GET with a body', `${get('/v1/models', ['Host: x', 'Content-Length: 20'])}${'x'.repeat(20)}`, [200, 200], 1],
  ['a body of a stranger', messages([`Content-Length: ${LENGTH}`], BODY).replace('KEY', 'tg_nobody'), [401, 200]],
];

let proxy: ProxyUnderTest;
beforeAll(async () => {
  proxy = await startProxy({ limits: { headersTimeoutMs: 700, requestTimeoutMs: 1_000 } });
});
afterAll(() => proxy?.[Symbol.asyncDispose]());

for (const [suite, cases] of Object.entries({
  'what is well formed': GOOD,
  'request lines': REQUEST_LINES,
  headers: HEADERS,
  framing: FRAMING,
})) {
  describe(suite, () => {
    for (const [name, bytes, answers, forwarded = 0] of cases) {
      it(name, async () => {
        const before = proxy.api.counters.requests;
        expect(await exchange(bytes)).toEqual(answers);
        expect(proxy.api.counters.requests - before).toBe(forwarded);
        if (forwarded > 0) for (const request of proxy.api.requests.slice(-forwarded)) expectSound(request);
        expect((await fetch(`${proxy.baseUrl}/livez`)).status).toBe(200);
        await proxy.quiet();
      });
    }
  });
}

it('and after all of it the books are right', async () => {
  await proxy.expectBilled();
});

/** Sends the bytes, then the fence if the connection is still open after an answer. @returns the statuses in order. */
async function exchange(bytes: string): Promise<number[]> {
  using connection = await openRaw(proxy.port);
  const statuses = (): number[] =>
    [...connection.received().matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  let closed = false;
  connection.socket.once('close', () => {
    closed = true;
  });
  connection.write(Buffer.from(bytes.replaceAll('KEY', proxy.secret), 'latin1'));
  await until(() => closed || statuses().length > 0, { what: 'an answer' });
  if (!closed) connection.write(FENCE);
  await connection.closed();
  return statuses();
}

/** What reached the upstream has one host, one key, ours, one framing, and the body as it was meant. */
function expectSound({ method, rawHeaders, body }: (typeof proxy.api.requests)[number]): void {
  const valuesOf = (name: string): string[] =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  expect(valuesOf('host')).toHaveLength(1);
  expect(valuesOf('x-api-key')).toEqual([UPSTREAM_KEY]);
  for (const name of ['transfer-encoding', 'trailer', 'x-t', 'upgrade', 'http2-settings', 'expect']) {
    expect(valuesOf(name)).toEqual([]);
  }
  expect(body.toString()).toBe(method === 'POST' ? BODY : '');
  expect(valuesOf('content-length')).toEqual(method === 'POST' ? [`${LENGTH}`] : []);
}
