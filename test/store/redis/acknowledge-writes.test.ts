import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../../src/directory/create-id.ts';
import { type Ledger, LedgerUnacknowledged } from '../../../src/ledger/ledger.ts';
import { acknowledgeWrites, chooseSafety } from '../../../src/store/redis/acknowledge-writes.ts';
import { connectRedis } from '../../../src/store/redis/connect-redis.ts';
import { LEDGER_TAGS, ledgerTag } from '../../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { openFaultyLink } from '../../support/faulty-link.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { startRedisPair, startRedisReplica } from '../../support/redis-pair.ts';
import { sendRedisLine } from '../../support/redis-ping.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';

async function open(url: string, replicas: number | 'auto' = 'auto'): Promise<{ ledger: Ledger; bare: Redis }> {
  const shared = { url, startTimeoutMs: 10_000, onFault: () => undefined };
  const client = await connectRedis({ ...shared, commandTimeoutMs: 1_000 });
  const waiting = await connectRedis({ ...shared, commandTimeoutMs: 5_000, sendsAgain: false });
  onTestFinished(() => {
    client.disconnect();
    waiting.disconnect();
  });
  const writes = createRedisLedger({ client: waiting });
  const ledger = acknowledgeWrites(createRedisLedger({ client }), { client: waiting, writes, replicas });
  return { ledger, bare: client as Redis };
}

const grantOf = (accountId: string, grantId = createId('grant', Date.now())) => ({
  accountId,
  grantId,
  amountNanoUsd: 1_000n,
  kind: 'paid' as const,
  priority: 50,
  effectiveAtMs: Date.now() - 1_000,
  expiresAtMs: Date.now() + 86_400_000,
});
const openingOf = (accountId: string) => ({ accountId, mode: 'prepaid' as const, creditLimitNanoUsd: 0n });

/** One on the first primary and one on the last. */
async function createAccountIds(cluster: RedisCluster): Promise<[near: string, far: string]> {
  const { bare } = await open(cluster.primaries[0]?.url ?? '');
  const slots = await Promise.all(LEDGER_TAGS.map((tag) => bare.cluster('KEYSLOT', tag)));
  const idOn = (index: number): string => {
    const tag = LEDGER_TAGS[slots.findIndex((slot) => Math.floor((slot * 3) / 16_384) === index)];
    for (;;) {
      const accountId = createId('acct', Date.now());
      if (ledgerTag(accountId) === tag) return accountId;
    }
  };
  return [idOn(0), idOn(2)];
}

