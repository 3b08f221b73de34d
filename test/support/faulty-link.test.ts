import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectRedis, type RedisClient } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { type FaultyLink, openFaultyLink } from './faulty-link.ts';
import { createFrameReader, readCommand } from './redis-frames.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

let server: RedisServer;
let direct: Redis;
let link: FaultyLink;
beforeAll(async () => {
  server = await startRedisServer();
  direct = new Redis(server.url);
});
afterAll(async () => {
  direct.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await direct.flushall();
  const opened = await openFaultyLink(server.port);
  link = opened;
  onTestFinished(() => opened[Symbol.asyncDispose]());
});

async function connect(commandTimeoutMs = 2_000): Promise<RedisClient> {
  const client = await connectRedis({ url: link.url, commandTimeoutMs, startTimeoutMs: 5_000, onFault: () => {} });
  onTestFinished(() => client.disconnect());
  return client;
}

describe('a faulty link', () => {
  test('passes everything and names scripts by their path', async () => {
    const client = await connect();
    await createRedisLedger({ client }).ping();
    await client.set('a', 'x'.repeat(100_000));
    expect((await client.get('a'))?.length).toBe(100_000);
    expect(link.commands.filter((name) => ['ping', 'set', 'get'].includes(name))).toEqual(['ping', 'set', 'get']);
  });
  test('cuts before a command, which has no effect, or after it, when it had one', async () => {
    const client = await connect(300);
    link.decide((command) => (command === 'incr' ? 'cut_before' : undefined));
    await expect(client.incr('a')).rejects.toThrow();
    expect(await direct.get('a')).toBeNull();
    link.decide((command) => (command === 'incr' ? 'cut_after' : undefined));
    await until(() => client.status === 'ready');
    await expect(client.incr('b')).rejects.toThrow();
    // The client sends it again whenever it is connected, until the command times out: what repeats must be harmless.
    expect(Number(await direct.get('b'))).toBeGreaterThan(1);
  });
  test('keeps a request or a reply until it is let go', async () => {
    const client = await connect();
    link.decide((command) => (command === 'incr' ? 'keep_request' : undefined));
    const kept = client.incr('a');
    await until(() => link.kept === 1);
    expect(await direct.get('a')).toBeNull();
    link.letGo();
    expect(await kept).toBe(1);
    link.decide((command) => (command === 'incr' ? 'keep_reply' : undefined));
    const answered = client.incr('a');
    await until(() => link.kept === 1);
    expect(await direct.get('a')).toBe('2');
    link.letGo();
    expect(await answered).toBe(2);
  });
  test('leads to another server, and refuses', async () => {
    const other = await startRedisServer();
    onTestFinished(() => other.stop());
    const client = await connect();
    await client.set('a', 'first');
    link.leadTo(other.port);
    await until(async () => (await client.get('a')) === null);
    await link.refuse();
    await until(() => client.status === 'reconnecting');
    await expect(client.get('a')).rejects.toThrow();
    await link.accept();
    await until(async () => (await client.get('a')) === null);
  });
});

test('frames are found whatever the size of the pieces', () => {
  const texts = [
    '+OK\r\n',
    '$3\r\na\r\n\r\n',
    '*2\r\n$-1\r\n:1\r\n',
    '%1\r\n+k\r\n*1\r\n_\r\n',
    '*-1\r\n',
    '*0\r\n',
    '>1\r\n+m\r\n',
  ];
  for (const size of [1, 2, 3, 7, 1_000]) {
    const reader = createFrameReader();
    const bytes = Buffer.from(texts.join(''));
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      frames.push(...reader.push(bytes.subarray(at, at + size)).map((frame) => frame.toString()));
    }
    expect(frames).toEqual(texts);
  }
  expect(readCommand(Buffer.from('*2\r\n$3\r\nGET\r\n$2\r\nä\r\n'))).toEqual(['GET', 'ä']);
});
