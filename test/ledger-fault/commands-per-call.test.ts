// Goal: one metered call costs Redis exactly one command before it is forwarded and one after its end, or a part in one
// that it shares with calls of the same account that come at the same time.
// Method: Redis's own MONITOR, while calls go through the real program.
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { nameCommand } from '../support/faulty-link.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { startTollgate } from '../support/running-tollgate.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const REQUEST = { model: 'claude-haiku-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'A short answer.' }] };
const CALLS = 25;

/** What a call needs. All else comes by the clock, whatever the number of calls: sweeps, heartbeats, looks for work. */
const OF_A_CALL = ['ledger/hold', 'ledger/settle', 'echo'];
/** The sweeper looks into each of the partitions, every second. */
const SWEEP = 'ledger/find-due';

/** The calls in one script: words of their own among its arguments, and of no other command. */
const SHARED = ['hold', 'settle'];

test('one command before forwarding and one after the end', { timeout: 60_000 }, async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await using api = await startSimulatedApi();
  await using tollgate = await startTollgate({ redisUrl: server.url, api });
  const caller = await tollgate.createCaller({ account: { low_balance_usd: ['1.00'] } });
  const call = async (): Promise<void> => {
    const response = await tollgate.send(caller, REQUEST);
    expect(response.status).toBe(200);
    await response.text();
  };
  await call();
  await (await tollgate.nextCall()).ended;
  await tollgate.expectSettled();

  const seen: string[] = [];
  const byTheClock: string[] = [];
  const watcher = new Redis(server.url);
  onTestFinished(() => watcher.disconnect());
  const monitor = await watcher.monitor();
  onTestFinished(() => monitor.disconnect());
  monitor.on('monitor', (_time: string, words: string[], source: string) => {
    const command = nameCommand(words);
    // What a script does inside is the server's own doing.
    if (source === 'lua' || command === SWEEP) return;
    const shared = words.filter((word) => SHARED.includes(word));
    if (shared.length > 0) seen.push(...shared.map((word) => `ledger/${word}`));
    else (OF_A_CALL.includes(command) ? seen : byTheClock).push(command);
  });

  // One call, step by step: when the upstream has the request, the hold is all that was sent.
  api.enqueue({ kind: 'answer', delivery: { holdBefore: [0] } });
  const answer = call();
  const upstream = await tollgate.nextCall();
  await upstream.held();
  await until(() => seen.length > 0);
  expect(seen).toEqual(['ledger/hold']);
  upstream.releaseAll();
  await answer;
  await until(() => seen.length === 2);
  expect(seen).toEqual(['ledger/hold', 'ledger/settle']);

  // Many, at the same time: as many of each, alone or together, and nothing else.
  await Promise.all(Array.from({ length: CALLS }, call));
  await until(() => seen.length >= 2 * (CALLS + 1));
  await watcher.echo('everything before this has been seen');
  await until(() => seen.includes('echo'));
  const counts = Object.groupBy(seen, (name) => name);
  // Nothing that a call sent besides could be as rare as that.
  for (const [name, times = []] of Object.entries(Object.groupBy(byTheClock, (name) => name))) {
    expect(times.length, name).toBeLessThan(CALLS / 2);
  }
  expect(counts['ledger/hold']).toHaveLength(CALLS + 1);
  expect(counts['ledger/settle']).toHaveLength(CALLS + 1);
});
