// Goal: what a call leaves behind in the old generation does not grow unnoticed. A call lives some milliseconds; one
// that is copied whole into the old generation costs more than all that it does (docs/performance.md says what did that).
// Method: the program in its own process with many calls at once, and its own figures for the heap. Bytes are counted
// rather than timed, in a round without a full collection, and the cheapest round counts.
import { expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { startTollgate } from '../support/running-tollgate.ts';
import { startSimulatedApi } from '../support/simulated-api.ts';

const REQUEST = { model: 'claude-haiku-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'A short answer.' }] };
const AT_ONCE = 32;
const WARMING = 1_500;
/** What is made for them stays, and is made where calls make theirs. */
const OTHER_ACCOUNTS = 400;
const ROUNDS = 6;
/** A dozen collections of the young generation. */
const CALLS = 1_500;
/** Some 4,800, writes that are kept for two minutes among them; 27,000 where a call is copied whole. */
const BYTES_BELOW = 10_000;

interface Heap {
  oldBytes: number;
  fullCollections: number;
}

test('a call leaves little in the old generation', { timeout: 120_000 }, async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await using api = await startSimulatedApi();
  await using tollgate = await startTollgate({ redisUrl: server.url, api });
  const caller = await tollgate.createCaller();
  const call = async (): Promise<void> => {
    const response = await tollgate.send(caller, REQUEST);
    expect(response.status).toBe(200);
    await response.text();
  };
  const callMany = async (count: number): Promise<void> => {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await call();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  };
  const readHeap = async (): Promise<Heap> => {
    const text = await (await fetch(`${tollgate.adminUrl}/metrics`)).text();
    const of = (name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.split(' ')[1] ?? 0,
      );
    return {
      oldBytes: of('nodejs_heap_space_size_used_bytes{space="old"}'),
      fullCollections: of('nodejs_gc_duration_seconds_count{kind="major"}'),
    };
  };
  for (let at = 0; at < OTHER_ACCOUNTS; at += 1)
    await tollgate.admin.call('POST', '/accounts', { name: `Another ${at}` });
  await callMany(WARMING);
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await readHeap();
    await callMany(CALLS);
    const after = await readHeap();
    if (after.fullCollections > before.fullCollections) continue;
    least = Math.min(least, (after.oldBytes - before.oldBytes) / CALLS);
    if (least < BYTES_BELOW) break;
  }
  expect(least).toBeLessThan(BYTES_BELOW);
  expect(least).toBeGreaterThan(0);
});
