import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The core that what is measured has to itself, and the one for all that surrounds it: upstream, store, load. */
export const MEASURED_CORE = 0;
export const OTHER_CORE = 1;

const CLOCK_TICK_MS = 10;
const START_TIMEOUT_MS = 30_000;

export interface PinnedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

export interface PinnedOptions {
  core: number;
  environment?: Readonly<Record<string, string>>;
  folder?: string;
  /** Its errors are thrown away as well. */
  isQuiet?: boolean;
}

/** Takes this process, which may send the load itself, off the measured core. */
export function leaveMeasuredCore(): void {
  execFileSync('taskset', ['-pc', `${OTHER_CORE}`, `${process.pid}`], { stdio: 'ignore' });
}

/** Starts a program on one core, with nothing of our environment but the path. It ends with us. */
export function startPinned(command: string, args: readonly string[], options: PinnedOptions): PinnedProcess {
  const child = spawn('taskset', ['-c', `${options.core}`, command, ...args], {
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin`, HOME: tmpdir(), ...options.environment },
    stdio: ['ignore', 'ignore', options.isQuiet === true ? 'ignore' : 'inherit'],
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
  });
  const ended = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    pid: child.pid ?? 0,
    child,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Resolves when something listens. @throws when nothing does within half a minute. */
export async function waitForPort(port: number): Promise<void> {
  const untilMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < untilMs) {
    const socket = connect({ host: '127.0.0.1', port });
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Processor time of a process and its children, in milliseconds. */
export function readProcessorMs(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
  return readChildren(pid).reduce((sum, child) => sum + readProcessorMs(child), own);
}

/** Resident memory of a process and its children, in bytes. */
export function readResidentBytes(pid: number): number {
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
  return readChildren(pid).reduce((sum, child) => sum + readResidentBytes(child), own);
}

function readChildren(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/** A folder that is removed with us. */
export function createWorkFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
