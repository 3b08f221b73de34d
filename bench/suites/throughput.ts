import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAnswerFault } from '../load/find-answer-fault.ts';
import { runWrk } from '../load/wrk.ts';
import { readProcessorMs } from '../machine.ts';
import { ratioOf, spreadOf, writeSpread } from '../ratios.ts';
import { type BenchOptions, type Section, writeTable } from '../report.ts';
import {
  STREAM_HEADER,
  startTarget,
  TARGET_NAMES,
  type Target,
  type TargetGround,
  type TargetName,
} from '../servers/targets.ts';

interface Shape {
  name: string;
  bodyBytes: number;
  stream: boolean;
  connections: number;
}

/** As before the other measurements: a process is slow until its code is compiled, at a thousand connections for seconds. */
const WARMING_SECONDS = 6;

const SHAPES: readonly Shape[] = [
  { name: 'JSON, small, 1 connection', bodyBytes: 100, stream: false, connections: 1 },
  { name: 'JSON, small, 64 connections', bodyBytes: 100, stream: false, connections: 64 },
  { name: 'JSON, small, 1,000 connections', bodyBytes: 100, stream: false, connections: 1_000 },
  { name: 'JSON, 100 KB, 64 connections', bodyBytes: 100_000, stream: false, connections: 64 },
  { name: 'JSON, 10 MB, 8 connections', bodyBytes: 10_000_000, stream: false, connections: 8 },
  { name: 'SSE, small, 64 connections', bodyBytes: 100, stream: true, connections: 64 },
  { name: 'SSE, small, 1,000 connections', bodyBytes: 100, stream: true, connections: 1_000 },
];

interface Measured {
  perSecond: number[];
  processorUs: number[];
  /** What it answered other than a success, for which it has no figures. */
  fault?: string;
}

/**
 * As many requests as each target takes, one target after the other in each round, so that a slow minute of the
 * machine falls on all of them.
 */
export async function measureThroughput(ground: TargetGround, options: BenchOptions): Promise<Section> {
  const shapes = options.quick
    ? SHAPES.filter(({ connections, bodyBytes }) => connections === 64 && bodyBytes < 1_000)
    : SHAPES;
  const targets: Target[] = [];
  for (const name of TARGET_NAMES) {
    const target = await startTarget(name, ground);
    if (target !== undefined) targets.push(target);
  }
  const lines: string[] = [];
  const figures: Record<string, unknown> = {};
  for (const shape of shapes) {
    const measured = await measureShape(shape, targets, ground.folder, options);
    lines.push(`### ${shape.name}`, '', ...writeShape(measured), '');
    figures[shape.name] = Object.fromEntries(measured);
  }
  for (const target of targets) await target.stop();
  return { title: 'Requests per second', lines, figures };
}

async function measureShape(
  shape: Shape,
  targets: readonly Target[],
  folder: string,
  { rounds, seconds }: BenchOptions,
): Promise<Map<TargetName, Measured>> {
  const bodyPath = join(folder, 'body.json');
  const body = writeBody(shape);
  writeFileSync(bodyPath, body);
  const measured = new Map<TargetName, Measured>(targets.map(({ name }) => [name, { perSecond: [], processorUs: [] }]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const target of targets) {
      const one = measured.get(target.name);
      if (one === undefined || one.fault !== undefined) continue;
      const headers = shape.stream ? { ...target.headers, [STREAM_HEADER]: '1' } : target.headers;
      if (round === 0) {
        const fault = await findAnswerFault({ url: target.url, headers, body, stream: shape.stream });
        if (fault !== undefined) {
          noteFault(target, shape, one, fault);
          continue;
        }
      }
      const before = readProcessorMs(target.pid);
      const load = { url: target.url, headers, bodyPath, connections: shape.connections, seconds };
      const result = await runWrk(folder, round === 0 ? { ...load, seconds: WARMING_SECONDS } : load);
      if (result.failed > 0 || result.requests === 0) {
        noteFault(target, shape, one, `${result.failed} of ${result.requests} requests failed`);
        continue;
      }
      if (round === 0) continue;
      one.perSecond.push(result.perSecond);
      one.processorUs.push(((readProcessorMs(target.pid) - before) * 1_000) / result.requests);
    }
  }
  return measured;
}

/** A peer's failures are told; ours make the run worthless. */
function noteFault({ name }: Target, shape: Shape, measured: Measured, fault: string): void {
  if (name.startsWith('tollgate')) throw new Error(`${name}, ${shape.name}: ${fault}`);
  measured.fault = fault;
}

function writeBody({ bodyBytes, stream }: Shape): string {
  const text = 'tollgate '.repeat(Math.ceil(bodyBytes / 9)).slice(0, bodyBytes);
  return JSON.stringify({
    model: 'claude-haiku-4-5',
    max_tokens: 64,
    stream,
    messages: [{ role: 'user', content: text }],
  });
}

function writeShape(measured: ReadonlyMap<TargetName, Measured>): string[] {
  const over = (perSecond: number[], base: Measured | undefined): string =>
    base === undefined || base.fault !== undefined ? '' : writeSpread(ratioOf(perSecond, base.perSecond));
  const rows = [...measured].map(([name, { perSecond, processorUs, fault }]) =>
    fault === undefined
      ? [
          name,
          spreadOf(perSecond).median.toFixed(0),
          over(perSecond, measured.get('nginx')),
          over(perSecond, measured.get('fastify')),
          spreadOf(processorUs).median.toFixed(0),
        ]
      : [name, `none: ${fault}`, '', '', ''],
  );
  return writeTable(['', 'requests/s', 'of nginx', 'of plain Fastify', 'processor µs each'], rows);
}
