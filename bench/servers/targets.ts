import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MEASURED_CORE, OTHER_CORE, type PinnedProcess, startPinned, waitForPort } from '../machine.ts';
import { startNginxProxy } from './nginx.ts';
import { findFreePort, startTollgate } from './tollgate.ts';

/** Something that a request can be sent to. */
export interface Target {
  name: TargetName;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Whose processor time and memory are measured. */
  pid: number;
  stop(): Promise<void>;
}

export const TARGET_NAMES = [
  'direct',
  'nginx',
  'fastify',
  'portkey',
  'unmetered',
  'tollgate-redis',
  'tollgate-embedded',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

export interface TargetGround {
  folder: string;
  upstream: PinnedProcess & { port: number };
  redisUrl: string;
}

/** By it the upstream answers with events. It does not look into bodies. */
export const STREAM_HEADER = 'x-bench-stream';

const HEADERS = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PORTKEY = program('../peers/node_modules/@portkey-ai/gateway/build/start-server.js');

/** @returns undefined where the peer is not installed. */
export async function startTarget(name: TargetName, ground: TargetGround): Promise<Target | undefined> {
  const { upstream, folder, redisUrl } = ground;
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}/v1/messages`;
  const run = async (command: string, args: readonly string[], headers = {}): Promise<Target> => {
    const started = startPinned(command, args, { core: MEASURED_CORE, isQuiet: name === 'portkey' });
    await waitForPort(port);
    return { name, url, headers: { ...HEADERS, ...headers }, pid: started.pid, stop: started.stop };
  };
  const ports = [`${port}`, `${upstream.port}`];
  switch (name) {
    case 'direct':
      return {
        name,
        url: url.replace(`${port}`, `${upstream.port}`),
        headers: HEADERS,
        pid: upstream.pid,
        stop: async () => {},
      };
    case 'nginx': {
      const started = await startNginxProxy(folder, port, MEASURED_CORE, upstream.port);
      return { name, url, headers: HEADERS, pid: started.pid, stop: started.stop };
    }
    case 'fastify':
      return run(process.execPath, [program('./fastify-proxy.ts'), ...ports]);
    case 'portkey':
      if (!existsSync(PORTKEY)) return undefined;
      // bench/peers/package.json holds its @hono/node-server at the last version with which it can stream. Later ones
      // hand on the headers of `fetch` as they are, which cannot be changed, and it answers each stream with 500.
      return run(process.execPath, [PORTKEY, `--port=${port}`, '--headless'], {
        'x-api-key': 'bench',
        'x-portkey-provider': 'anthropic',
        'x-portkey-custom-host': `http://127.0.0.1:${upstream.port}/v1`,
        // Others do not get to the upstream.
        'x-portkey-forward-headers': STREAM_HEADER,
      });
    case 'unmetered':
      return run(process.execPath, [program('./unmetered.ts'), ...ports], { 'x-api-key': `tg_${'b'.repeat(43)}` });
    case 'tollgate-redis':
    case 'tollgate-embedded': {
      const started = await startTollgate({
        ...{ folder, name, core: MEASURED_CORE, upstreamPort: upstream.port },
        ...(name === 'tollgate-redis' ? { redisUrl } : {}),
      });
      const own = `http://127.0.0.1:${started.port}/v1/messages`;
      return {
        name,
        url: own,
        headers: { ...HEADERS, 'x-api-key': started.caller.secret },
        pid: started.pid,
        stop: started.stop,
      };
    }
  }
}

export { OTHER_CORE };
