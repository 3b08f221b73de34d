import { expect, onTestFinished, test } from 'vitest';
import { guardLedger } from '../../src/ledger/guard-ledger.ts';
import { type Ledger, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { openStore } from '../../src/store/open-store.ts';
import { watchStore } from '../../src/store/watch-store.ts';
import { createManualTimers } from '../support/manual-timers.ts';
import { sendRedisLine } from '../support/redis-ping.ts';
import { startRedisServer } from '../support/redis-server.ts';

const PROBLEM = 'maxmemory-policy is allkeys-lru';

test('a store that becomes unfit takes no hold and is not ready, settles, and is taken back when it is right again', async () => {
  const timers = createManualTimers();
  let problems: string[] = [];
  let looks = 0;
  const checks: { fit: boolean; risks: readonly string[] }[] = [];
  const lines: string[] = [];
  const warning = { risk: 'no_replica', sentence: 'there is no replica' } as const;
  const watch = watchStore(
    {
      warnings: [warning],
      check: async () => {
        looks += 1;
        if (looks === 2) throw new Error('no answer');
        return { problems, warnings: [warning] };
      },
    },
    {
      every: timers.every,
      onCheck: (check) => void checks.push(check),
      logger: { error: (_, text) => void lines.push(text), warn: (_, text) => void lines.push(text) },
    },
  );
  const asked: string[] = [];
  const inner = Object.fromEntries(
    ['hold', 'settle', 'ping'].map((name) => [name, async () => void asked.push(name)]),
  ) as unknown as Ledger;
  const ledger = guardLedger(inner, watch.isFit);
  await ledger.hold({} as never);
  await ledger.ping();

  problems = [PROBLEM];
  timers.advance(55_000);
  expect(looks).toBe(0);
  timers.advance(5_000);
  await Promise.resolve();
  await watch.check();
  expect(looks).toBe(2);
  expect(watch.isFit()).toBe(false);
  await expect(ledger.hold({} as never)).rejects.toBeInstanceOf(LedgerUnavailable);
  await expect(ledger.ping()).rejects.toBeInstanceOf(LedgerUnavailable);
  await ledger.settle({} as never);
  expect(asked).toEqual(['hold', 'ping', 'settle']);

  problems = [];
  timers.advance(5_000);
  await watch.check();
  expect(watch.isFit()).toBe(true);
  expect(lines).toEqual([
    'there is no replica',
    'the store is unfit to hold money: calls are refused',
    'the store could not be looked at',
    'the store is fit to hold money again',
  ]);
  expect(checks.map(({ fit }) => fit)).toEqual([true, false, true, true]);
  expect(checks[0]?.risks).toEqual(['no_replica']);
  watch.stop();
  expect(timers.pending()).toEqual([]);
});

test('a Redis that is set to evict while we run takes no hold and is not ready until it is set right', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const store = await openStore({
    redisUrl: server.url,
    dataFolder: '/nowhere',
    commandTimeoutMs: 5_000,
    waitReplicas: 'auto',
    nowMs: Date.now,
    onFault: () => undefined,
  });
  onTestFinished(() => store.close());
  const logger = { error: () => undefined, warn: () => undefined };
  const watch = watchStore(store, { every: createManualTimers().every, onCheck: () => undefined, logger });
  const ledger = guardLedger(store.ledger, watch.isFit);
  await ledger.ping();
  await sendRedisLine(server.socketPath, 'CONFIG SET maxmemory-policy allkeys-lru');
  await watch.check();
  await expect(ledger.ping()).rejects.toBeInstanceOf(LedgerUnavailable);
  await expect(ledger.hold({} as never)).rejects.toBeInstanceOf(LedgerUnavailable);
  expect(await ledger.readBalance('acct_1')).toBeUndefined();
  await sendRedisLine(server.socketPath, 'CONFIG SET maxmemory-policy noeviction');
  await watch.check();
  await ledger.ping();
});
