// Goal: a stop loses nothing and is obeyed, with one process and with several workers alike.
// Method: the real program on a real Redis, streams that a test holds open, signals from outside.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SimulatedCall } from '../../src/simulator/simulator-types.ts';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const REQUEST = {
  model: 'claude-haiku-4-5',
  max_tokens: 300,
  stream: true,
  messages: [{ role: 'user', content: 'Say something about toll roads.' }],
};
/** A connection of its own for each, as a load balancer that has heard of nothing yet would make it. */
const ALONE = { headers: { connection: 'close' } };

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

describe.each([
  ['one process', {}],
  ['two workers', { WORKERS: '2' }],
])('%s', (_name, mode) => {
  let tollgate: RunningTollgate;
  let caller: Caller;
  afterEach(() => tollgate[Symbol.asyncDispose]());

  async function start(environment: Record<string, string> = {}): Promise<void> {
    // Longer than a start takes on a machine under load: a hold that is reclaimed is charged late.
    const leases = { LIMIT_HOLD_LEASE_MS: '60000', LIMIT_HOLD_HEARTBEAT_MS: '20000' };
    tollgate = await startTollgate({ redisUrl: redis.url, environment: { ...mode, ...leases, ...environment } });
    caller = await tollgate.createCaller();
  }

  async function openStream(): Promise<{ call: SimulatedCall; text: Promise<string> }> {
    tollgate.api.enqueue({ kind: 'answer', delivery: { holdBefore: [5] } });
    const response = await tollgate.send(caller, REQUEST, ALONE);
    const call = await tollgate.nextCall();
    const text = response.text();
    text.catch(() => undefined);
    await call.held();
    return { call, text };
  }

  const statusOf = async (url: string): Promise<number> => (await fetch(url, ALONE)).status;
  const findWorkers = (): number[] => {
    const { pid } = tollgate.process;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  };
  const isAlive = (pid: number): boolean => {
    try {
      // One that has ended and that nobody waits for any more is none.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };

  test('SIGTERM: not ready on both listeners, no new work, streams come to their end, exit code 0', async () => {
    await start();
    const streams = [await openStream(), await openStream(), await openStream()];
    const stopped = tollgate.stop();
    await until(async () => (await statusOf(`${tollgate.baseUrl}/readyz`)) === 503, { what: 'not ready' });
    await until(async () => (await statusOf(`${tollgate.adminUrl}/readyz`)) === 503, {
      what: 'not ready for the admin',
    });
    expect(await statusOf(`${tollgate.baseUrl}/livez`)).toBe(200);
    const refused = await tollgate.send(caller, REQUEST, ALONE);
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([
      503,
      '1',
      'close',
    ]);
    for (const { call } of streams) call.releaseAll();
    for (const { text } of streams) expect(await text).toContain('message_stop');
    expect(await stopped).toEqual({ code: 0, signal: null });
    await tollgate.start();
    const { charged } = await tollgate.expectSettled();
    expect(charged).toBeGreaterThan(0n);
  });

  test('a stream that outlives the time to drain is settled for what came, and the code is 0', async () => {
    await start({ LIMIT_SHUTDOWN_DRAIN_MS: '700' });
    const kept = await openStream();
    const soon = await openStream();
    const stopped = tollgate.stop();
    soon.call.releaseAll();
    expect(await soon.text).toContain('message_stop');
    expect(await stopped).toEqual({ code: 0, signal: null });
    await expect(kept.text).rejects.toThrow('terminated');
    await tollgate.start();
    await tollgate.expectSettled({ exact: false });
    const settles = (await tollgate.admin.readJournal(caller.accountId)).filter(
      ({ operation }) => operation === 'settle',
    );
    expect(settles.map(({ details }) => details?.reason ?? details?.basis).toSorted()).toEqual([
      'reported',
      'shutdown',
    ]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'a second signal (%s) is obeyed at once, and the next start charges what had come',
    async (signal, code) => {
      await start();
      const { text, call } = await openStream();
      const workers = findWorkers();
      const stopped = tollgate.stop();
      await until(async () => (await statusOf(`${tollgate.baseUrl}/readyz`)) === 503, { what: 'not ready' });
      // The same signal twice within half a second is one: it may come by two ways.
      let hasEnded = false;
      void stopped.then(() => {
        hasEnded = true;
      });
      const signalAgain = (): boolean => {
        if (!hasEnded) tollgate.process.signal(signal);
        return hasEnded;
      };
      await until(signalAgain, { what: 'it is obeyed', intervalMs: 100, timeoutMs: 8_000 });
      expect(await stopped).toEqual({ code, signal: null });
      // Well before the 25 s that they may take by themselves.
      await until(() => workers.every((pid) => !isAlive(pid)), { what: 'no worker is left', timeoutMs: 8_000 });
      await expect(text).rejects.toThrow('terminated');
      await call.ended;
      await tollgate.start();
      await tollgate.expectSettled({ exact: false });
      const last = (await tollgate.admin.readJournal(caller.accountId)).at(-1);
      expect(last).toMatchObject({ operation: 'settle', details: { basis: 'estimated', reason: 'process_ended' } });
      expect(nano(last?.amount_usd ?? '0')).toBeGreaterThan(0n);
    },
  );
});
