import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type Account, type Directory, DirectoryUnavailable } from '../../src/directory/directory.ts';
import { IDEMPOTENCY_LIFE_MS } from '../../src/directory/idempotency-life.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { openRedisDirectory } from '../../src/store/redis/redis-directory.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { describeDirectory } from './directory-conformance.ts';
import type { DirectoryStore } from './directory-fixtures.ts';
import { describeQuotas } from './quota-conformance.ts';

let server: RedisServer;
let admin: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  admin = (await connect()) as Redis;
});
afterAll(async () => {
  admin?.disconnect();
  await server?.stop();
});

const connect = (url = server.url) =>
  connectRedis({ url, commandTimeoutMs: 2_000, startTimeoutMs: 5_000, onFault: () => {} });

/** A directory that closes its connection with itself. */
async function openDirectory(): Promise<Directory> {
  const client = await connect();
  const directory = await openRedisDirectory(client);
  return {
    ...directory,
    close: async () => {
      await directory.close();
      client.disconnect();
    },
  };
}

const anAccount = (): Account => ({
  id: createId('acct', 0),
  name: 'a',
  timezone: 'UTC',
  mode: 'prepaid',
  creditLimitNanoUsd: 0n,
  onDisconnect: 'drain',
  onExhausted: 'finish',
  lowBalanceNanoUsd: [],
  createdAtMs: 0,
});

const emptyStore = async (): Promise<DirectoryStore> => {
  await admin.flushall();
  return { open: openDirectory, destroy: async () => {}, shared: true, durable: true };
};
describeDirectory('Redis', emptyStore);
describeQuotas('Redis', emptyStore);

describe('the directory on Redis', () => {
  test('keeps every key on one slot, and a life only where one is meant', async () => {
    await admin.flushall();
    const directory = await openDirectory();
    const account = anAccount();
    await directory.createAccount(account);
    await directory.createTeam({ id: createId('team', 0), accountId: account.id, name: '', createdAtMs: 0 });
    await directory.claimIdempotencyKey({ scope: 's', key: 'k', fingerprint: 'f', atMs: 0 });
    const keys = await admin.keys('*');
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) {
      expect(key).toMatch(/^\{tg:dir\}:/);
      const life = await admin.pttl(key);
      if (!key.startsWith('{tg:dir}:idempotency:')) expect([key, life]).toEqual([key, -1]);
      else expect(life).toBeGreaterThan(IDEMPOTENCY_LIFE_MS - 60_000);
    }
    await directory.close();
  });

  test('counts what names a team exactly, and forgets it at zero', async () => {
    await admin.flushall();
    const directory = await openDirectory();
    const account = anAccount();
    await directory.createAccount(account);
    const team = { id: createId('team', 0), accountId: account.id, name: '', createdAtMs: 0 };
    await directory.createTeam(team);
    const member = { id: createId('mem', 0), accountId: account.id, teamId: team.id, name: '', createdAtMs: 0 };
    await directory.createMember(member);
    await directory.createMember(member);
    await directory.updateMember(account.id, member.id, { name: 'x' });
    expect(await admin.hgetall('{tg:dir}:uses')).toEqual({ [team.id]: '1' });
    await directory.deleteMember(account.id, member.id);
    expect(await admin.hgetall('{tg:dir}:uses')).toEqual({});
    await directory.close();
  });

  test('goes on after SCRIPT FLUSH', async () => {
    const directory = await openDirectory();
    await admin.script('FLUSH');
    const account = anAccount();
    expect((await directory.createAccount(account)).result).toBe('created');
    await directory.close();
  });

  test('says drop everything when its subscription is lost and when it is back, and hears changes again', async () => {
    const directory = await openDirectory();
    const other = await openDirectory();
    const heard: (string | undefined)[] = [];
    directory.onChange((accountId) => heard.push(accountId));
    await killSubscribers();
    await until(() => heard.filter((each) => each === undefined).length >= 2);
    const account = anAccount();
    await until(async () => {
      await other.createAccount(account);
      await other.updateAccount(account.id, { name: 'b' });
      return heard.includes(account.id);
    });
    await Promise.all([directory.close(), other.close()]);
  });

  test('is unavailable, by name and at once, while Redis is away, and comes back by itself', async () => {
    const own = await startRedisServer();
    const client = await connectRedis({
      url: own.url,
      commandTimeoutMs: 500,
      startTimeoutMs: 5_000,
      onFault: () => {},
    });
    const directory = await openRedisDirectory(client);
    const account = anAccount();
    await directory.createAccount(account);
    await own.kill();
    await expect(directory.findAccount(account.id)).rejects.toBeInstanceOf(DirectoryUnavailable);
    await expect(directory.findPrincipal('a')).rejects.toBeInstanceOf(DirectoryUnavailable);
    await own.restart();
    expect(await until(() => directory.findAccount(account.id))).toEqual(account);
    own.pause();
    await expect(directory.ping()).rejects.toBeInstanceOf(DirectoryUnavailable);
    own.resume();
    await directory.close();
    client.disconnect();
    await own.stop();
  });

  test('closes while Redis is away', async () => {
    const own = await startRedisServer();
    const client = await connect(own.url);
    const directory = await openRedisDirectory(client);
    await own.stop();
    await directory.close();
    client.disconnect();
  });
});

async function killSubscribers(): Promise<void> {
  const killed = await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  expect(Number(killed)).toBeGreaterThanOrEqual(1);
}
