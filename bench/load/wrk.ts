import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OTHER_CORE } from '../machine.ts';

export interface Load {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** The file that holds the body. */
  bodyPath: string;
  connections: number;
  seconds: number;
}

export interface LoadResult {
  requests: number;
  perSecond: number;
  /** Anything that was not answered 2xx: a run with any is worth nothing. */
  failed: number;
}

/** One run of wrk: every connection sends its next request as soon as it is answered. */
export async function runWrk(folder: string, load: Load): Promise<LoadResult> {
  const script = join(folder, 'load.lua');
  const headers = Object.entries(load.headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  writeFileSync(
    script,
    [`wrk.method = "POST"`, `wrk.body = io.open("${load.bodyPath}", "rb"):read("*a")`, ...headers].join('\n'),
  );
  const args = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '30s', '-s', script, load.url];
  const child = spawn('taskset', ['-c', `${OTHER_CORE}`, 'wrk', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return { requests, perSecond, failed: broken.map(Number).reduce((sum, count) => sum + count, refused) };
}
