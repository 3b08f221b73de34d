// Goal: whatever breaks, the answer is clear, every hold ends once and the ledger's sum is right.
// Method: the real process; the upstream, Redis, the clients and the process itself are broken one by one.
import { Agent, request } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SimulatedCall } from '../../src/simulator/simulator-types.ts';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { describeOnEachStore, describeOnEachTollgate } from '../support/each-store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { cutAt, delivered, silentAt } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const JSON_REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 300,
  messages: [{ role: 'user', content: 'Say something about toll roads.' }],
};
const STREAM_REQUEST = { ...JSON_REQUEST, stream: true };

/** A stream whose first event has come and whose next ones wait. */
interface OpenStream {
  call: SimulatedCall;
  /** Lets the rest come, and resolves with all of it; rejects where it breaks off. */
  finish(): Promise<string>;
  /** Waits without letting anything come. */
  text: Promise<string>;
}

async function openStream(tollgate: RunningTollgate, caller: Caller): Promise<OpenStream> {
  tollgate.api.enqueue(delivered({ holdBefore: [3] }));
  const response = await tollgate.send(caller, STREAM_REQUEST);
  expect(response.status).toBe(200);
  const call = await tollgate.nextCall();
  const text = response.text();
  text.catch(() => undefined);
  await call.held();
  return {
    call,
    text,
    finish() {
      call.releaseAll();
      return text;
    },
  };
}

async function readError(response: Response): Promise<{ status: number; type: string; retryAfter: string | null }> {
  const { error } = (await response.json()) as { error: { type: string } };
  return { status: response.status, type: error.type, retryAfter: response.headers.get('retry-after') };
}

async function findOperations(tollgate: RunningTollgate, caller: Caller): Promise<string[]> {
  const journal = await tollgate.admin.readJournal(caller.accountId);
  return journal.map(({ operation }) => operation).filter((operation) => !['open', 'grant'].includes(operation));
}

describeOnEachTollgate(
  'an upstream that fails',
  (tollgate) => {
    let caller: Caller;
    beforeEach(async () => {
      caller = await tollgate().createCaller();
    });
    const lastDetails = async () => (await tollgate().admin.readJournal(caller.accountId)).at(-1)?.details;

    test.each([
      ['cut before its headers', JSON_REQUEST, 502, 'api_error'],
      ['cut before the headers of a stream', STREAM_REQUEST, 502, 'api_error'],
    ] as const)('%s: the caller is told and pays nothing', async (_name, body, status, type) => {
      tollgate().api.enqueue(cutAt('before_headers'));
      expect(await readError(await tollgate().send(caller, body))).toMatchObject({ status, type });
      await tollgate().expectSettled();
      expect(await findOperations(tollgate(), caller)).toEqual(['hold', 'release']);
    });

    test('that sends no headers in time: 504, and nothing is paid', async () => {
      tollgate().api.enqueue(silentAt('before_headers'));
      expect(await readError(await tollgate().send(caller, JSON_REQUEST))).toMatchObject({
        status: 504,
        type: 'timeout_error',
      });
      await (await tollgate().nextCall()).ended;
      await tollgate().expectSettled({ exact: false });
      expect(await findOperations(tollgate(), caller)).toEqual(['hold', 'release']);
    });

    test.each([
      ['cut', cutAt({ afterEventType: 'content_block_delta' }), 'upstream_cut'],
      ['cut within a chunk', cutAt({ afterEventType: 'content_block_delta' }, true), 'upstream_cut'],
      ['silent', silentAt({ afterEventType: 'content_block_delta' }), 'upstream_silent'],
    ] as const)(
      '%s in the middle of a stream: it breaks off, and what came is paid',
      async (_name, scenario, reason) => {
        tollgate().api.enqueue(scenario);
        const response = await tollgate().send(caller, STREAM_REQUEST);
        await expect(response.text()).rejects.toThrow('terminated');
        const { charged, billed } = await tollgate().expectSettled({ exact: false });
        expect(await findOperations(tollgate(), caller)).toEqual(['hold', 'settle']);
        expect(await lastDetails()).toMatchObject({ basis: 'estimated', outcome: 'interrupted', reason });
        // At least what the API asks for the part it sent, and never more than was held.
        expect(charged).toBeGreaterThanOrEqual(billed);
        const [hold] = (await tollgate().admin.readJournal(caller.accountId)).filter((e) => e.operation === 'hold');
        expect(charged).toBeLessThan(nano(hold!.amount_usd));
      },
    );

    test('and comes back: the next call is an ordinary one', async () => {
      tollgate().api.enqueue(cutAt('before_headers'));
      await (await tollgate().send(caller, JSON_REQUEST)).text();
      expect((await tollgate().send(caller, JSON_REQUEST)).status).toBe(200);
      const { charged } = await tollgate().expectSettled();
      expect(charged).toBeGreaterThan(0n);
    });
  },
  { environment: { LIMIT_UPSTREAM_FIRST_BYTE_MS: '2000', LIMIT_UPSTREAM_SILENCE_MS: '2000' } },
);

