import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { OTHER_CORE, readProcessorMs, readResidentBytes, startPinned, waitForPort } from '../machine.ts';
import { type BenchOptions, type Section, writeTable } from '../report.ts';
import { startTarget, type TargetGround, type TargetName } from '../servers/targets.ts';
import { findFreePort } from '../servers/tollgate.ts';

const EVENT_EVERY_MS = 1_000;
const EVENTS_EACH = 600;
const SOURCE = fileURLToPath(new URL('../servers/event-upstream.c', import.meta.url));
const CLIENT = fileURLToPath(new URL('../load/stream-client.ts', import.meta.url));

interface Measured {
  open: number;
  failed: number;
  events: number;
  p50Ms: number;
  p99Ms: number;
  bytesEach: number;
  processorShare: number;
}

/** Thousands of streams at once, each with an event a second: what one costs in memory, and how late its events come. */
export async function measureStreams(ground: TargetGround, { quick }: BenchOptions): Promise<Section> {
  const streams = quick ? 1_000 : 5_000;
  const program = join(ground.folder, 'event-upstream');
  execFileSync('cc', ['-O2', '-o', program, SOURCE]);
  const port = await findFreePort();
  const upstream = startPinned(program, [`${port}`, `${EVENT_EVERY_MS}`, `${EVENTS_EACH}`], { core: OTHER_CORE });
  await waitForPort(port);
  const measured = new Map<TargetName, Measured>();
  for (const name of ['direct', 'nginx', 'fastify', 'tollgate-redis'] as const) {
    process.stderr.write(`${streams} streams through ${name} ...\n`);
    measured.set(name, await measureTarget(name, { ...ground, upstream: { ...upstream, port } }, streams));
  }
  await upstream.stop();
  const rows = [...measured].map(([name, one]) => [
    name,
    `${one.open}`,
    one.p50Ms.toFixed(2),
    one.p99Ms.toFixed(2),
    name === 'direct' ? '' : (one.bytesEach / 1_024).toFixed(1),
    name === 'direct' ? '' : `${(one.processorShare * 100).toFixed(0)} %`,
  ]);
  const heads = ['', 'streams', 'event late, p50 ms', 'p99 ms', 'KB each', 'of a core'];
  return {
    title: `${streams} streams at once, an event a second each`,
    lines: writeTable(heads, rows),
    figures: Object.fromEntries(measured),
  };
}

async function measureTarget(name: TargetName, ground: TargetGround, streams: number): Promise<Measured> {
  const target = await startTarget(name, ground);
  if (target === undefined) throw new Error(`${name} cannot be started`);
  const seconds = 10;
  const { port } = new URL(target.url);
  const before = readResidentBytes(target.pid);
  const args = [
    '-c',
    `${OTHER_CORE}`,
    process.execPath,
    CLIENT,
    port,
    `${streams}`,
    `${seconds}`,
    target.headers['x-api-key'] ?? '',
  ];
  const client = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).done) throw new Error(`${name}: the streams could not be opened`);
  const [processorBefore, startedAtMs] = [readProcessorMs(target.pid), performance.now()];
  const result = lines.next();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const bytesEach = (readResidentBytes(target.pid) - before) / streams;
  const told = JSON.parse((await result).value ?? '{}') as Measured;
  const processorShare = (readProcessorMs(target.pid) - processorBefore) / (performance.now() - startedAtMs);
  if (client.exitCode === null) await once(client, 'exit');
  await target.stop();
  if (told.failed > 0) throw new Error(`${name}: ${told.failed} of ${streams} streams failed`);
  return { ...told, bytesEach, processorShare };
}
