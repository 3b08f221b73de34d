import { writeFileSync } from 'node:fs';
import { arch, cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { createWorkFolder, leaveMeasuredCore, OTHER_CORE } from './machine.ts';
import { type BenchOptions, type Section, writeReport } from './report.ts';
import { startNginxUpstream } from './servers/nginx.ts';
import { startPinnedRedis } from './servers/redis.ts';
import type { TargetGround } from './servers/targets.ts';
import { findFreePort } from './servers/tollgate.ts';
import { measureGrowth } from './suites/growth.ts';
import { measureLatency } from './suites/latency.ts';
import { measureMemory } from './suites/memory.ts';
import { measureStreams } from './suites/streams.ts';
import { measureThroughput } from './suites/throughput.ts';

const SUITES = {
  throughput: measureThroughput,
  latency: measureLatency,
  streams: measureStreams,
  growth: measureGrowth,
  memory: measureMemory,
};
type SuiteName = keyof typeof SUITES;

const USAGE = `npm run bench -- [--quick] [--only ${Object.keys(SUITES).join(',')}] [--rounds 5] [--seconds 5] [--json <file>]`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(SUITES).join(',') },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.only.split(',');
  if (values.help || names.some((name) => !Object.hasOwn(SUITES, name))) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(values.help ? 0 : 2);
  }
  const options: BenchOptions = {
    quick: values.quick,
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    seconds: Number(values.seconds ?? (values.quick ? 3 : 5)),
  };
  leaveMeasuredCore();
  const sections: Section[] = [];
  for (const name of names as SuiteName[]) {
    const section = await onGround((ground) => SUITES[name](ground, options));
    process.stdout.write(`${writeReport([section])}\n`);
    sections.push(section);
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine: describeMachine(), options, sections }, null, 2)}\n`);
  }
}

/** With an upstream and a Redis of its own, each on the core that is not measured. */
async function onGround(work: (ground: TargetGround) => Promise<Section>): Promise<Section> {
  const folder = createWorkFolder();
  const redis = await startPinnedRedis();
  const port = await findFreePort();
  const upstream = await startNginxUpstream(folder, port, OTHER_CORE);
  try {
    return await work({ folder, upstream: { ...upstream, port }, redisUrl: redis.url });
  } finally {
    await upstream.stop();
    await redis.stop();
  }
}

function describeMachine(): string {
  const [core] = cpus();
  return `${cpus().length} x ${core?.model ?? 'unknown'}, ${arch()}, Linux ${release()}, Node ${process.versions.node}`;
}

// The Redis server is no reason for this process to stay, not even until it has ended.
const stay = setInterval(() => undefined, 1_000);
await main().finally(() => clearInterval(stay));
