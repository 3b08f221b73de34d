import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkClock } from '../../src/doctor/check-clock.ts';
import { checkStore, type StoreLook } from '../../src/doctor/check-store.ts';
import { inspectRedis } from '../../src/store/redis/inspect-redis.ts';
import { EMBEDDED_PARTS } from '../../src/store/sqlite/embedded-parts.ts';
import { inspectDataFile } from '../../src/store/sqlite/inspect-data-file.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const brief = (look: StoreLook): string[] => checkStore(look).map(({ status, says }) => `${status}: ${says}`);

describe('the embedded store', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-doctor-store-'));
    path = join(folder, 'tollgate.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const look = (): string[] => brief({ kind: 'embedded', path, ...inspectDataFile(path) });

  test('that is not there, open, or sound', () => {
    expect(look()).toEqual([`ok: embedded (SQLite); ${path} is not there yet, the first start makes it`]);
    const database = openDatabase({ path, parts: EMBEDDED_PARTS });
    expect(look()).toEqual([`ok: embedded (SQLite) in ${path}, open in a Tollgate that runs`]);
    database.close();
    expect(look()).toEqual([`ok: embedded (SQLite) in ${path}, sound`]);
    openDatabase({ path, parts: EMBEDDED_PARTS }).close();
  });

  test('that is damaged, or of a later version', () => {
    const database = openDatabase({ path, parts: EMBEDDED_PARTS });
    database.connection.exec("UPDATE schema_part SET version = 99 WHERE name = 'ledger'");
    database.close();
    expect(look()).toEqual([
      expect.stringMatching(/^problem: .* was written by a later version: ledger has version 99, /),
    ]);
    writeFileSync(path, 'no database at all');
    expect(look()).toEqual([expect.stringMatching(/^problem: .* cannot be trusted: file is not a database/)]);
  });
});

describe('Redis', () => {
  let server: RedisServer | undefined;
  afterEach(() => server?.stop());
  const look = async (url: string, nowMs = Date.now) =>
    inspectRedis({ url, startTimeoutMs: 1_500, commandTimeoutMs: 500, nowMs });
  const briefly = async (url: string) => brief({ kind: 'redis', ...(await look(url)) });

  test('that is set up well, but for a replica', async () => {
    server = await startRedisServer();
    expect(await briefly(server.url)).toEqual([
      expect.stringMatching(/^ok: Redis \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+, takes writes$/),
      expect.stringContaining('warning: there is no replica'),
    ]);
  });

  test('that may delete balances, and keeps no file', async () => {
    server = await startRedisServer({ args: ['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'] });
    expect(await briefly(server.url)).toEqual([
      expect.stringContaining('problem: maxmemory-policy is allkeys-lru'),
      expect.stringContaining('warning: appendonly is off'),
      expect.stringContaining('warning: there is no replica'),
    ]);
  });

  test('that takes no writes', async () => {
    server = await startRedisServer({ args: ['--min-replicas-to-write', '1'] });
    expect((await briefly(server.url))[0]).toMatch(/^problem: Redis takes no writes: .*NOREPLICAS/);
  });

  test('of another time', async () => {
    server = await startRedisServer();
    const { skewMs = 0 } = await look(server.url, () => Date.now() - 60_000);
    expect(checkClock([{ whose: 'Redis', skewMs }])).toEqual([
      expect.objectContaining({ status: 'problem', says: 'this machine is 60 s behind Redis' }),
    ]);
  });

  test('that is away, hangs, or refuses the password', async () => {
    const args = ['--requirepass', 'right-password'];
    server = await startRedisServer({ args, password: 'right-password' });
    const url = `redis://:wrong-password@127.0.0.1:${server.port}`;
    const [refused] = await briefly(url);
    expect(refused).toMatch(/^problem: Redis at 127\.0\.0\.1:\d+ did not answer within 1500 ms: .*WRONGPASS/);
    expect(refused).not.toContain('wrong-password');
    server.pause();
    expect((await briefly(url))[0]).toMatch(/^problem: Redis at .* did not answer/);
    server.resume();
    await server.stop();
    expect((await briefly(url))[0]).toMatch(/^problem: Redis at .*ECONNREFUSED/);
  });
});
