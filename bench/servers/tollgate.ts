import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AdminCalls, type Caller, createAdminCalls } from '../../test/support/admin-calls.ts';
import { type PinnedProcess, startPinned, waitForPort } from '../machine.ts';
import { WIDE_LIMITS } from './wide-limits.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ADMIN_TOKEN = 'tga_bench-admin-token-of-this-run';

export interface TollgateOptions {
  folder: string;
  name: string;
  core: number;
  upstreamPort: number;
  /** Absent: the embedded store. */
  redisUrl?: string;
  nodeArguments?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

export interface RunningTollgate extends PinnedProcess {
  port: number;
  admin: AdminCalls;
  /** With more credit than any run can spend. */
  caller: Caller;
}

/** The product as it is built, on free ports. */
export async function startTollgate(options: TollgateOptions): Promise<RunningTollgate> {
  const [port, adminPort] = [await findFreePort(), await findFreePort()];
  const started = startPinned(process.execPath, [...(options.nodeArguments ?? []), PROGRAM], {
    core: options.core,
    environment: {
      PORT: `${port}`,
      ADMIN_PORT: `${adminPort}`,
      ADMIN_TOKEN,
      DATA_DIR: join(options.folder, options.name),
      ANTHROPIC_API_KEY: 'bench',
      UPSTREAM_BASE_URL: `http://127.0.0.1:${options.upstreamPort}`,
      ...WIDE_LIMITS,
      ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
      ...options.environment,
    },
  });
  await Promise.all([waitForPort(port), waitForPort(adminPort)]);
  const admin = createAdminCalls(() => ({ adminUrl: `http://127.0.0.1:${adminPort}`, token: ADMIN_TOKEN }));
  return { ...started, port, admin, caller: await admin.createCaller({ creditUsd: '1000000' }) };
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