describe('administrative writes', () => {
  test('that no replica has in time are not acknowledged; sent again they are waited for again, and made once', async () => {
    await using pair = await startRedisPair();
    const { primary, replica } = pair;
    const { ledger, bare } = await open(primary.url);
    const accountId = createId('acct', Date.now());
    // A busy machine may take longer than a write waits; then it is sent again.
    await until(() => ledger.openAccount(openingOf(accountId)));
    const command = grantOf(accountId);
    replica.pause();
    await expect(ledger.grant(command)).rejects.toBeInstanceOf(LedgerUnacknowledged);
    // The grant is there already, so the write changes nothing; it is not safe for that.
    await expect(ledger.grant(command)).rejects.toBeInstanceOf(LedgerUnacknowledged);
    // A call waits for nobody.
    const holdId = createId('hold', Date.now());
    const cells = { tokens: 1n, modelLabels: [], cells: [] };
    const waiting = ledger.grant(command).catch(() => 'grant');
    const calls = createRedisLedger({ client: bare });
    const held = calls.hold({ accountId, holdId, amountNanoUsd: 1n, leaseMs: 9_000, ...cells });
    expect(await Promise.race([waiting, held])).toMatchObject({ result: 'held' });
    expect(await waiting).toBe('grant');
    replica.resume();
    expect((await until(() => ledger.grant(command))).result).toBe('exists');
    expect(await ledger.readBalance(accountId)).toMatchObject({ grantedNanoUsd: 1_000n });
    await primary.kill();
    await sendRedisLine(replica.socketPath, 'REPLICAOF NO ONE');
    const promoted = await open(replica.url);
    expect(await promoted.ledger.readBalance(accountId)).toMatchObject({ grantedNanoUsd: 1_000n });
  });

  test('of which the primary changed meanwhile are not acknowledged, though the new one has a replica', async () => {
    await using pair = await startRedisPair();
    const { primary, replica } = pair;
    await using next = await startRedisReplica(replica);
    expect(next.pid).toBeGreaterThan(0);
    await using link = await openFaultyLink(primary.port);
    const shared = { url: link.url, startTimeoutMs: 10_000, onFault: () => undefined };
    const client = (await connectRedis({ ...shared, commandTimeoutMs: 5_000, sendsAgain: false })) as Redis;
    onTestFinished(() => client.disconnect());
    const writes = {
      async grant() {
        await sendRedisLine(replica.socketPath, 'REPLICAOF NO ONE');
        link.leadTo(replica.port);
        await until(async () => (await client.info('server')).includes(`tcp_port:${replica.port}`));
        return { result: 'granted' };
      },
    } as unknown as Ledger;
    const ledger = acknowledgeWrites(createRedisLedger({ client }), { client, writes, replicas: 'auto' });
    // Or that it is not known, where the connection to the old one is lost only now.
    await expect(ledger.grant(grantOf('acct_1'))).rejects.toBeInstanceOf(LedgerUnacknowledged);
  });

  test('wait for nothing on a server alone that cannot wait for its file', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { ledger, bare } = await open(server.url);
    const accountId = createId('acct', Date.now());
    expect((await ledger.openAccount(openingOf(accountId))).result).toBe('opened');
    const version = /redis_version:(\S+)/.exec(await bare.info('server'))?.[1] ?? '';
    if (version.startsWith('7.0')) expect(await bare.keys('*:fence')).toEqual([]);
    // Where there is something to wait for, it must not be one that never comes.
    await bare.config('SET', 'appendfsync', 'no');
    const other = createId('acct', Date.now());
    expect((await ledger.openAccount(openingOf(other))).result).toBe('opened');
  });

  test('of a Cluster wait for a replica of the primary that has the account', { timeout: 60_000 }, async () => {
    await using cluster = await startRedisCluster({ withReplicas: true });
    const { ledger } = await open(cluster.url);
    const [near, far] = await createAccountIds(cluster);
    for (const accountId of [near, far]) await until(() => ledger.openAccount(openingOf(accountId)));
    cluster.replicas[0]?.pause();
    const command = grantOf(near);
    await expect(ledger.grant(command)).rejects.toBeInstanceOf(LedgerUnacknowledged);
    await until(() => ledger.grant(grantOf(far)));
    await expect(ledger.grant(command)).rejects.toBeInstanceOf(LedgerUnacknowledged);
    cluster.replicas[0]?.resume();
    expect((await until(() => ledger.grant(command))).result).toBe('exists');
  });
});

describe('what is waited for', () => {
  test.each([
    ['2', '7.0.15', '1', 'everysec', 'auto', { kind: 'replicas', count: 1 }],
    ['0', '7.0.15', '1', 'everysec', 'auto', { kind: 'none' }],
    ['0', '7.2.4', '1', 'everysec', 'auto', { kind: 'file' }],
    ['0', '8.0.0', '1', 'always', 'auto', { kind: 'file' }],
    ['0', '8.0.0', '0', 'everysec', 'auto', { kind: 'none' }],
    // Would be waited for in vain, or nobody may ask.
    ['0', '8.0.0', '1', 'no', 'auto', { kind: 'none' }],
    ['0', '8.0.0', '1', undefined, 'auto', { kind: 'none' }],
    ['0', '8.0.0', '0', 'everysec', 2, { kind: 'replicas', count: 2 }],
    ['2', '7.0.15', '1', 'everysec', 0, { kind: 'none' }],
  ] as const)('with %s replicas, %s, a file %s, appendfsync %s, wanted %s: %j', (...row) => {
    const [replicas, version, file, fsync, wanted, safety] = row;
    const facts = { connected_slaves: replicas, redis_version: version, aof_enabled: file };
    expect(chooseSafety(new Map(Object.entries(facts)), fsync, wanted)).toEqual(safety);
  });
});
