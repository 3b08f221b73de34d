import { createServer } from 'node:net';
import { Cluster, type Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../../src/directory/create-id.ts';
import { checkRedis } from '../../../src/store/redis/check-redis.ts';
import {
  connectRedis,
  type RedisClient,
  RedisUnreachable,
  reconnectDelayMs,
  watchReconnects,
} from '../../../src/store/redis/connect-redis.ts';
import { openRedisDirectory } from '../../../src/store/redis/redis-directory.ts';
import { classifyStoreFault } from '../../../src/store/redis/store-fault.ts';
import { findFreePort } from '../../support/free-port.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';

async function start(...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer({ args });
  onTestFinished(() => server.stop());
  return server;
}

async function connect(url: string, onFault: (error: Error) => void = () => {}): Promise<RedisClient> {
  const client = await connectRedis({ url, commandTimeoutMs: 300, startTimeoutMs: 3_000, onFault });
  onTestFinished(() => client.disconnect());
  return client;
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error,
  );

describe('connectRedis', () => {
  test('resolves with a client that takes commands, by port and by socket', async () => {
    const server = await start();
    expect(await (await connect(`${server.url}/2`)).set('k', 'v')).toBe('OK');
    expect(await (await connect(`${server.socketPath}?db=2`)).get('k')).toBe('v');
    expect(await (await connect(server.url)).get('k')).toBeNull();
  });

  test('waits for a Redis that comes up during the start', async () => {
    const server = await start();
    await server.kill();
    const connecting = connect(server.url);
    await server.restart();
    expect(await (await connecting).ping()).toBe('PONG');
  });

  test('gives up within its bound, and says where and why without the password', async () => {
    const port = await findFreePort();
    const options = { commandTimeoutMs: 100, startTimeoutMs: 200, onFault: () => {} };
    const error = await failureOf(connectRedis({ ...options, url: `redis://u:hunter2@127.0.0.1:${port}` }));
    expect(error).toBeInstanceOf(RedisUnreachable);
    expect(String(error)).toMatch(`127.0.0.1:${port} did not answer within 200 ms: connect ECONNREFUSED`);
    expect(String(error)).not.toContain('hunter2');
  });

  test('gives up on a server that accepts and never answers', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const options = { commandTimeoutMs: 100, startTimeoutMs: 200, onFault: () => {} };
    const error = await failureOf(connectRedis({ ...options, url: `redis://127.0.0.1:${port}` }));
    expect(error).toBeInstanceOf(RedisUnreachable);
  });

  test('says that the password is wrong', async () => {
    const server = await start();
    await ((await connect(server.url)) as Redis).config('SET', 'requirepass', 'right');
    const options = { commandTimeoutMs: 100, startTimeoutMs: 300, onFault: () => {} };
    const url = server.url.replace('redis://', 'redis://:wrong@');
    expect(String(await failureOf(connectRedis({ ...options, url })))).toMatch(/WRONGPASS/);
  });

  test('fails commands at once while Redis is away, tells the faults, and comes back', async () => {
    const server = await start();
    const faults: Error[] = [];
    const client = await connect(server.url, (error) => faults.push(error));
    await server.kill();
    await until(() => client.status !== 'ready');
    const before = performance.now();
    expect(classifyStoreFault(await failureOf(client.get('k')))).toBe('unavailable');
    expect(performance.now() - before).toBeLessThan(100);
    await until(() => faults.length > 0);
    await server.restart();
    await until(async () => (await client.ping()) === 'PONG');
  });

  test('a command that is not answered in time fails as unavailable', async () => {
    const server = await start();
    const client = await connect(server.url);
    server.pause();
    onTestFinished(() => server.resume());
    expect(classifyStoreFault(await failureOf(client.get('k')))).toBe('unavailable');
  });
});

test('reconnection delays grow to two seconds and stay there', () => {
  for (let attempt = 1; attempt < 10_000; attempt += 7) {
    const delay = reconnectDelayMs(attempt);
    expect(delay).toBeGreaterThanOrEqual(37);
    expect(delay).toBeLessThanOrEqual(2_000);
  }
  expect(reconnectDelayMs(1)).toBeLessThanOrEqual(50);
  expect(reconnectDelayMs(1_000_000)).toBeGreaterThanOrEqual(1_500);
});

test('every connection that is made anew is told of', async () => {
  const server = await start();
  const client = await connect(server.url);
  let reconnects = 0;
  watchReconnects(client, () => {
    reconnects += 1;
  });
  await server.restart();
  await until(() => reconnects === 1, { what: 'the first new connection' });
  await server.restart();
  await until(() => reconnects === 2, { what: 'the second one' });
});

