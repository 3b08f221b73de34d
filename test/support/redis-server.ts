import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { guardProcess } from './process-guard.ts';
import { REDIS_BINARY } from './redis-binary.ts';
import { isRedisReady } from './redis-ping.ts';
import { until } from './until.ts';

/** A real redis-server in its own process and folder. It never outlives the test process, however that ends. */
export interface RedisServer {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** The same server's Unix socket. */
  readonly socketPath: string;
  readonly pid: number | undefined;
  /** Ends the server for good and removes its data. May be called in any state, more than once. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash: the data stays for `restart`. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the server if it runs (SIGTERM) and starts it again with the same port and data. */
  restart(): Promise<void>;
}

export interface RedisServerOptions {
  /** Further redis-server arguments, for example `['--maxmemory', '64mb']`; they win over those given here. */
  args?: readonly string[];
  /** The one that the arguments make the server ask for. */
  password?: string;
}

/** The settings the ledger is meant to run with: append-only file, no snapshots, no eviction. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'];
const START_ATTEMPTS = 5;

/** Starts a redis-server on a free port of 127.0.0.1 and a Unix socket; resolves when it answers PING. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-redis-'));
  for (let attempt = 1; ; attempt += 1) {
    const server = createRedisServer(folder, await findFreePort(), options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      // The free port may have been taken between its choice and its use.
      if (attempt < START_ATTEMPTS && readLog(folder).includes('Address already in use')) continue;
      await server.stop();
      throw error;
    }
  }
}

function createRedisServer(folder: string, port: number, options: RedisServerOptions): RedisServer {
  const socketPath = join(folder, 'redis.sock');
  let child: ChildProcess | undefined;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child === undefined || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    // A paused process takes no SIGTERM before it is resumed.
    child.kill('SIGCONT');
    await exited;
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    socketPath,
    get pid() {
      return child?.pid;
    },
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    restart: async () => {
      await end('SIGTERM');
      child = launch(folder, port, socketPath, options);
      await waitUntilReady(child, folder, socketPath, options.password);
    },
  };
}

function launch(folder: string, port: number, socketPath: string, options: RedisServerOptions): ChildProcess {
  const place = ['--bind', '127.0.0.1', '--port', `${port}`, '--unixsocket', socketPath, '--dir', folder];
  const log = ['--logfile', join(folder, 'redis.log'), '--daemonize', 'no'];
  const child = spawn(REDIS_BINARY, [...DURABLE, ...place, ...log, ...(options.args ?? [])], { stdio: 'ignore' });
  guardProcess(child, folder);
  return child;
}

async function waitUntilReady(
  child: ChildProcess,
  folder: string,
  socketPath: string,
  password: string | undefined,
): Promise<void> {
  let fault: Error | undefined;
  child.once('error', (error) => {
    fault = new Error('redis-server could not be started; npm test installs it where apt-get is at hand', {
      cause: error,
    });
  });
  const state = await until(
    async () => {
      if (fault !== undefined || hasEnded(child)) return 'ended';
      return (await isRedisReady(socketPath, password)) ? 'ready' : undefined;
    },
    { what: 'redis-server answers PING', timeoutMs: 20_000 },
  );
  if (state === 'ended') throw fault ?? new Error(`redis-server ended at its start:\n${readLog(folder)}`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function readLog(folder: string): string {
  try {
    return readFileSync(join(folder, 'redis.log'), 'utf8');
  } catch {
    return '';
  }
}
