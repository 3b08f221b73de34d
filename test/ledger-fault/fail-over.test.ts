// Goal: a fail-over of Redis, by Sentinel or in a Cluster, costs nobody money and stops nothing for long.
// Method: real servers; calls run all the time by the product's own queue and spool; the primary is killed, or one is
// promoted that lacks the last writes; then the sums are held against each other. Every wait is on a condition.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { redeliverLostWrites } from '../../src/ledger/redeliver-lost-writes.ts';
import { connectRedis, watchReconnects } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { openFaultyLink } from '../support/faulty-link.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { sendRedisLine } from '../support/redis-ping.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { type CallDriver, createCallDriver } from './call-driver.ts';

const LANES = 8;
const FAIL_OVER_MS = 30_000;

interface Ground {
  driver: CallDriver;
  ledger: Ledger;
  regressions(): number;
  /** Waits until some more calls were admitted. */
  more(count: number): Promise<unknown>;
  /** Looks for losses, as the process does every second, until the charges are the bill. */
  expectExact(): Promise<void>;
}

/** @param auditUrl the same store, on a way that is not disturbed. */
async function openGround(url: string, auditUrl = url): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-fail-over-'));
  const open = (at: string, commandTimeoutMs: number) =>
    connectRedis({ url: at, commandTimeoutMs, startTimeoutMs: 10_000, onFault: () => {} });
  const client = await open(url, 500);
  const auditor = await open(auditUrl, 1_000);
  let regressions = 0;
  const { ledger, probe, suspect, settled } = redeliverLostWrites(createRedisLedger({ client }), {
    nowMs: Date.now,
    writesAtMost: 50_000,
    onRegression: () => {
      regressions += 1;
    },
    logger: { error: () => undefined, warn: () => undefined },
  });
  watchReconnects(client, suspect);
  const driver = await createCallDriver(ledger, createRedisLedger({ client: auditor }), folder);
  onTestFinished(async () => {
    await driver.close();
    client.disconnect();
    auditor.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
  const isExact = async (): Promise<boolean> => {
    await probe();
    await settled();
    return (await ledger.readBalance(driver.accountId))?.chargedNanoUsd === driver.billedNanoUsd;
  };
  return {
    driver,
    ledger,
    regressions: () => regressions,
    more(count) {
      const before = driver.counts.admitted;
      const enough = (): boolean => driver.counts.admitted >= before + count;
      return until(enough, { what: `${count} more calls are admitted`, timeoutMs: FAIL_OVER_MS });
    },
    async expectExact() {
      await until(isExact, { what: 'the charges are the bill', timeoutMs: FAIL_OVER_MS });
      await driver.expectExact();
    },
  };
}

const isWellFollowed = async (socketPath: string, replicas: number): Promise<boolean> => {
  const info = await sendRedisLine(socketPath, 'INFO replication');
  const offset = /master_repl_offset:(\d+)/.exec(info)?.[1];
  return info.split(`state=online,offset=${offset},`).length - 1 === replicas;
};

describe('a fail-over under load', () => {
  test('by Sentinel: the primary is killed, calls go on, the charges are the bill', { timeout: 120_000 }, async () => {
    await using sentinel = await startRedisSentinel();
    const { driver, more, expectExact } = await openGround(sentinel.url);
    const primary = await sentinel.findPrimary();
    await until(() => isWellFollowed(primary.socketPath, 2), { what: 'the replicas have followed' });
    const calls = driver.run(LANES);
    await more(60);
    await primary.kill();
    await more(60);
    await calls.stop();
    expect((await sentinel.findPrimary()).port).not.toBe(primary.port);
    expect(driver.counts.unavailable).toBeGreaterThan(0);
    expect(driver.counts.refused).toBe(0);
    await expectExact();
  });

  test('by Sentinel: the primary hangs, its connections open', { timeout: 120_000 }, async () => {
    await using sentinel = await startRedisSentinel();
    const { driver, more, expectExact } = await openGround(sentinel.url);
    const primary = await sentinel.findPrimary();
    await until(() => isWellFollowed(primary.socketPath, 2), { what: 'the replicas have followed' });
    const calls = driver.run(LANES);
    await more(60);
    primary.pause();
    await until(async () => (await sentinel.findPrimary()).port !== primary.port, {
      what: 'another one is the primary',
      timeoutMs: FAIL_OVER_MS,
    });
    await more(60);
    await calls.stop();
    await expectExact();
    primary.resume();
  });

  test('in a Cluster: one of three primaries is killed', { timeout: 120_000 }, async () => {
    await using cluster = await startRedisCluster({ withReplicas: true });
    const grounds = await Promise.all([openGround(cluster.url), openGround(cluster.url), openGround(cluster.url)]);
    await until(
      async () =>
        (await Promise.all(cluster.primaries.map((each) => isWellFollowed(each.socketPath, 1)))).every(Boolean),
      { what: 'the replicas have followed' },
    );
    const calls = grounds.map(({ driver }) => driver.run(LANES));
    await Promise.all(grounds.map(({ more }) => more(40)));
    await cluster.primaries[0]?.kill();
    await Promise.all(grounds.map(({ more }) => more(60)));
    await Promise.all(calls.map((each) => each.stop()));
    for (const { driver, expectExact } of grounds) {
      expect(driver.counts.refused).toBe(0);
      await expectExact();
    }
  });

  test('to a replica that lacks many writes: they are noticed and sent again', { timeout: 120_000 }, async () => {
    const primary = await startRedisServer();
    onTestFinished(() => primary.stop());
    const replica = await startRedisServer({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    onTestFinished(() => replica.stop());
    await using link = await openFaultyLink(primary.port);
    await using auditLink = await openFaultyLink(primary.port);
    const { driver, ledger, more, regressions, expectExact } = await openGround(link.url, auditLink.url);
    await until(() => isWellFollowed(primary.socketPath, 1), { what: 'the replica has followed' });
    const calls = driver.run(LANES);
    await more(60);
    await sendRedisLine(replica.socketPath, 'REPLICAOF NO ONE');
    // Acknowledged by the primary alone.
    await more(150);
    const before = await ledger.readBalance(driver.accountId);
    await primary.kill();
    link.leadTo(replica.port);
    auditLink.leadTo(replica.port);
    await more(60);
    await calls.stop();
    expect(regressions()).toBeGreaterThan(0);
    expect(before?.sequence).toBeGreaterThan(0);
    await expectExact();
  });
  test('to a replica on which another process has written on already: they are noticed all the same', {
    timeout: 120_000,
  }, async () => {
    const primary = await startRedisServer();
    onTestFinished(() => primary.stop());
    const replica = await startRedisServer({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    onTestFinished(() => replica.stop());
    await using link = await openFaultyLink(primary.port);
    const { driver, ledger, more, regressions, expectExact } = await openGround(link.url, replica.url);
    await until(() => isWellFollowed(primary.socketPath, 1), { what: 'the replica has followed' });
    const calls = driver.run(LANES);
    await more(60);
    await sendRedisLine(replica.socketPath, 'REPLICAOF NO ONE');
    await more(30);
    await calls.stop();
    const { accountId } = driver;
    const before = (await ledger.readBalance(accountId))?.sequence ?? 0;
    const client = await connectRedis({
      url: replica.url,
      commandTimeoutMs: 1_000,
      startTimeoutMs: 10_000,
      onFault: () => {},
    });
    onTestFinished(() => client.disconnect());
    const other = createRedisLedger({ client });
    for (let sequence = 0; sequence <= before; sequence = (await other.readBalance(accountId))?.sequence ?? 0) {
      const holdId = createId('hold', Date.now());
      const common = { accountId, holdId, modelLabels: [], cells: [] };
      await other.hold({ ...common, amountNanoUsd: 1n, tokens: 1n, leaseMs: 60_000 });
      await other.release({ accountId, holdId });
    }
    link.leadTo(replica.port);
    await expectExact();
    expect(regressions()).toBe(1);
  });
});
