import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SMALL_REQUEST, STREAM_REQUEST, startProxy } from '../../support/proxy-under-test.ts';
import { type RawUpstream, startRawUpstream } from '../../support/raw-upstream.ts';

const MESSAGE = JSON.stringify({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 5, output_tokens: 1 },
});
const EVENTS = [
  '{"type":"message_start","message":{"model":"claude-haiku-4-5","usage":{"input_tokens":5,"output_tokens":1}}}',
  '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}',
  '{"type":"message_stop"}',
]
  .map((data) => `event: ${JSON.parse(data).type}\ndata: ${data}\n\n`)
  .join('');
const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const LENGTH = `content-length: ${MESSAGE.length}\r\n\r\n`;
const GOOD = `${JSON_HEAD}${LENGTH}${MESSAGE}`;

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** One upstream per test, that answers the first request as given and the others well. */
async function answeringOnce(bytes: string | Buffer, close = true): Promise<RawUpstream> {
  return startRawUpstream((socket, _request, sequence) => {
    if (sequence > 0) socket.write(GOOD);
    else if (close) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** Unless it closes, the connection is left open after the answer, as an upstream does that keeps it alive. */
interface Answer {
  bytes: string | Buffer;
  closes?: true;
  /** What a client of the JSON or of the stream gets: a status, or `cut` for an answer that does not come to its end. */
  expected: number | 'cut';
  /** The headers that must not be there. */
  without?: readonly string[];
  stream?: true;
}

const ANSWERS: { readonly [name: string]: Answer } = {
  'well formed': { bytes: GOOD, expected: 200 },
  'interim answers before it': {
    bytes: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${GOOD}`,
    expected: 200,
    without: ['link'],
  },
  'a 100 that nobody asked for': { bytes: `HTTP/1.1 100 Continue\r\n\r\n${GOOD}`, expected: 502 },
  'interim answers without an end': {
    bytes: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(10_000),
    expected: 504,
  },
  'by HTTP/1.0, to the end of the connection': {
    bytes: `HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${MESSAGE}`,
    closes: true,
    expected: 200,
  },
  'a body with a 204': { bytes: `HTTP/1.1 204 No Content\r\n\r\n${MESSAGE}`, expected: 204 },
  'a body with a 304': { bytes: `HTTP/1.1 304 Not Modified\r\n\r\n${MESSAGE}`, expected: 502 },
  'a length that is too short': { bytes: `${JSON_HEAD}content-length: 5\r\n\r\n${MESSAGE}`, expected: 200 },
  'a length that is too long': {
    bytes: `${JSON_HEAD}content-length: 9999\r\n\r\n${MESSAGE}`,
    closes: true,
    expected: 502,
  },
  'a length that is too long, of a stream': {
    bytes: `${STREAM_HEAD}content-length: 9999\r\n\r\n${EVENTS}`,
    closes: true,
    expected: 'cut',
    stream: true,
  },
  'a length that is too long and never comes': {
    bytes: `${JSON_HEAD}content-length: 9999\r\n\r\n${MESSAGE}`,
    expected: 504,
  },
  'a length and chunks': {
    bytes: `${JSON_HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n${chunk(MESSAGE)}0\r\n\r\n`,
    expected: 502,
  },
  'two lengths': { bytes: `${JSON_HEAD}content-length: 5\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'a length in hex': { bytes: `${JSON_HEAD}content-length: 0x10\r\n\r\n${MESSAGE}`, expected: 502 },
  'a chunk size that is none': {
    bytes: `${JSON_HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n${MESSAGE}\r\n0\r\n\r\n`,
    expected: 502,
  },
  'closed in a chunk': {
    bytes: `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\nffff\r\n${EVENTS}`,
    closes: true,
    expected: 'cut',
    stream: true,
  },
  'closed before the last chunk': {
    bytes: `${JSON_HEAD}transfer-encoding: chunked\r\n\r\n${chunk(MESSAGE)}`,
    closes: true,
    expected: 502,
  },
  'trailers, which go nowhere': {
    bytes: `${STREAM_HEAD}transfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n${chunk(EVENTS)}0\r\nx-t: 1\r\nset-cookie: a=b\r\n\r\n`,
    expected: 200,
    without: ['x-t', 'trailer', 'set-cookie'],
    stream: true,
  },
  'a folded header': { bytes: `${JSON_HEAD}x-a: 1\r\n 2\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'a NUL in a header': { bytes: `${JSON_HEAD}x-a: \0\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'a bare carriage return in a header': { bytes: `${JSON_HEAD}x-a: 1\rx-b: 2\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'a space before a colon': { bytes: `${JSON_HEAD}x-a : 1\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'headers of 100,000 bytes': { bytes: `${JSON_HEAD}x: ${'y'.repeat(100_000)}\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'headers without an end': { bytes: `${JSON_HEAD}x: `, expected: 504 },
  'a line of status that is none': { bytes: `HTTP/1.1 OK\r\n\r\n${MESSAGE}`, expected: 502 },
  'a status of one digit': { bytes: `HTTP/1.1 2 OK\r\n${LENGTH}${MESSAGE}`, expected: 502 },
  'another protocol': { bytes: 'SSH-2.0-OpenSSH_9.2\r\n', expected: 502 },
  'a frame of HTTP/2': { bytes: '\0\0\x12\x04\0\0\0\0\0', expected: 502 },
  'a switch of protocols that nobody asked for': {
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    expected: 502,
  },
  'hop-by-hop headers, which go nowhere': {
    bytes: `${JSON_HEAD}connection: keep-alive, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\n${LENGTH}${MESSAGE}`,
    expected: 200,
    without: ['x-hop'],
  },
  'two headers of the connection': {
    bytes: `${JSON_HEAD}connection: keep-alive\r\nconnection: x-hop\r\nx-hop: 1\r\n${LENGTH}${MESSAGE}`,
    expected: 200,
    without: ['x-hop'],
  },
  'gzip, though identity was asked for': {
    bytes: Buffer.concat([
      Buffer.from(`${JSON_HEAD}content-encoding: gzip\r\ncontent-length: ${gzipSync(MESSAGE).length}\r\n\r\n`),
      gzipSync(MESSAGE),
    ]),
    expected: 200,
  },
  'closed at once': { bytes: '', closes: true, expected: 502 },
  'nothing at all': { bytes: '', expected: 504 },
};

describe('an answer of the upstream', () => {
  it.each(Object.entries(ANSWERS))('%s', async (_, answer) => {
    await using upstream = await answeringOnce(answer.bytes, answer.closes ?? false);
    await using proxy = await startProxy({
      upstream: { baseUrl: upstream.baseUrl },
      limits: { upstreamFirstByteMs: 1_200, upstreamSilenceMs: 1_200 },
    });
    const response = await proxy.send(answer.stream ? STREAM_REQUEST : SMALL_REQUEST);
    if (answer.expected === 'cut') await expect(response.arrayBuffer()).rejects.toThrow();
    else {
      expect(response.status).toBe(answer.expected);
      await response.arrayBuffer();
    }
    for (const name of answer.without ?? []) expect(response.headers.get(name)).toBeNull();
    await proxy.expectSound();
    // Whatever was left of it is nobody else's answer.
    const next = await proxy.send(SMALL_REQUEST);
    expect([next.status, await next.text()]).toEqual([200, MESSAGE]);
    await proxy.expectSound();
  });

  it('two to one request: the second is nobody else’s answer', async () => {
    const poison = MESSAGE.replace('Hello', 'not for you');
    const second = `${JSON_HEAD}content-length: ${poison.length}\r\n\r\n${poison}`;
    await using upstream = await answeringOnce(GOOD + second, false);
    await using proxy = await startProxy({
      upstream: { baseUrl: upstream.baseUrl },
      limits: { upstreamConnections: 1 },
    });
    for (let round = 0; round < 3; round += 1) expect(await (await proxy.send(SMALL_REQUEST)).text()).toBe(MESSAGE);
    await proxy.expectSound();
  });

  it('that never ends is ended by the longest life of a call, and holds no memory', async () => {
    const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
    await using upstream = await startRawUpstream((socket) => {
      socket.write(`${STREAM_HEAD}\r\n`);
      const send = (): void => {
        while (!socket.destroyed && socket.write(ping.repeat(1_000)));
        if (!socket.destroyed) socket.once('drain', send);
      };
      send();
    });
    await using proxy = await startProxy({ upstream: { baseUrl: upstream.baseUrl }, limits: { callTotalMs: 1_000 } });
    const response = await proxy.send(STREAM_REQUEST);
    let bytes = 0;
    const read = async (): Promise<void> => {
      for await (const part of response.body as AsyncIterable<Uint8Array>) bytes += part.byteLength;
    };
    await expect(read()).rejects.toThrow();
    expect(bytes).toBeGreaterThan(ping.length);
    await proxy.expectSound();
  });
});
