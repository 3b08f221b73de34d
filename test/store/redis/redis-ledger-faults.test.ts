import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LedgerCorrupt, LedgerUnavailable } from '../../../src/ledger/ledger.ts';
import { connectRedis } from '../../../src/store/redis/connect-redis.ts';
import { ledgerKeys } from '../../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { expectSoundBooks } from '../../ledger/ledger-conformance.ts';
import { sendRedisLine } from '../../support/redis-ping.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';
import { connectForTest, redisOptions, useRedisLedger } from './use-redis-ledger.ts';

const on = useRedisLedger();

describe('faults', () => {
  test('a reply that was lost: the resend finds the hold, and a settle is charged once', async () => {
    const cut = await startCuttingProxy(on.server.port);
    const cutLedger = createRedisLedger({ client: await connectForTest(`redis://127.0.0.1:${cut.port}`) });
    await cutLedger.readBalance(on.accountId);
    const command = on.holdOf();
    cut.loseNextReply();
    expect((await cutLedger.hold(command)).result).toBe('exists');
    cut.loseNextReply();
    expect((await cutLedger.settle(on.settleOf(command.holdId, 4n))).result).toBe('duplicate');
    expect(cut.lost()).toBe(2);
    expect(await on.balance()).toMatchObject({ heldNanoUsd: 0n, chargedNanoUsd: 4n, availableNanoUsd: 996n });
  });

  test('SCRIPT FLUSH is not noticed', async () => {
    await on.admin.script('FLUSH');
    expect((await on.ledger.hold(on.holdOf())).result).toBe('held');
  });

  test('two processes on limited credit admit exactly what it covers', async () => {
    const other = createRedisLedger({ client: await connectForTest(on.server.url) });
    const commands = Array.from({ length: 300 }, () => on.holdOf({ amountNanoUsd: 7n }));
    const replies = await Promise.all(commands.map((command, index) => (index % 2 ? on.ledger : other).hold(command)));
    expect(replies.filter((reply) => reply.result === 'held')).toHaveLength(142);
    expect(replies.filter((reply) => reply.result === 'insufficient_credit')).toHaveLength(158);
    await expectSoundBooks(on.ledger, on.accountId, Date.now());
  });

  test('out of memory, read-only, or short of replicas: unavailable, and nothing is written', async () => {
    const before = await on.balance();
    const command = on.holdOf();
    const tell = (line: string) => sendRedisLine(on.server.socketPath, line);
    for (const [set, unset] of [
      [() => tell('CONFIG SET maxmemory 1'), () => tell('CONFIG SET maxmemory 0')],
      [
        () => on.admin.config('SET', 'min-replicas-to-write', '1'),
        () => on.admin.config('SET', 'min-replicas-to-write', '0'),
      ],
      [() => tell('REPLICAOF 127.0.0.1 1'), () => tell('REPLICAOF NO ONE')],
    ] as const) {
      await set();
      try {
        await expect(on.ledger.hold(command)).rejects.toBeInstanceOf(LedgerUnavailable);
        await until(() =>
          on.ledger.ping().then(
            () => false,
            (error) => error instanceof LedgerUnavailable,
          ),
        );
      } finally {
        await unset();
      }
      await until(() => on.ledger.ping().then(() => true));
    }
    expect(await on.balance()).toEqual(before);
    expect((await on.ledger.hold(command)).result).toBe('held');
  });

  test('a server that does not answer: unavailable within the time-out', async () => {
    const own = await startRedisServer();
    onTestFinished(() => own.stop());
    const client = await connectRedis({ ...redisOptions(own.url), commandTimeoutMs: 100 });
    onTestFinished(() => client.disconnect());
    const stuck = createRedisLedger({ client });
    own.pause();
    await expect(stuck.hold(on.holdOf())).rejects.toBeInstanceOf(LedgerUnavailable);
    await expect(stuck.findDue(10)).rejects.toBeInstanceOf(LedgerUnavailable);
    own.resume();
  });

  test('an account that is not the sum of its parts is refused, and nothing is written', async () => {
    await on.admin.hincrby(ledgerKeys.account(on.accountId), 'remaining', 5);
    const before = await on.admin.hgetall(ledgerKeys.account(on.accountId));
    await expect(on.ledger.hold(on.holdOf())).rejects.toBeInstanceOf(LedgerCorrupt);
    await expect(on.ledger.hold(on.holdOf())).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/^CORRUPT /) },
    });
    expect(await on.admin.hgetall(ledgerKeys.account(on.accountId))).toEqual(before);
    expect(await on.ledger.readHolds(on.accountId)).toEqual([]);
    expect(await on.ledger.readJournal(on.accountId, { afterSequence: 0, limit: 9 })).toHaveLength(2);
  });

  test.each(['account', 'liveGrants', 'holds', 'journal'] as const)(
    'a key of another type (%s) is refused, and nothing is written',
    async (name) => {
      await on.admin.set(ledgerKeys[name](on.accountId), 'other');
      const others = (await on.admin.keys('*')).filter((key) => key !== ledgerKeys[name](on.accountId));
      const dump = () => Promise.all(others.sort().map((key) => on.admin.dumpBuffer(key)));
      const before = await dump();
      await expect(on.ledger.hold(on.holdOf())).rejects.toBeInstanceOf(LedgerCorrupt);
      expect(await dump()).toEqual(before);
    },
  );

  test('a balance that went back to an older state is not written over the journal', async () => {
    const older = await on.admin.hgetall(ledgerKeys.account(on.accountId));
    await on.ledger.setPolicy({ accountId: on.accountId, status: 'frozen' });
    await on.admin.hset(ledgerKeys.account(on.accountId), older);
    await expect(on.ledger.hold(on.holdOf())).rejects.toBeInstanceOf(LedgerCorrupt);
    expect(await on.ledger.readHolds(on.accountId)).toEqual([]);
    expect(await on.admin.hgetall(ledgerKeys.account(on.accountId))).toEqual(older);
  });

  test('a reply that cannot be read is corrupt', async () => {
    await on.admin.hset(ledgerKeys.holds(on.accountId), 'hold_x', 'no json');
    await expect(on.ledger.readHolds(on.accountId)).rejects.toBeInstanceOf(LedgerCorrupt);
  });

  test('a killed server comes back with all it acknowledged', async () => {
    const own = await startRedisServer({ args: ['--appendfsync', 'always'] });
    onTestFinished(() => own.stop());
    const client = await connectForTest(own.url);
    const durable = createRedisLedger({ client });
    await durable.openAccount({ accountId: on.accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await on.grant(1_000n, durable);
    const commands = Array.from({ length: 20 }, () => on.holdOf());
    for (const command of commands) await durable.hold(command);
    await own.kill();
    await expect(durable.settle(on.settleOf(commands[0]!.holdId, 1n))).rejects.toBeInstanceOf(LedgerUnavailable);
    await own.restart();
    await until(() => durable.ping().then(() => true));
    expect(await durable.readHolds(on.accountId)).toHaveLength(20);
    for (const command of commands) await durable.settle(on.settleOf(command.holdId, 3n));
    await expectSoundBooks(durable, on.accountId, Date.now());
    expect(await durable.readBalance(on.accountId)).toMatchObject({ chargedNanoUsd: 60n, heldNanoUsd: 0n });
  });
});

/** Passes bytes to Redis and back, and once asked drops the next reply and cuts the connection. */
async function startCuttingProxy(port: number) {
  const state = { lose: false, lost: 0 };
  const sockets = new Set<Socket>();
  const proxy: Server = createServer((client) => {
    const upstream = connectSocket(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [client, upstream].forEach((each) => void each.destroy()));
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (!state.lose) return void client.write(bytes);
      state.lose = false;
      state.lost += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    loseNextReply: () => {
      state.lose = true;
    },
    lost: () => state.lost,
  };
}
