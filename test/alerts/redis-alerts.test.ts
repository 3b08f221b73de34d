import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlertStoreUnavailable } from '../../src/alerts/alert-store.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/connect-redis.ts';
import { createRedisAlerts } from '../../src/store/redis/redis-alerts.ts';
import { alertKeys } from '../../src/store/redis/redis-keys.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { describeAlertStore } from './alert-store-conformance.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

const connect = (): Promise<RedisClient> =>
  connectRedis({ url: server.url, commandTimeoutMs: 2_000, startTimeoutMs: 10_000, onFault: () => {} });

describeAlertStore('Redis', async () => {
  const client = await connect();
  await client.flushall();
  return { store: createRedisAlerts(client), destroy: async () => void (await client.quit()) };
});

test('a change whose reply was lost and that is sent again is done once, and is not taken for a loss', async () => {
  const client = await connect();
  await client.flushall();
  const store = createRedisAlerts(client);
  const change = client.tollgateChangeAlerts.bind(client);
  // As ioredis does after a reconnection: the very same command again, of which only the second reply is heard.
  client.tollgateChangeAlerts = async (...words) => {
    await change(...words);
    return change(...words);
  };
  const states = [{ level: '5', state: 'fired', firedAtMs: 1 }] as const;
  const notice = { id: 'n1', payload: '{}' };
  expect(await store.changeAlerts({ key: 'acct_a', revision: '', states, notices: [notice], nowMs: 1 })).toBe(
    'changed',
  );
  expect(await store.claimDue({ nowMs: 1, leaseMs: 1_000, limit: 10 })).toHaveLength(1);
  expect(await store.listFired(10)).toHaveLength(1);
  await client.quit();
});

test('nothing is left behind when all is done', async () => {
  const client = await connect();
  await client.flushall();
  const store = createRedisAlerts(client);
  const fired = { level: '5', state: 'fired', firedAtMs: 1 } as const;
  const notice = { id: 'n1', payload: '{}' };
  await store.changeAlerts({ key: 'acct_a', revision: '', states: [fired], notices: [notice], nowMs: 1 });
  await store.claimDue({ nowMs: 1, leaseMs: 1_000, limit: 10 });
  await store.completeNotice('n1');
  const { revision } = await store.readAlerts('acct_a');
  await store.changeAlerts({ key: 'acct_a', revision, states: [], nowMs: 2 });
  expect(await client.keys('*')).toEqual([]);
  await client.quit();
});

test('works under the rules of a cluster: every key declared, all in one slot', async () => {
  const cluster = await startRedisServer({ args: ['--cluster-enabled', 'yes'] });
  const options = { url: cluster.url, commandTimeoutMs: 2_000, startTimeoutMs: 10_000, onFault: () => {} };
  const client = await connectRedis(options);
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  const store = createRedisAlerts(client);
  const states = [{ level: '5', state: 'fired', firedAtMs: 1 }] as const;
  const notice = { id: 'n1', payload: '{}' };
  expect(await store.changeAlerts({ key: 'acct_a', revision: '', states, notices: [notice], nowMs: 1 })).toBe(
    'changed',
  );
  expect(await store.claimDue({ nowMs: 1, leaseMs: 1, limit: 1 })).toHaveLength(1);
  await store.postponeNotice({ entryId: 'n1', attempt: 1, dueAtMs: 2 });
  await store.completeNotice('n1');
  await store.forgetStates('alert_x');
  expect(await store.claimLook({ nowMs: 1, everyMs: 1_000 })).toBe(true);
  client.disconnect();
  await cluster.stop();
});

test('states that cannot be read are a fault, not no states', async () => {
  const client = await connect();
  await client.flushall();
  await client.hset(alertKeys.states, 'acct_a', 'nonce [["a b","fired",1]]');
  await expect(createRedisAlerts(client).readAlerts('acct_a')).rejects.toThrow('no name');
  await client.quit();
});

test('a Redis that is gone is unavailable', async () => {
  const lost = await startRedisServer();
  const client = await connectRedis({
    url: lost.url,
    commandTimeoutMs: 200,
    startTimeoutMs: 10_000,
    onFault: () => {},
  });
  const store = createRedisAlerts(client);
  await lost.stop();
  await expect(store.readAlerts('acct_a')).rejects.toThrow(AlertStoreUnavailable);
  const change = { key: 'acct_a', revision: '', states: [], nowMs: 1 };
  await expect(store.changeAlerts(change)).rejects.toThrow(AlertStoreUnavailable);
  client.disconnect();
});
