// Goal: answers that are written together at the end of a turn are the same bytes, and nothing of them is lost or late.
// Method: a real server whose answers are written by hand, and sockets that read them.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { atTurnEnd } from '../../src/event-loop/turn-end.ts';
import { endTogether, letGo, writeTogether } from '../../src/http/write-together.ts';
import { openRaw, type RawConnection } from '../support/raw-http.ts';
import { until } from '../support/until.ts';

let asked: ServerResponse[] = [];
const server = createServer((_, response) => void asked.push(response));
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
});

async function ask(times: number): Promise<RawConnection> {
  const connection = await openRaw((server.address() as AddressInfo).port);
  connection.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(times));
  await until(() => asked.length === times);
  return connection;
}

describe('answers that end in one turn of the event loop', () => {
  it.each([0, 1, 256, 16 * 1_024, 16 * 1_024 + 1, 100_000])('keep the bytes of a body of %d', async (bytes) => {
    using connection = await ask(1);
    const body = Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7) & 255));
    asked[0]?.writeHead(200, { 'content-length': bytes, connection: 'close' });
    endTogether(asked[0] as ServerResponse, body);
    const text = await connection.closed();
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(body.toString('latin1'));
  });

  it('come in the order of their requests, whichever ends first', async () => {
    using connection = await ask(2);
    for (const index of [1, 0]) {
      asked[index]?.writeHead(200, { 'content-length': 1 });
      endTogether(asked[index] as ServerResponse, Buffer.from(`${index}`));
    }
    expect(await connection.receives(/\r\n1/)).toMatch(/\r\n\r\n0HTTP[\s\S]*\r\n\r\n1$/);
  });

  it('go out ahead of what was asked of the store before them', async () => {
    using connection = await ask(1);
    const response = asked[0] as ServerResponse;
    response.writeHead(200, { 'content-length': 1 });
    let hadEnded: boolean | undefined;
    atTurnEnd('send', () => {
      hadEnded = response.writableEnded;
    });
    endTogether(response, Buffer.from('a'));
    await connection.receives(/a$/);
    expect(hadEnded).toBe(true);
  });

  it('wait for nothing but the end of the turn', async () => {
    using connection = await ask(1);
    const response = asked[0] as ServerResponse;
    response.writeHead(200, { 'content-length': 1 });
    endTogether(response, Buffer.from('a'));
    expect(response.writableEnded).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(response.writableEnded).toBe(true);
    await connection.receives(/a$/);
  });
});

describe('what is written of an answer in one turn', () => {
  it('goes out at its end, the end of the answer with it', async () => {
    using connection = await ask(1);
    const response = asked[0] as ServerResponse;
    response.writeHead(200, { connection: 'close' });
    for (const text of ['one', 'two']) {
      writeTogether(response);
      response.write(text);
    }
    endTogether(response);
    expect(response.socket?.bytesWritten).toBeGreaterThan(0);
    expect(response.socket?.writableLength).toBeGreaterThan(0);
    expect(await connection.closed()).toMatch(/\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
  });

  it('is let go before the connection is broken off', async () => {
    using connection = await ask(1);
    const response = asked[0] as ServerResponse;
    writeTogether(response);
    response.writeHead(200);
    response.write('the last that came');
    letGo(response);
    response.destroy();
    expect(await connection.closed()).toContain('the last that came');
  });
});
