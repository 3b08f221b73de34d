import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findFreePort } from './free-port.ts';
import { guardProcess } from './process-guard.ts';
import { until } from './until.ts';

/** A real PostgreSQL in its own process and folder. It never outlives the test process, however that ends. */
export interface PostgresServer {
  /** As the owner of an empty database. */
  readonly url: string;
  /** Runs one statement as that owner. */
  query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>;
  /** Ends it as a crash does: the data stays for `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server for good and removes its data. */
  stop(): Promise<void>;
}

const DEBIAN_FOLDER = '/usr/lib/postgresql';

export async function startPostgresServer(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-postgres-'));
  const runAs = findUser();
  if (runAs !== undefined) chownSync(folder, runAs.uid, runAs.gid);
  chmodSync(folder, 0o700);
  const data = join(folder, 'data');
  const flags = ['--no-sync', '--auth=trust', '--username=owner', '--encoding=UTF8', '--locale=C'];
  execFileSync(findProgram('initdb'), [...flags, data], { ...runAs, stdio: 'pipe', cwd: folder });
  const port = await findFreePort();
  const url = `postgres://owner@127.0.0.1:${port}/postgres`;
  let child: ChildProcess | undefined;
  const query: PostgresServer['query'] = async (text) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async (): Promise<void> => {
    const place = ['-D', data, '-p', `${port}`, '-k', folder, '-h', '127.0.0.1'];
    const started = spawn(findProgram('postgres'), [...place, '-c', 'fsync=off', '-c', 'shared_buffers=16MB'], {
      ...runAs,
      stdio: 'ignore',
      cwd: folder,
    });
    child = started;
    guardProcess(started, folder);
    const isReady = async () => {
      if (started.exitCode !== null) throw new Error('PostgreSQL ended at its start');
      return query('SELECT 1').catch(() => undefined);
    };
    await until(isReady, { what: 'PostgreSQL answers', timeoutMs: 30_000 });
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // Its immediate shutdown: every process ends at once, and the next start recovers. A SIGKILL would leave some behind.
    child.kill('SIGQUIT');
    await exited;
  };
  const server: PostgresServer = {
    url,
    query,
    kill,
    start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
  try {
    await start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** PostgreSQL refuses to run as root: the user that its package makes is taken then. */
function findUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('there is no user "postgres" to run PostgreSQL as');
  return { uid: Number(uid), gid: Number(gid) };
}

function findProgram(name: string): string {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const newest = versions.sort((left, right) => Number(right) - Number(left))[0];
  return newest === undefined ? name : join(DEBIAN_FOLDER, newest, 'bin', name);
}
