import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHeapProbe } from '../load/heap-probe.ts';
import { runWrk } from '../load/wrk.ts';
import { MEASURED_CORE, readResidentBytes } from '../machine.ts';
import { type BenchOptions, type Section, writeTable } from '../report.ts';
import type { TargetGround } from '../servers/targets.ts';
import { findFreePort, startTollgate } from '../servers/tollgate.ts';

const BODY = { model: 'claude-haiku-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'Which way?' }] };
const MIB = 1_024 * 1_024;

/** The memory of one process while requests go on: JSON and streams in turn, a slice of the run for each sample. */
export async function measureMemory(ground: TargetGround, { rounds, seconds }: BenchOptions): Promise<Section> {
  const bodyPath = join(ground.folder, 'body.json');
  const common = { folder: ground.folder, core: MEASURED_CORE, upstreamPort: ground.upstream.port };
  const port = await findFreePort();
  const nodeArguments = [`--inspect=127.0.0.1:${port}`];
  const tollgate = await startTollgate({ ...common, name: 'memory', redisUrl: ground.redisUrl, nodeArguments });
  const heap = await openHeapProbe(port);
  const sample = async (requests: number) => ({
    requests,
    heapMiB: (await heap.readHeapBytes()) / MIB,
    residentMiB: readResidentBytes(tollgate.pid) / MIB,
  });
  const headers = {
    'x-api-key': tollgate.caller.secret,
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
  };
  const url = `http://127.0.0.1:${tollgate.port}/v1/messages`;
  const samples = [await sample(0)];
  let requests = 0;
  for (let round = 0; round < rounds; round += 1) {
    const stream = round % 2 === 1;
    writeFileSync(bodyPath, JSON.stringify(stream ? { ...BODY, stream } : BODY));
    const marked = stream ? { ...headers, 'x-bench-stream': '1' } : headers;
    const result = await runWrk(ground.folder, { url, headers: marked, bodyPath, connections: 64, seconds });
    if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
    requests += result.requests;
    samples.push(await sample(requests));
  }
  heap.close();
  await tollgate.stop();
  return {
    title: 'Memory as requests go on',
    lines: writeTable(
      ['requests so far', 'live objects, MiB', 'resident, MiB'],
      samples.map((each) => [`${each.requests}`, each.heapMiB.toFixed(1), each.residentMiB.toFixed(0)]),
    ),
    figures: samples,
  };
}
