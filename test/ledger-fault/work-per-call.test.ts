// Goal: what one metered call asks of the system and of Redis does not grow unnoticed.
// Method: the program in its own process, calls one after another, and the counts that the kernel and Redis keep. Work
// is counted rather than timed, and the cheapest of several rounds counts: what runs by the clock, or a machine that is
// busy with something else, only ever adds to a round.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { startTollgate } from '../support/running-tollgate.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const REQUEST = { model: 'claude-haiku-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'A short answer.' }] };
const ROUNDS = 5;
const CALLS = 25;

/** Six: to the upstream, to Redis twice, into the spool, to the client, into the log. Not a whole one more. */
const WRITES_BELOW = 7;
/** Some 2,700: names of keys, arguments, and the details that the journal keeps. */
const REDIS_INPUT_BYTES_BELOW = 3_000;
/** Some 230: two replies of one text each. */
const REDIS_OUTPUT_BYTES_BELOW = 300;

interface Work {
  writes: number;
  redisInputBytes: number;
  redisOutputBytes: number;
}

test.runIf(process.platform === 'linux')('a call asks little of the system', { timeout: 60_000 }, async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await using api = await startSimulatedApi();
  await using tollgate = await startTollgate({ redisUrl: server.url, api });
  const caller = await tollgate.createCaller();
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const readScripts = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
  const readWork = async (): Promise<Work> => {
    const stats = await admin.info('stats');
    const of = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stats)?.[1]);
    const io = readFileSync(`/proc/${tollgate.process.pid}/io`, 'utf8');
    return {
      writes: Number(/^syscw: (\d+)/m.exec(io)?.[1]),
      redisInputBytes: of('total_net_input_bytes'),
      redisOutputBytes: of('total_net_output_bytes'),
    };
  };
  const call = async (): Promise<void> => {
    const response = await tollgate.send(caller, REQUEST);
    expect(response.status).toBe(200);
    await response.text();
  };
  for (let number = 0; number < CALLS; number += 1) await call();

  let least: Work = { writes: Infinity, redisInputBytes: Infinity, redisOutputBytes: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    const scripts = await readScripts();
    const before = await readWork();
    for (let number = 0; number < CALLS; number += 1) await call();
    const after = await readWork();
    // A settle comes after its answer.
    await until(async () => (await readScripts()) >= scripts + 2 * CALLS, { what: 'all are settled' });
    const each = (name: keyof Work): number => (after[name] - before[name]) / CALLS;
    least = {
      writes: Math.min(least.writes, each('writes')),
      redisInputBytes: Math.min(least.redisInputBytes, each('redisInputBytes')),
      redisOutputBytes: Math.min(least.redisOutputBytes, each('redisOutputBytes')),
    };
  }
  expect(least.writes).toBeLessThan(WRITES_BELOW);
  expect(least.redisInputBytes).toBeLessThan(REDIS_INPUT_BYTES_BELOW);
  expect(least.redisOutputBytes).toBeLessThan(REDIS_OUTPUT_BYTES_BELOW);
});
