// Goal: several processes behind one port are one Tollgate: every call is charged once, the metrics are their sum and
// never go down, a worker that is killed is started again, and a stop lets open streams end.
// Method: the real program with WORKERS=3 on a real Redis, calls on connections of their own, workers found by the system.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const WORKERS = 3;
const REQUEST = { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user', content: 'Which way?' }] };
/** A connection of its own for each, so that every worker gets some. */
const ALONE = { headers: { connection: 'close' } };

let redis: RedisServer;
let tollgate: RunningTollgate;
let caller: Caller;

beforeAll(async () => {
  redis = await startRedisServer();
  tollgate = await startTollgate({ redisUrl: redis.url, environment: { WORKERS: `${WORKERS}` } });
  caller = await tollgate.createCaller();
});
afterAll(async () => {
  await tollgate[Symbol.asyncDispose]();
  await redis.stop();
});

async function callMany(count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => tollgate.send(caller, REQUEST, ALONE)));
  await Promise.all(answers.map((answer) => answer.text()));
  return answers.map(({ status }) => status);
}

/** The sum of the series of a name that have these labels. */
async function readMetric(name: string, ...labels: string[]): Promise<number> {
  const text = await (await fetch(`${tollgate.adminUrl}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => /^\w+/.exec(line)?.[0] === name && labels.every((label) => line.includes(label)));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const readCompleted = (): Promise<number> =>
  readMetric('tollgate_requests_total', 'route="messages"', 'outcome="completed"');

function findWorkers(): number[] {
  const text = readFileSync(`/proc/${tollgate.process.pid}/task/${tollgate.process.pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

describe('three workers on one port', () => {
  test('share the calls, charge each once, and count them all', async () => {
    expect(findWorkers()).toHaveLength(WORKERS);
    expect(await callMany(60)).toEqual(Array.from({ length: 60 }, () => 200));
    await tollgate.expectSettled();
    expect(await readCompleted()).toBe(60);
    // Each has its own spool, the primary one as well.
    const spools = Array.from({ length: WORKERS }, (_, place) => join(`worker-${place + 1}`, 'settle-spool.jsonl'));
    for (const spool of [...spools, 'settle-spool.jsonl']) {
      expect(existsSync(join(tollgate.dataFolder, spool)), spool).toBe(true);
    }
  });

  test('the balance in the metrics is the ledger, not three times it', async () => {
    const account = await tollgate.admin.readAccount(caller.accountId);
    expect(await readMetric('tollgate_balance_usd', `account="${caller.accountId}"`)).toBe(
      Number(account.balance.available_usd),
    );
    expect(await readMetric('tollgate_store_up')).toBe(1);
  });

  test('one that is killed is started again, its calls are settled, and no counter goes down', async () => {
    const before = findWorkers();
    const victim = before[0] ?? 0;
    const counted = await readCompleted();
    process.kill(victim, 'SIGKILL');
    await until(() => findWorkers().length === WORKERS && !findWorkers().includes(victim), {
      what: 'another worker in its place',
    });
    const readiness = await until(
      async () => {
        const answer = await fetch(`${tollgate.adminUrl}/readyz`);
        const body = (await answer.json()) as { checks: { workers: string } };
        return body.checks.workers === 'ok' && body;
      },
      { what: 'all workers serve' },
    );
    expect(readiness.checks.workers).toBe('ok');
    expect(await readCompleted()).toBe(counted);
    expect(await callMany(30)).toEqual(Array.from({ length: 30 }, () => 200));
    await tollgate.expectSettled();
    expect(await readCompleted()).toBe(counted + 30);
    expect(tollgate.log().some(({ msg }) => msg === 'a worker has ended and is started again')).toBe(true);
  });

  test('a stop lets open streams end, and what comes later with fewer workers finds nothing lost', async () => {
    tollgate.api.enqueue({ kind: 'answer', delivery: { holdBefore: [3] } });
    const answer = tollgate.send(caller, { ...REQUEST, stream: true }, ALONE);
    const held = await tollgate.nextCall();
    await held.held();
    const ending = tollgate.stop();
    held.release();
    expect(await (await answer).text()).toContain('message_stop');
    expect(await ending).toEqual({ code: 0, signal: null });
    await tollgate.start({ WORKERS: '1' });
    await tollgate.expectSettled();
    expect(
      readdirSync(tollgate.dataFolder).filter((name) =>
        existsSync(join(tollgate.dataFolder, name, 'settle-spool.jsonl')),
      ),
    ).toEqual([]);
  });
});
