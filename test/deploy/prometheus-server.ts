import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findFreePort } from '../support/free-port.ts';
import { guardProcess } from '../support/process-guard.ts';
import { until } from '../support/until.ts';

/** A real server of the Prometheus family in its own process and folder. It never outlives the test process. */
export interface MonitoringServer extends AsyncDisposable {
  url: string;
}

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

const START_TIMEOUT_MS = 60_000;

/** Starts Prometheus with a configuration of the given contents, in a file of its own. */
export function startPrometheus(config: unknown): Promise<MonitoringServer> {
  return startServer(['prometheus'], config, (folder, port) => [
    `--config.file=${join(folder, 'config.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
  ]);
}

/** Starts Alertmanager, as Debian calls it or as its makers do. */
export function startAlertmanager(config: unknown): Promise<MonitoringServer> {
  return startServer(['prometheus-alertmanager', 'alertmanager'], config, (folder, port) => [
    `--config.file=${join(folder, 'config.yaml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]);
}

/** What an instant query answers. @throws when Prometheus does not take it. */
export async function query(server: MonitoringServer, expr: string): Promise<Sample[]> {
  const response = await fetch(`${server.url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const answer = (await response.json()) as {
    status: string;
    error?: string;
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

async function startServer(
  programs: readonly string[],
  config: unknown,
  argumentsFor: (folder: string, port: number) => string[],
): Promise<MonitoringServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-monitoring-'));
  writeFileSync(join(folder, 'config.yaml'), stringify(config));
  const port = await findFreePort();
  const { child, output } = await spawnFirst(programs, argumentsFor(folder, port));
  guardProcess(child, folder);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(() => child.exitCode !== null || fetch(`${url}/-/ready`).then(({ ok }) => ok), {
      what: `${programs[0]} is ready`,
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 50,
    });
    if (child.exitCode !== null) throw new Error(`${programs[0]} ended at its start:\n${output()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: stop };
}

async function spawnFirst(programs: readonly string[], args: readonly string[]) {
  for (const program of programs) {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text = `${text}${chunk}`.slice(-20_000);
    });
    const started = await new Promise<boolean>((resolve, reject) => {
      child.once('spawn', () => resolve(true));
      child.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(false) : reject(error)));
    });
    if (started) return { child, output: () => text };
  }
  throw new Error(`${programs[0]} is missing: apt-get install prometheus prometheus-alertmanager`);
}
