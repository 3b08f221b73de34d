// Goal: a body whose chunks are framed by us is the same to every client as one that Node frames.
// Method: a real server that passes on pieces of many sizes; Node's own client reads them, and raw sockets see the bytes.
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchClient } from '../../src/http/client-connection.ts';
import { openRaw } from '../support/raw-http.ts';

/** What the next request is answered with. */
let answer: (response: ServerResponse) => void = () => {};
const server = createServer((_, response) => answer(response));
const port = () => (server.address() as AddressInfo).port;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

const passOn = (pieces: readonly Uint8Array[], last?: Uint8Array, headers = {}) => {
  answer = (response) => {
    const client = watchClient(response);
    client.start(200, { 'content-type': 'text/event-stream', ...headers });
    for (const piece of pieces) client.write(piece);
    client.end(last);
  };
};
const ask = async () => {
  const sent = request({ port: port(), host: '127.0.0.1' }).end();
  const [response] = await once(sent, 'response');
  return { headers: response.headers, body: await buffer(response) };
};
const askRaw = async (version: string) => {
  using connection = await openRaw(port());
  connection.write(`GET / HTTP/${version}\r\nhost: a\r\nconnection: close\r\n\r\n`);
  const text = await connection.closed();
  return { head: text.slice(0, text.indexOf('\r\n\r\n')), body: text.slice(text.indexOf('\r\n\r\n') + 4) };
};

describe('a body framed by us', () => {
  it('is the pieces that were written, of whatever sizes', async () => {
    const size = fc.oneof(fc.nat(300), fc.constantFrom(0, 15, 16, 255, 256, 16 * 1_024, 16 * 1_024 + 1, 70_000));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 12 }), fc.boolean(), async (sizes, hasLast) => {
        const pieces = sizes.map((bytes, at) => Buffer.alloc(bytes, at + 1));
        const last = hasLast ? Buffer.from('event: message_stop\n\n') : undefined;
        passOn(pieces, last);
        const { headers, body } = await ask();
        expect(headers['transfer-encoding']).toBe('chunked');
        expect(body.equals(Buffer.concat(last === undefined ? pieces : [...pieces, last]))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('has a frame around each piece, in hex, and its end', async () => {
    passOn(['data: {}\n\n', 'x'.repeat(300), ''].map((text) => Buffer.from(text)));
    expect((await askRaw('1.1')).body).toBe(`a\r\ndata: {}\n\n\r\n12c\r\n${'x'.repeat(300)}\r\n0\r\n\r\n`);
  });

  it('has no frames for a client of HTTP/1.0, which reads to the end of the connection', async () => {
    passOn([Buffer.from('data: 1\n\n')], Buffer.from('data: 2\n\n'));
    const { head, body } = await askRaw('1.0');
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(body).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('has no frames where its length is known', async () => {
    passOn([Buffer.from('abc')], undefined, { 'content-length': 3 });
    const { head, body } = await askRaw('1.1');
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(body).toBe('abc');
  });

  it('leaves its connection to the next request', async () => {
    passOn([Buffer.from('one')]);
    using connection = await openRaw(port());
    for (const times of [1, 2]) {
      connection.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      const text = await connection.receives(new RegExp(`(?:3\\r\\none\\r\\n0\\r\\n\\r\\n[\\s\\S]*){${times}}$`));
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(times);
    }
  });

  it('comes in its turn where requests were pipelined', async () => {
    passOn([Buffer.from('one')], Buffer.from('two'));
    using connection = await openRaw(port());
    connection.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3));
    const text = await connection.receives(/(?:0\r\n\r\n[\s\S]*){3}$/);
    expect(text.match(/\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n/g)).toHaveLength(3);
  });
});
