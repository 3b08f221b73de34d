import { afterAll, beforeAll, expect, test } from 'vitest';
import { createId } from '../../../src/directory/create-id.ts';
import { connectRedis } from '../../../src/store/redis/connect-redis.ts';
import { createRedisAlerts } from '../../../src/store/redis/redis-alerts.ts';
import { openRedisDirectory } from '../../../src/store/redis/redis-directory.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { describeAlertStore } from '../../alerts/alert-store-conformance.ts';
import { describeDirectory } from '../../directory/directory-conformance.ts';
import { describeQuotas } from '../../directory/quota-conformance.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { until } from '../../support/until.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const connect = () =>
  connectRedis({ url: cluster.url, commandTimeoutMs: 2_000, startTimeoutMs: 10_000, onFault: () => {} });

const emptyDirectory = async () => {
  await cluster.flush();
  const open = async () => {
    const client = await connect();
    const directory = await openRedisDirectory(client);
    const close = async (): Promise<void> => {
      await directory.close();
      client.disconnect();
    };
    return { ...directory, close };
  };
  return { open, destroy: async () => {}, shared: true, durable: true };
};
describeDirectory('Redis Cluster', emptyDirectory);
describeQuotas('Redis Cluster', emptyDirectory);

describeAlertStore('Redis Cluster', async () => {
  await cluster.flush();
  const client = await connect();
  return { store: createRedisAlerts(client), destroy: async () => client.disconnect() };
});

test('accounts on every primary are found by one sweep', async () => {
  await cluster.flush();
  const client = await connect();
  const ledger = createRedisLedger({ client });
  const accountIds = Array.from({ length: 24 }, () => createId('acct', Date.now()));
  for (const accountId of accountIds) {
    await ledger.openAccount({ accountId, mode: 'postpaid', creditLimitNanoUsd: 1_000n });
    const holdId = createId('hold', Date.now());
    const cells = { modelLabels: [], cells: [] };
    await ledger.hold({ accountId, holdId, amountNanoUsd: 10n, tokens: 1n, leaseMs: 1, ...cells });
  }
  // The last hold may not be due yet: its lease is a millisecond, and each primary has a clock of its own.
  const due = await until(async () => {
    const found = await ledger.findDue(100);
    return found.holds.length >= accountIds.length && found;
  });
  expect(due.holds.map(({ accountId }) => accountId).toSorted()).toEqual(accountIds.toSorted());
  client.disconnect();
});
