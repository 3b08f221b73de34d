import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createId } from '../../src/directory/create-id.ts';
import { openStore } from '../../src/store/open-store.ts';
import { runWrk } from '../load/wrk.ts';
import { MEASURED_CORE } from '../machine.ts';
import { ratioOf, spreadOf, writeSpread } from '../ratios.ts';
import { type BenchOptions, type Section, writeTable } from '../report.ts';
import { startPinnedRedis } from '../servers/redis.ts';
import type { TargetGround } from '../servers/targets.ts';
import { type RunningTollgate, startTollgate } from '../servers/tollgate.ts';

const AT_ONCE = 16;
const BODY = { model: 'claude-haiku-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'Which way?' }] };

interface Growth {
  name: string;
  counts: readonly number[];
  /** Adds so many to what the measured key belongs to, or beside it. */
  add(tollgate: RunningTollgate, count: number, redisUrl: string): Promise<void>;
}

const DAY_MS = 86_400_000;
const WARMING_SECONDS = 8;

const GROWTHS: readonly Growth[] = [
  {
    name: 'accounts',
    counts: [1_000, 10_000],
    add: (tollgate, count) => repeat(count, (at) => tollgate.admin.call('POST', '/accounts', { name: `A${at}` })),
  },
  {
    name: 'keys of the account',
    counts: [10_000, 100_000],
    add: ({ admin, caller }, count) =>
      repeat(count, (at) => admin.call('POST', `/accounts/${caller.accountId}/keys`, { name: `k${at}` })),
  },
  {
    name: 'live grants of the account',
    counts: [100, 900],
    add: ({ admin, caller }, count) =>
      repeat(count, () =>
        admin.call('POST', `/accounts/${caller.accountId}/grants`, { amount_usd: '1', kind: 'paid' }),
      ),
  },
  {
    name: 'quotas on the key',
    counts: [4, 16],
    add: ({ admin, caller }, count) =>
      repeat(count, (at) =>
        admin.call('POST', `/accounts/${caller.accountId}/quotas`, {
          scope: { type: 'key', id: caller.keyId },
          window: 'month',
          limit_usd: `${100_000 + at}`,
        }),
      ),
  },
  { name: 'open holds of the account', counts: [1_000, 10_000], add: openHolds },
];

/** As of other processes that are at work for the same account, and told to the store itself. */
async function openHolds({ caller: { accountId } }: RunningTollgate, count: number, redisUrl: string): Promise<void> {
  const store = await openStore({
    ...{ redisUrl, dataFolder: '', commandTimeoutMs: 10_000, waitReplicas: 0 },
    nowMs: () => Date.now(),
    onFault: (error) => process.stderr.write(`${error.message}\n`),
  });
  const common = { accountId, amountNanoUsd: 1_000_000n, tokens: 100n, leaseMs: DAY_MS, modelLabels: [], cells: [] };
  await repeat(count, async () => {
    const { result } = await store.ledger.hold({ ...common, holdId: createId('hold', Date.now()) });
    if (result !== 'held') throw new Error(`a hold was answered ${result}`);
  });
  await store.close();
}

async function repeat(count: number, make: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next; at < count; at = next) {
      next += 1;
      await make(at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Requests per second with much of everything, over those with nothing else there, each on a Redis of its own. */
export async function measureGrowth(ground: TargetGround, { rounds, seconds, quick }: BenchOptions): Promise<Section> {
  const bodyPath = join(ground.folder, 'body.json');
  writeFileSync(bodyPath, JSON.stringify(BODY));
  const rows: string[][] = [];
  const figures: Record<string, number[]> = {};
  const common = {
    folder: ground.folder,
    core: MEASURED_CORE,
    upstreamPort: ground.upstream.port,
  };
  const empty = await startTollgate({ ...common, name: 'empty', redisUrl: ground.redisUrl });
  await warmUp(empty);
  for (const { name, counts, add } of GROWTHS) {
    for (const count of counts.slice(0, quick ? 1 : undefined)) {
      const { url: redisUrl, stop } = await startPinnedRedis();
      const full = await startTollgate({ ...common, redisUrl, name: `${name}-${count}`.replaceAll(' ', '-') });
      await add(full, count, redisUrl);
      await warmUp(full);
      const [before, after]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        before.push(await measure(empty));
        after.push(await measure(full));
      }
      await full.stop();
      await stop();
      figures[`${name}: ${count}`] = after;
      rows.push([name, `${count}`, spreadOf(after).median.toFixed(0), writeSpread(ratioOf(after, before))]);
    }
  }
  await empty.stop();
  return {
    title: 'As the number of things grows',
    lines: writeTable(['', 'how many', 'requests/s', 'of those without'], rows),
    figures,
  };

  /** Uncompiled code would pass for the cost of what was added. */
  async function warmUp(tollgate: RunningTollgate): Promise<void> {
    for (let spent = 0; spent < WARMING_SECONDS; spent += seconds) await measure(tollgate);
  }

  async function measure({ port, caller }: RunningTollgate): Promise<number> {
    const headers = {
      'x-api-key': caller.secret,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    };
    const url = `http://127.0.0.1:${port}/v1/messages`;
    const result = await runWrk(ground.folder, { url, headers, bodyPath, connections: 64, seconds });
    if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
    return result.perSecond;
  }
}