describe('classifyStoreFault', () => {
  test('knows what the server cannot take now from what is wrong', async () => {
    const server = await start();
    const client = (await connect(server.url)) as Redis;
    await client.set('text', 'v');
    const fault = async (work: Promise<unknown>): Promise<string> => classifyStoreFault(await failureOf(work));
    expect(await fault(client.incr('text'))).toBe('refused');
    expect(await fault(client.lpush('text', 'v'))).toBe('refused');
    expect(await fault(client.eval("return redis.error_reply('CORRUPT x')", 0))).toBe('refused');
    await client.config('SET', 'maxmemory', '1');
    expect(await fault(client.set('k', 'v'))).toBe('unavailable');
    expect(await fault(client.eval("#!lua\nreturn redis.call('SET', KEYS[1], 'v')", 1, 'k'))).toBe('unavailable');
    await client.config('SET', 'maxmemory', '0');
    await client.config('SET', 'min-replicas-to-write', '1');
    expect(await fault(client.set('k', 'v'))).toBe('unavailable');
    expect(await fault(client.eval("return redis.call('SET', KEYS[1], 'v')", 1, 'k'))).toBe('unavailable');
    await client.config('SET', 'min-replicas-to-write', '0');
    await client.call('REPLICAOF', '127.0.0.1', '1');
    expect(await fault(client.set('k', 'v'))).toBe('unavailable');
  });
});

describe('checkRedis', () => {
  test('finds nothing wrong but the missing replica in the settings we recommend', async () => {
    const server = await start();
    const check = await checkRedis(await connect(server.url));
    expect(check.problems).toEqual([]);
    expect(check.warnings.map(({ risk }) => risk)).toEqual(['no_replica']);
  });

  test('names each thing that is wrong', async () => {
    const server = await start(
      '--maxmemory-policy',
      'allkeys-lru',
      '--appendonly',
      'no',
      '--min-replicas-to-write',
      '1',
    );
    const client = (await connect(server.url)) as Redis;
    expect(await checkRedis(client)).toEqual({
      problems: [expect.stringMatching(/maxmemory-policy is allkeys-lru/)],
      warnings: [
        expect.objectContaining({ risk: 'no_append_only_file' }),
        expect.objectContaining({ risk: 'no_replica' }),
      ],
    });
    await client.call('REPLICAOF', '127.0.0.1', '1');
    expect((await checkRedis(client)).problems).toContainEqual(expect.stringMatching(/is a replica/));
  });

  test('names what a power failure, and a fail-over, would lose', async () => {
    const server = await start('--appendfsync', 'no', '--repl-diskless-sync-delay', '0');
    await start('--replicaof', `127.0.0.1 ${server.port}`);
    const client = (await connect(server.url)) as Redis;
    await until(async () => (await client.info('replication')).includes('state=online'));
    expect((await checkRedis(client)).warnings.map(({ risk }) => risk)).toEqual([
      'file_not_synced',
      'writes_not_awaited',
    ]);
    await client.call('ACL', 'SETUSER', 'default', '-config');
    expect((await checkRedis(client)).warnings.map(({ risk }) => risk)).toEqual(['writes_not_awaited']);
  });

  test('refuses an old version', async () => {
    const info =
      'redis_version:6.2.14\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nconnected_slaves:1\r\nmin_slaves_good_slaves:1\r\n';
    const config = async () => ['appendfsync', 'everysec'];
    const client = { info: async () => info, config } as unknown as Redis;
    expect(await checkRedis(client)).toEqual({
      problems: [expect.stringMatching(/6\.2\.14 is too old/)],
      warnings: [],
    });
  });
});

test('a cluster is checked, holds the directory, and announces changes', async () => {
  const server = await start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
  const bare = (await connect(server.url)) as Redis;
  await bare.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await bare.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  const client = await connect(`redis+cluster://127.0.0.1:${server.port}`);
  expect(client).toBeInstanceOf(Cluster);
  expect((await checkRedis(client)).problems).toEqual([]);

  const directory = await openRedisDirectory(client);
  const other = await openRedisDirectory(await connect(`redis+cluster://127.0.0.1:${server.port}`));
  const id = createId('acct', 0);
  const heard = new Promise<void>((resolve) => other.onChange((accountId) => accountId === id && resolve()));
  const created = await directory.createAccount({
    id,
    name: 'a',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'finish',
    lowBalanceNanoUsd: [],
    createdAtMs: 0,
  });
  expect(created.result).toBe('created');
  await heard;
  expect((await other.findAccount(id))?.id).toBe(id);
  await Promise.all([directory.close(), other.close()]);
});