describe('no upstream at all', () => {
  test('502, and nothing is held or paid', async () => {
    await using tollgate = await startTollgate({ environment: { UPSTREAM_BASE_URL: 'http://127.0.0.1:1' } });
    const caller = await tollgate.createCaller();
    expect(await readError(await tollgate.send(caller, JSON_REQUEST))).toMatchObject({
      status: 502,
      type: 'api_error',
    });
    expect((await tollgate.send(caller, undefined, { method: 'GET', body: null, path: '/v1/models' })).status).toBe(
      502,
    );
    await tollgate.expectSettled();
    expect(await findOperations(tollgate, caller)).toEqual(['hold', 'release']);
  });
});

describe('Redis that fails while calls run', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
    return () => redis.stop();
  });

  const isReady = async (tollgate: RunningTollgate): Promise<boolean> =>
    (await fetch(`${tollgate.baseUrl}/readyz`)).status === 200;
  const waitUntilServing = (tollgate: RunningTollgate) =>
    until(() => isReady(tollgate), { what: 'ready again', timeoutMs: 20_000 });

  test.each([
    ['killed and started again', () => redis.kill(), () => redis.restart()],
    ['frozen and awake again', async () => redis.pause(), async () => redis.resume()],
  ])('%s: new calls are refused, open ones reach their end and are charged once', async (_name, fail, mend) => {
    await using tollgate = await startTollgate({ redisUrl: redis.url });
    const caller = await tollgate.createCaller();
    const streams = [await openStream(tollgate, caller), await openStream(tollgate, caller)];
    await fail();

    const refused = await readError(await tollgate.send(caller, JSON_REQUEST));
    expect(refused).toEqual({ status: 503, type: 'api_error', retryAfter: '1' });
    await until(async () => !(await isReady(tollgate)), { what: 'not ready' });
    for (const stream of streams) expect(await stream.finish()).toContain('message_stop');

    await mend();
    await waitUntilServing(tollgate);
    expect((await tollgate.send(caller, JSON_REQUEST)).status).toBe(200);
    const { charged } = await tollgate.expectSettled();
    expect(charged).toBeGreaterThan(0n);
    expect((await findOperations(tollgate, caller)).filter((operation) => operation === 'settle')).toHaveLength(3);
  });

  test('the process dies with settles undelivered: the next start delivers them', async () => {
    await using tollgate = await startTollgate({ redisUrl: redis.url });
    const caller = await tollgate.createCaller();
    const stream = await openStream(tollgate, caller);
    await redis.kill();
    expect(await stream.finish()).toContain('message_stop');
    await until(async () => /^tollgate_outbox_depth 1$/m.test(await readMetrics(tollgate)), { what: 'in the spool' });
    await tollgate.kill();
    await redis.restart();
    await tollgate.start();
    const { charged } = await tollgate.expectSettled();
    expect(charged).toBe((await stream.call.billed)!.amountNanoUsd);
  });

  test('a stop while it is down keeps them, too', async () => {
    await using tollgate = await startTollgate({ redisUrl: redis.url });
    const caller = await tollgate.createCaller();
    const stream = await openStream(tollgate, caller);
    await redis.kill();
    const stopped = tollgate.stop();
    expect(await stream.finish()).toContain('message_stop');
    expect(await stopped).toEqual({ code: 0, signal: null });
    await redis.restart();
    await tollgate.start();
    const { charged } = await tollgate.expectSettled();
    expect(charged).toBeGreaterThan(0n);
  });
});

async function readMetrics(tollgate: RunningTollgate): Promise<string> {
  return (await fetch(`${tollgate.adminUrl}/metrics`)).text();
}

