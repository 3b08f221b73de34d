import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminCalls, createAdminCalls } from '../support/admin-calls.ts';
import { UPSTREAM_KEY } from '../support/simulated-api.ts';
import { type ProcessEnd, spawnTollgate, type TollgateProcess, waitUntilRunning } from '../support/tollgate-process.ts';

/** One place behind the load balancer: a data folder, and the process that runs on it now. */
export interface SoakPlace {
  /** Undefined: not serving. */
  publicUrl: string | undefined;
  adminUrl: string | undefined;
  process: TollgateProcess;
  /** When processes of this place were killed, by `performance.now()`. */
  readonly deathsMs: number[];
  /** SIGKILL, and started again. */
  kill(): Promise<void>;
  /** SIGTERM, and started again once it has ended. @returns how it ended. */
  restart(): Promise<ProcessEnd>;
}

export interface SoakProxies extends AsyncDisposable {
  readonly places: readonly SoakPlace[];
  readonly admin: AdminCalls;
}

const ADMIN_TOKEN = 'soak-admin-token-0123456789abcdef0123456789';

/** Starts one process for each environment, on one store. The last of several workers is a process like the others. */
export async function startSoakProxies(
  redisUrl: string,
  upstreamUrl: string,
  environments: readonly Record<string, string>[],
): Promise<SoakProxies> {
  const common = {
    ADMIN_TOKEN,
    ANTHROPIC_API_KEY: UPSTREAM_KEY,
    UPSTREAM_BASE_URL: upstreamUrl,
    REDIS_URL: redisUrl,
    LOG_LEVEL: 'error',
    LIMIT_HOLD_LEASE_MS: '8000',
    LIMIT_HOLD_HEARTBEAT_MS: '2000',
    LIMIT_SHUTDOWN_DRAIN_MS: '20000',
  };
  const folders: string[] = [];
  const places: SoakPlace[] = [];
  for (const environment of environments) {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-soak-'));
    folders.push(folder);
    places.push(await startPlace(folder, { ...common, ...environment }));
  }
  const admin = createAdminCalls(() => ({
    adminUrl: places.find(({ adminUrl }) => adminUrl !== undefined)?.adminUrl ?? '',
    token: ADMIN_TOKEN,
  }));
  return {
    places,
    admin,
    async [Symbol.asyncDispose]() {
      for (const { process } of places) process.signal('SIGKILL');
      await Promise.all(places.map(({ process }) => process.ended));
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPlace(folder: string, environment: Record<string, string>): Promise<SoakPlace> {
  const start = async (): Promise<void> => {
    place.process = spawnTollgate(folder, environment);
    Object.assign(place, await waitUntilRunning(place.process));
  };
  const end = async (signal: NodeJS.Signals): Promise<ProcessEnd> => {
    place.publicUrl = undefined;
    place.adminUrl = undefined;
    place.process.signal(signal);
    return place.process.ended;
  };
  const place: SoakPlace = {
    publicUrl: undefined,
    adminUrl: undefined,
    process: undefined as never,
    deathsMs: [],
    async kill() {
      place.deathsMs.push(performance.now());
      await end('SIGKILL');
      place.deathsMs.push(performance.now());
      await start();
    },
    async restart() {
      const how = await end('SIGTERM');
      await start();
      return how;
    },
  };
  await start();
  return place;
}
