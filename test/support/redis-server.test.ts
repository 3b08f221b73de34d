import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendRedisLine } from './redis-ping.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

async function startedServer(args: readonly string[] = []): Promise<{ server: RedisServer; redis: Redis }> {
  const server = await startRedisServer({ args });
  const redis = new Redis(server.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
  });
  return { server, redis };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('startRedisServer', () => {
  test('runs with the append-only file, without snapshots and without eviction', async () => {
    const { redis } = await startedServer();
    expect(await redis.config('GET', 'append*', 'save', 'maxmemory-policy')).toEqual(
      expect.arrayContaining([
        'appendonly',
        'yes',
        'appendfsync',
        'everysec',
        'maxmemory-policy',
        'noeviction',
        'save',
        '',
      ]),
    );
  });

  test('keeps acknowledged data over a crash and a restart, on the same port', async () => {
    const { server, redis } = await startedServer(['--appendfsync', 'always']);
    const before = server.pid;
    await redis.set('kept', 'yes');
    await server.kill();
    await server.restart();
    expect(server.pid).not.toBe(before);
    expect(await redis.get('kept')).toBe('yes');
  });

  test('restart after a plain run keeps the data too', async () => {
    const { server, redis } = await startedServer();
    await redis.set('kept', 'yes');
    await server.restart();
    expect(await redis.get('kept')).toBe('yes');
  });

  test('a paused server answers nothing and goes on when resumed', async () => {
    const { server, redis } = await startedServer();
    await redis.ping();
    server.pause();
    await expect(sendRedisLine(server.socketPath, 'PING')).rejects.toThrow('no reply');
    server.resume();
    expect(await redis.ping()).toBe('PONG');
  });

  test('stop ends the process and removes its folder, paused or not, twice or not', async () => {
    const { server } = await startedServer();
    const pid = server.pid as number;
    server.pause();
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(server.socketPath))).toBe(false);
  });

  test('an argument that redis-server refuses is an error that shows its log', async () => {
    await expect(startRedisServer({ args: ['--maxmemory-policy', 'no-such'] })).rejects.toThrow(/redis-server ended/);
  });

  test('the server does not outlive a test process that is killed', async () => {
    const script = `import { startRedisServer } from ${JSON.stringify(import.meta.resolve('./redis-server.ts'))};
      const server = await startRedisServer();
      console.log(server.pid + ' ' + server.socketPath);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const [pid, socketPath] = line.toString().trim().split(' ') as [string, string];
    expect(existsSync(socketPath)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(Number(pid)) && !existsSync(dirname(socketPath)));
  });
});