describeOnEachStore('a process that ends', (store) => {
  let tollgate: RunningTollgate;
  let caller: Caller;
  const environment = { LIMIT_HOLD_LEASE_MS: '2000', LIMIT_HOLD_HEARTBEAT_MS: '500' };
  const start = async (more: Record<string, string> = {}): Promise<void> => {
    tollgate = await startTollgate({ ...store.options(), environment: { ...environment, ...more } });
    caller = await tollgate.createCaller();
  };
  afterEach(() => tollgate[Symbol.asyncDispose]());

  test('SIGTERM: no longer ready, new calls are told to come back, open streams reach their end', async () => {
    await start();
    const streams = [await openStream(tollgate, caller), await openStream(tollgate, caller)];
    const stopped = tollgate.stop();
    await until(async () => (await fetch(`${tollgate.baseUrl}/readyz`)).status === 503, { what: 'not ready' });
    expect((await fetch(`${tollgate.adminUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${tollgate.baseUrl}/livez`)).status).toBe(200);
    const refused = await tollgate.send(caller, JSON_REQUEST);
    expect(refused.headers.get('connection')).toBe('close');
    expect(await readError(refused)).toEqual({ status: 503, type: 'api_error', retryAfter: '1' });
    for (const stream of streams) expect(await stream.finish()).toContain('message_stop');
    expect(await stopped).toEqual({ code: 0, signal: null });
    await expect(fetch(`${tollgate.baseUrl}/livez`)).rejects.toThrow('fetch failed');

    await tollgate.start();
    const { charged } = await tollgate.expectSettled();
    expect(charged).toBeGreaterThan(0n);
    expect(await findOperations(tollgate, caller)).toEqual(['hold', 'hold', 'settle', 'settle']);
  });

  test('SIGTERM that comes twice at once, from a service manager and from npm, is one', async () => {
    await start();
    const stream = await openStream(tollgate, caller);
    const stopped = tollgate.stop();
    tollgate.process.signal('SIGTERM');
    await until(() => tollgate.log().some(({ msg }) => msg === 'shutting down'), { what: 'it stops' });
    tollgate.process.signal('SIGTERM');
    expect(await stream.finish()).toContain('message_stop');
    expect(await stopped).toEqual({ code: 0, signal: null });
    await tollgate.start();
    await tollgate.expectSettled();
  });

  test('SIGTERM without calls ends at once, also with an idle connection open', async () => {
    await start({ LIMIT_SHUTDOWN_DRAIN_MS: '20000' });
    using agent = createIdleConnection();
    await agent.ask(`${tollgate.baseUrl}/livez`);
    const startedAt = performance.now();
    expect(await tollgate.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('a stream that outlives the time to drain is broken off and charged for what came', async () => {
    await start({ LIMIT_SHUTDOWN_DRAIN_MS: '500' });
    const stream = await openStream(tollgate, caller);
    expect(await tollgate.stop()).toEqual({ code: 0, signal: null });
    await expect(stream.text).rejects.toThrow('terminated');
    await tollgate.start();
    const { charged, billed } = await tollgate.expectSettled({ exact: false });
    expect(charged).toBeGreaterThanOrEqual(billed);
    expect(billed).toBeGreaterThan(0n);
    const last = (await tollgate.admin.readJournal(caller.accountId)).at(-1);
    expect(last).toMatchObject({ operation: 'settle', details: { basis: 'estimated', reason: 'shutdown' } });
  });

  test.each([
    ['a second SIGTERM', 143],
    ['SIGINT', 130],
  ])('%s is obeyed at once; where orphans are released the hold is given back', async (name, code) => {
    await start({ ORPHANED_CALLS: 'release' });
    const stream = await openStream(tollgate, caller);
    const stopped = tollgate.stop();
    await until(() => tollgate.log().some(({ msg }) => msg === 'shutting down'), { what: 'it stops' });
    const toldAt = performance.now();
    if (name !== 'SIGINT') await until(() => performance.now() - toldAt > 600, { what: 'it is no echo of the first' });
    tollgate.process.signal(name === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    expect(await stopped).toEqual({ code, signal: null });
    await expect(stream.text).rejects.toThrow('terminated');
    await expectGivenBack();
  });

  test('SIGKILL in the middle of a stream: where orphans are released the hold is given back', async () => {
    await start({ ORPHANED_CALLS: 'release' });
    const finished = await openStream(tollgate, caller);
    await finished.finish();
    const before = await tollgate.expectSettled();
    expect(before.charged).toBeGreaterThan(0n);
    const stream = await openStream(tollgate, caller);
    expect(await tollgate.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(stream.text).rejects.toThrow('terminated');
    await expectGivenBack();
    expect(await tollgate.send(caller, JSON_REQUEST)).toMatchObject({ status: 200 });
    await tollgate.expectSettled();
  });

  /** Starts again and sees the dead process's hold given back without a charge: by its mark on disk, else by its lease. */
  async function expectGivenBack(): Promise<void> {
    await tollgate.start();
    const last = async () => (await findOperations(tollgate, caller)).at(-1) ?? '';
    await until(async () => ['release', 'reclaim'].includes(await last()), { what: 'it is given back' });
    const { charged } = await tollgate.expectSettled({ exact: false });
    expect(charged).toBe(0n);
    const { balance } = await tollgate.admin.readAccount(caller.accountId);
    expect(nano(balance.available_usd) + nano(balance.spent_usd)).toBe(nano('100'));
  }

  test('its output goes nowhere any more: it serves on', async () => {
    await start();
    tollgate.process.closeOutput();
    expect((await tollgate.send(caller, JSON_REQUEST)).status).toBe(200);
    expect((await tollgate.send(caller, JSON_REQUEST)).status).toBe(200);
    await tollgate.expectSettled();
    expect(await tollgate.stop()).toEqual({ code: 0, signal: null });
  });
});

/** A client that keeps its connection. */
function createIdleConnection(): Disposable & { ask(url: string): Promise<void> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    ask: (url) =>
      new Promise((resolve, reject) => {
        request(url, { agent }, (response) => response.resume().once('end', resolve))
          .once('error', reject)
          .end();
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}
