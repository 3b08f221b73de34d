// Goal: whatever happens to calls, clients, processes, the store, the upstream, disks and clocks, in whatever order,
// every call is charged as the documents say, once, and nothing is left held.
// Method: the product's own listener, metering and spool on virtual time, with a seed that schedules all of it: arrivals,
// pieces cut at any byte, cuts, silences, clients that leave or are slow, commands refused, lost, late or charged without
// an answer, the store away, full disks, deaths before any effect, stops, clock steps, credit and terms that change. The
// simulator's own bill and a judge that sees only what crossed the borders of the processes say what is right.
// SIMULATION_SEEDS: how many seeds; SIMULATION_FROM: the first one. One seed again: both, with SIMULATION_SEEDS=1.
import { expect, test } from 'vitest';
import { judgeSeed, type Verdict } from './judge-seed.ts';
import { KEPT_SEEDS } from './kept-seeds.ts';
import { runSeed } from './run-seed.ts';

const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 200);
const FIRST = Number(process.env.SIMULATION_FROM ?? 1);
/** Seeds of one test: it says how far a long run has come. */
const BLOCK = 50;
const TIMEOUT_MS = 600_000;

const blocks = Array.from({ length: Math.ceil(SEEDS / BLOCK) }, (_, index) => {
  const from = FIRST + index * BLOCK;
  return { from, to: Math.min(from + BLOCK, FIRST + SEEDS) - 1 };
});

async function judge(seed: number): Promise<Verdict> {
  try {
    return await judgeSeed(await runSeed(seed));
  } catch (error) {
    const causes = error instanceof AggregateError ? error.errors : [error];
    return { problems: causes.map(String), counts: {}, billedNanoUsd: 0n, chargedNanoUsd: 0n };
  }
}

function tell(seed: number, problems: readonly string[]): string {
  const again = `SIMULATION_FROM=${seed} SIMULATION_SEEDS=1 npm test -- test/simulation`;
  return [`seed ${seed} (again: ${again})`, ...problems.map((problem) => `  ${problem}`)].join('\n');
}

test.each(blocks)('seeds $from to $to', { timeout: TIMEOUT_MS }, async ({ from, to }) => {
  const failed: string[] = [];
  const counts: Record<string, number> = {};
  for (let seed = from; seed <= to; seed += 1) {
    const verdict = await judge(seed);
    if (verdict.problems.length > 0) failed.push(tell(seed, verdict.problems));
    for (const [why, count] of Object.entries(verdict.counts)) counts[why] = (counts[why] ?? 0) + count;
  }
  if (process.env.SIMULATION_SEEDS !== undefined) process.stdout.write(`${from} to ${to}: ${JSON.stringify(counts)}\n`);
  expect(failed.join('\n')).toBe('');
});

test.runIf(KEPT_SEEDS.length > 0).each(KEPT_SEEDS)('seed $seed, which found: $found', async ({ seed }) => {
  expect(tell(seed, (await judge(seed)).problems)).toBe(tell(seed, []));
});

test('the same seed is the same run', async () => {
  const [first, second] = [await runSeed(7), await runSeed(7)];
  expect(second.elapsedMs).toBe(first.elapsedMs);
  expect(second.upstream.calls.map(({ number, givenBytes, end }) => [number, givenBytes, end])).toEqual(
    first.upstream.calls.map(({ number, givenBytes, end }) => [number, givenBytes, end]),
  );
  const [one, other] = [await judgeSeed(first), await judgeSeed(second)];
  expect(other).toEqual(one);
  expect(one.chargedNanoUsd).toBeGreaterThan(0n);
});
