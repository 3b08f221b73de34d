import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { guardProcess } from './process-guard.ts';
import { REDIS_BINARY } from './redis-binary.ts';
import { sendRedisLine } from './redis-ping.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A real primary with replicas and the sentinels that watch over it, each in a process of its own. */
export interface RedisSentinel extends AsyncDisposable {
  /** `redis+sentinel://127.0.0.1:<port>,.../main`, with the passwords where there are any. */
  readonly url: string;
  /** The servers; the first began as the primary. */
  readonly servers: readonly RedisServer[];
  readonly sentinelPorts: readonly number[];
  /** Their Unix sockets. */
  readonly sentinelSockets: readonly string[];
  /** The server that the sentinels call the primary now. */
  findPrimary(): Promise<RedisServer>;
}

export interface RedisSentinelOptions {
  replicas?: number;
  sentinels?: number;
  /** Asked for by the servers. */
  password?: string;
  /** Asked for by the sentinels. */
  sentinelPassword?: string;
  /** Further arguments of every server. */
  args?: readonly string[];
}

const NAME = 'main';
/** Short, so that a fail-over takes little more than a second. */
const DOWN_AFTER_MS = 500;
const FAILOVER_TIMEOUT_MS = 3_000;

/** Starts all of them and resolves when every sentinel sees the primary, the replicas and the other sentinels. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { replicas = 2, sentinels = 3, password, sentinelPassword } = options;
  const servers: RedisServer[] = [];
  const watchers: Watcher[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const args = [...serverArguments(password), ...(options.args ?? [])];
    const primary = await startRedisServer({ args, ...(password === undefined ? {} : { password }) });
    servers.push(primary);
    const follow = ['--replicaof', `127.0.0.1 ${primary.port}`];
    const followers = Array.from({ length: replicas }, () =>
      startRedisServer({ args: [...args, ...follow], ...(password === undefined ? {} : { password }) }),
    );
    servers.push(...(await Promise.all(followers)));
    // A sentinel asks the primary for its replicas every ten seconds only.
    await until(
      async () =>
        (await sendRedisLine(primary.socketPath, 'INFO replication', password)).match(/state=online/g)?.length ===
        replicas,
      { what: 'the replicas follow' },
    );
    const quorum = Math.floor(sentinels / 2) + 1;
    for (let index = 0; index < sentinels; index += 1)
      watchers.push(await startWatcher(primary.port, quorum, password, sentinelPassword));
    await until(async () => (await Promise.all(watchers.map((each) => each.see()))).every(isComplete), {
      what: 'every sentinel sees all of them',
      timeoutMs: 30_000,
    });
    function isComplete(seen: string): boolean {
      const field = (name: string): string | undefined =>
        new RegExp(`^${name}\r\n\\$\\d+\r\n(.*)\r$`, 'm').exec(seen)?.[1];
      return field('num-slaves') === `${replicas}` && field('num-other-sentinels') === `${sentinels - 1}`;
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: urlOf(watchers, password, sentinelPassword),
    servers,
    sentinelPorts: watchers.map(({ port }) => port),
    sentinelSockets: watchers.map(({ socketPath }) => socketPath),
    findPrimary: () =>
      until(
        async () => {
          const named = await watchers[0]?.ask(`SENTINEL GET-MASTER-ADDR-BY-NAME ${NAME}`);
          return servers.find(({ port }) => named?.includes(`\r\n${port}\r\n`));
        },
        { what: 'the sentinels name a primary' },
      ),
    [Symbol.asyncDispose]: stop,
  };
}

function serverArguments(password: string | undefined): string[] {
  const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
  return password === undefined ? quick : [...quick, '--requirepass', password, '--masterauth', password];
}

function urlOf(watchers: readonly Watcher[], password?: string, sentinelPassword?: string): string {
  const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const query = sentinelPassword === undefined ? '' : `?sentinel-password=${encodeURIComponent(sentinelPassword)}`;
  const hosts = watchers.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return `redis+sentinel://${user}${hosts}/${NAME}${query}`;
}

interface Watcher {
  port: number;
  socketPath: string;
  ask(line: string): Promise<string>;
  /** What it knows of the primary. */
  see(): Promise<string>;
  stop(): Promise<void>;
}

/** A sentinel rewrites its configuration file, so each has one in a folder of its own. */
async function startWatcher(
  primaryPort: number,
  quorum: number,
  password: string | undefined,
  sentinelPassword: string | undefined,
): Promise<Watcher> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sentinel-'));
  const port = await findFreePort();
  const socketPath = join(folder, 'sentinel.sock');
  const lines = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, `unixsocket ${socketPath}`, 'logfile sentinel.log'],
    ...[`sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${quorum}`],
    ...[`sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`],
    ...[`sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`],
    ...(password === undefined ? [] : [`sentinel auth-pass ${NAME} ${password}`]),
    ...(sentinelPassword === undefined
      ? []
      : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
  ];
  const file = join(folder, 'sentinel.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(REDIS_BINARY, [file, '--sentinel'], { stdio: 'ignore' });
  guardProcess(child, folder);
  const ask = (line: string): Promise<string> => sendRedisLine(socketPath, line, sentinelPassword);
  const stop = (): Promise<void> => endChild(child, folder);
  try {
    await until(async () => (await ask('PING')).startsWith('+PONG'), { what: 'a sentinel answers' });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, socketPath, ask, see: () => ask(`SENTINEL MASTER ${NAME}`), stop };
}

async function endChild(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
}
