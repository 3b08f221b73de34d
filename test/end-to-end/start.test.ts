// Goal: what cannot start says why, in sentences, all of them at once, and leaves nothing behind.
// Method: the real process with an environment that is wrong in one way or in many.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { type Environment, spawnTollgate, waitUntilRunning } from '../support/tollgate-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts with this and resolves with what it said when it ended. */
async function failToStart(environment: Environment, dataFolder = join(folder, 'data')): Promise<string> {
  const started = spawnTollgate(dataFolder, environment);
  expect(await started.ended).toEqual({ code: 1, signal: null });
  expect(started.stdout()).not.toContain('is running');
  expect(started.stdout()).not.toContain('started again');
  // Sentences for a person, not stacks.
  expect(started.stderr()).toMatch(/^Tollgate cannot start:\n( {2}- .+\n)+$/);
  return started.stderr();
}

test('every problem of the settings is told at once, and no secret', async () => {
  const file = join(folder, 'tollgate.yaml');
  writeFileSync(file, 'log_level: loud\nlimits:\n  json_depht: 3\n');
  const said = await failToStart({
    TOLLGATE_CONFIG: file,
    PORT: 'eighty',
    ADMIN_TOKEN: 'short secret',
    UPSTREAM_BASE_URL: 'ftp://example.com',
    REDIS_URL: 'redis:/user:secret-password@host',
    LIMIT_HOLD_LEASE_MS: '1000',
    LIMIT_JSON_DEPHT: '3',
  });
  for (const name of [
    'log_level|LOG_LEVEL',
    'PORT',
    'ADMIN_TOKEN',
    'UPSTREAM_BASE_URL',
    'REDIS_URL',
    'LIMIT_JSON_DEPHT',
  ]) {
    expect(said).toMatch(new RegExp(`^  - .*(${name})`, 'm'));
  }
  expect(said).toMatch(/LIMIT_HOLD_HEARTBEAT_MS: is more than half of LIMIT_HOLD_LEASE_MS/);
  expect(said).not.toMatch(/short secret|secret-password/);
});

test('more processes than one on the embedded store are refused, not served by one', async () => {
  const said = await failToStart({ WORKERS: '2' });
  expect(said).toContain('WORKERS: more than one process needs REDIS_URL');
});

test('workers that cannot start say why, once, and leave no process behind', async () => {
  const redis = await startRedisServer();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const { port } = taken.address() as AddressInfo;
    // Its output ends, which the workers share: none is left.
    const said = await failToStart({ WORKERS: '3', REDIS_URL: redis.url, PORT: `${port}` });
    expect(said).toContain('EADDRINUSE');
    expect(said.trim().split('\n')).toHaveLength(2);
  } finally {
    taken.close();
    await redis.stop();
  }
});

test.each([
  [
    'a configuration file that is not there',
    (at: string) => ({ TOLLGATE_CONFIG: at }),
    undefined,
    /cannot be read \(ENOENT\)/,
  ],
  ['one that is no YAML', (at: string) => ({ TOLLGATE_CONFIG: at }), 'limits: [', /wrong\.file/],
  ['a rate card that is not there', (at: string) => ({ RATE_CARD: at }), undefined, /wrong\.file/],
  ['one that is no rate card', (at: string) => ({ RATE_CARD: at }), '{"models": 3}', /models/],
  ['a data folder that is a file', (at: string) => ({ DATA_DIR: at }), 'x', /data folder .* cannot be made/],
  [
    'a secret file that is not there',
    (at: string) => ({ ANTHROPIC_API_KEY_FILE: at }),
    undefined,
    /ANTHROPIC_API_KEY_FILE/,
  ],
])('%s is named', async (_name, makeEnvironment, content, expected) => {
  const path = join(folder, 'wrong.file');
  if (content !== undefined) writeFileSync(path, content);
  expect(await failToStart(makeEnvironment(path))).toMatch(expected);
});

test('a port that is taken, and a data folder that is in use, are told; the first process serves on', async () => {
  const data = join(folder, 'data');
  const first = spawnTollgate(data);
  const { publicUrl, adminUrl } = await waitUntilRunning(first);
  expect(await failToStart({}, data)).toMatch(/tollgate\.sqlite is open in another Tollgate process/);
  expect(await failToStart({ PORT: new URL(publicUrl).port }, join(folder, 'other'))).toMatch(/EADDRINUSE/);
  expect(await failToStart({ ADMIN_PORT: new URL(adminUrl).port }, join(folder, 'other'))).toMatch(/EADDRINUSE/);
  expect((await fetch(`${publicUrl}/readyz`)).status).toBe(200);
  first.signal('SIGTERM');
  expect(await first.ended).toEqual({ code: 0, signal: null });

  // Neither the refused ones nor the one that ended keep anything locked.
  for (const name of ['data', 'other']) {
    const again = spawnTollgate(join(folder, name));
    await waitUntilRunning(again);
    again.signal('SIGTERM');
    expect(await again.ended).toEqual({ code: 0, signal: null });
  }
});

test('a data folder whose process was killed is free at once', async () => {
  const first = spawnTollgate(folder);
  await waitUntilRunning(first);
  first.signal('SIGKILL');
  await first.ended;
  const second = spawnTollgate(folder);
  await waitUntilRunning(second);
  second.signal('SIGTERM');
  expect(await second.ended).toEqual({ code: 0, signal: null });
});

test('a Redis that is not there is told, without its password', async () => {
  const said = await failToStart({ REDIS_URL: 'redis://user:secret-password@127.0.0.1:1' });
  expect(said).toMatch(/Redis at .*127\.0\.0\.1:1.* did not answer/);
  expect(said).not.toContain('secret-password');
});

test('a Redis that may throw balances away is refused', async () => {
  const redis = await startRedisServer({ args: ['--maxmemory-policy', 'allkeys-lru'] });
  try {
    expect(await failToStart({ REDIS_URL: redis.url })).toMatch(/maxmemory-policy is allkeys-lru: set noeviction/);
  } finally {
    await redis.stop();
  }
});
