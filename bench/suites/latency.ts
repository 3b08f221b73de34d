import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAnswerFault } from '../load/find-answer-fault.ts';
import { runPaced } from '../load/paced.ts';
import { runWrk } from '../load/wrk.ts';
import { spreadOf, writeSpread } from '../ratios.ts';
import { type BenchOptions, type Section, writeTable } from '../report.ts';
import { startTarget, type Target, type TargetGround } from '../servers/targets.ts';

const PER_SECOND = 200;
/** A process is slow until its code is compiled, which takes ten thousand requests or more: a minute at this rate. */
const WARMING_SECONDS = 8;
const BODY = Buffer.from(
  JSON.stringify({
    model: 'claude-haiku-4-5',
    max_tokens: 64,
    messages: [{ role: 'user', content: 'Which way to the sea?' }],
  }),
);

/** What a request waits longer than through bare nginx, at a rate at which nothing is short. */
export async function measureLatency(ground: TargetGround, { rounds, quick }: BenchOptions): Promise<Section> {
  const seconds = quick ? 3 : 10;
  const targets: Target[] = [];
  for (const name of ['nginx', 'fastify', 'tollgate-redis', 'tollgate-embedded'] as const) {
    const target = await startTarget(name, ground);
    if (target !== undefined) targets.push(target);
  }
  const bodyPath = join(ground.folder, 'body.json');
  writeFileSync(bodyPath, BODY);
  for (const { name, url, headers } of targets) {
    const fault = await findAnswerFault({ url, headers, body: `${BODY}`, stream: false });
    if (fault !== undefined) throw new Error(`${name}: ${fault}`);
    await runWrk(ground.folder, { url, headers, bodyPath, connections: 16, seconds: WARMING_SECONDS });
  }
  const measured = new Map(targets.map(({ name }) => [name, { p50: [] as number[], p99: [] as number[] }]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, url, headers } of targets) {
      const result = await runPaced(
        { url, headers, body: BODY },
        { perSecond: PER_SECOND, seconds: round === 0 ? 2 : seconds },
      );
      if (result.failed > 0) throw new Error(`${name}: ${result.failed} requests failed`);
      if (round === 0) continue;
      measured.get(name)?.p50.push(result.p50Ms);
      measured.get(name)?.p99.push(result.p99Ms);
    }
  }
  for (const target of targets) await target.stop();
  const base = measured.get('nginx') ?? { p50: [], p99: [] };
  const added = (values: number[], others: number[]) =>
    writeSpread(spreadOf(values.map((value, at) => value - (others[at] ?? 0))));
  const rows = [...measured].map(([name, { p50, p99 }]) => [
    name,
    writeSpread(spreadOf(p50)),
    writeSpread(spreadOf(p99)),
    name === 'nginx' ? '' : added(p50, base.p50),
    name === 'nginx' ? '' : added(p99, base.p99),
  ]);
  const lines = writeTable(['', 'p50 ms', 'p99 ms', 'p50 over nginx, ms', 'p99 over nginx, ms'], rows);
  return { title: `Latency at ${PER_SECOND} requests per second`, lines, figures: Object.fromEntries(measured) };
}
