import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardProcess } from './process-guard.ts';
import { until } from './until.ts';

/** The whole program in a process of its own. It never outlives the test process. */
export interface TollgateProcess {
  readonly pid: number;
  /** Everything written so far. */
  stdout(): string;
  stderr(): string;
  /** The lines of log among it, parsed. */
  log(): LogLine[];
  signal(name: NodeJS.Signals): void;
  /** Reads no more: what it writes from now on meets a broken pipe. */
  closeOutput(): void;
  /** Resolves when it has ended and all its output is here. */
  readonly ended: Promise<ProcessEnd>;
}

export type LogLine = Record<string, unknown>;

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export type Environment = Readonly<Record<string, string>>;

const PROGRAM = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
/** Halves the time of a start. Node goes by the content of the sources, so that it is never out of date. */
const COMPILE_CACHE = join(tmpdir(), 'tollgate-test-compile-cache');

const BASE_ENVIRONMENT: Environment = {
  PATH: process.env.PATH ?? '',
  NODE_COMPILE_CACHE: COMPILE_CACHE,
  PORT: '0',
  ADMIN_PORT: '0',
};

/**
 * Starts `node src/main.ts` on ports of the system's choice, with nothing in its environment but what is given.
 * @param folder the data folder; removed when this very test process dies before its time.
 */
export function spawnTollgate(folder: string, environment: Environment = {}): TollgateProcess {
  const child = spawn(process.execPath, [PROGRAM], {
    // NODE_OPTIONS is left out, too: vitest's loaders are none of the program's.
    env: { ...BASE_ENVIRONMENT, DATA_DIR: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardProcess(child, folder);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    log: () => readLogLines(output.stdout),
    signal: (name) => void child.kill(name),
    closeOutput() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    ended: waitForEnd(child),
  };
}

/** Waits until it says that it runs. @throws with what it said instead, when it ends before. */
export async function waitUntilRunning(running: TollgateProcess): Promise<{ publicUrl: string; adminUrl: string }> {
  let end: ProcessEnd | undefined;
  running.ended.then((how) => {
    end = how;
  });
  const banner = await until(
    () => (end === undefined ? /^ {2}Stop with/m.test(running.stdout()) && running.stdout() : 'ended'),
    { what: 'Tollgate says that it runs', timeoutMs: START_TIMEOUT_MS },
  );
  if (banner === 'ended') throw new Error(`Tollgate ended at its start with ${end?.code}:\n${running.stderr()}`);
  return { publicUrl: readUrl(banner, 'proxy'), adminUrl: readUrl(banner, 'admin') };
}

function readUrl(banner: string, label: string): string {
  const url = new RegExp(`^ {2}${label} +(http://\\S+)`, 'm').exec(banner)?.[1];
  if (url === undefined) throw new Error(`no "${label}" in:\n${banner}`);
  return url;
}

function waitForEnd(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function readLogLines(text: string): LogLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}
