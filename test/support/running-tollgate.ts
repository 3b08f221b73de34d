import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SimulatedCall } from '../../src/simulator/simulator-types.ts';
import {
  type AdminAccount,
  type AdminCalls,
  type Caller,
  type CallerOptions,
  createAdminCalls,
} from './admin-calls.ts';
import { checkJournal } from './check-journal.ts';
import { type ListeningApi, startSimulatedApi, UPSTREAM_KEY } from './simulated-api.ts';
import {
  type Environment,
  type LogLine,
  type ProcessEnd,
  spawnTollgate,
  type TollgateProcess,
  waitUntilRunning,
} from './tollgate-process.ts';
import { until } from './until.ts';

export interface RunningTollgateOptions {
  /** Left out: the embedded store. */
  redisUrl?: string;
  /** Left out: a simulated API of its own, with the defaults. */
  api?: ListeningApi;
  /** Besides what is needed to run at all. */
  environment?: Environment;
}

/** The program in a process of its own, on free ports and a fresh data folder, in front of a simulated API. */
export interface RunningTollgate extends AsyncDisposable {
  readonly baseUrl: string;
  readonly adminUrl: string;
  readonly adminToken: string;
  readonly dataFolder: string;
  readonly api: ListeningApi;
  readonly admin: AdminCalls;
  /** The process of the last start. */
  readonly process: TollgateProcess;
  /** Lines of log since the first start. */
  log(): LogLine[];
  /** An account with credit and a key, which {@link expectSettled} looks at. */
  createCaller(options?: CallerOptions): Promise<Caller>;
  /** Sends a Messages request with the key. */
  send(caller: Caller, body: unknown, init?: RequestInit & { path?: string }): Promise<Response>;
  /** The oldest call at the simulated API since the last look that nobody has taken, or the next to come. */
  nextCall(): Promise<SimulatedCall>;
  /** SIGTERM, and its end. */
  stop(): Promise<ProcessEnd>;
  /** SIGKILL, as a crash. */
  kill(): Promise<ProcessEnd>;
  /** Starts it again, on the same data. */
  start(environment?: Environment): Promise<void>;
  /**
   * After the calls: waits until the upstream is idle, no hold is open and no settle waits, checks the journal of
   * each account, and that what was charged since the last look is what the simulated API billed since then.
   * @param options `exact: false` where the API's figure cannot be known: the caller checks the sum by itself.
   * @returns what was charged and billed since the last look, in nano-dollars.
   */
  expectSettled(options?: { exact?: boolean }): Promise<{ charged: bigint; billed: bigint }>;
}

const ADMIN_TOKEN = 'tga_end-to-end-admin-token';
const SETTLE_TIMEOUT_MS = 40_000;

export async function startTollgate(options: RunningTollgateOptions = {}): Promise<RunningTollgate> {
  const api = options.api ?? (await startSimulatedApi());
  const dataFolder = mkdtempSync(join(tmpdir(), 'tollgate-end-to-end-'));
  const cleanUp = async (): Promise<void> => {
    if (options.api === undefined) await api.close();
    rmSync(dataFolder, { recursive: true, force: true });
  };
  const environment: Environment = {
    ADMIN_TOKEN,
    ANTHROPIC_API_KEY: UPSTREAM_KEY,
    UPSTREAM_BASE_URL: api.baseUrl,
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ...options.environment,
  };
  const accountIds: string[] = [];
  /** By account: its balance and what it was charged, as of the last look. */
  const looked = new Map<string, { balance: string; charged: bigint }>();
  const earlierLog: LogLine[] = [];
  const calls = collectCalls(api);
  let seen = { charged: 0n, billed: 0n };
  let current = spawnTollgate(dataFolder, environment);
  let urls = await waitUntilRunning(current).catch(async (error: unknown) => {
    current.signal('SIGKILL');
    await current.ended;
    await cleanUp();
    throw error;
  });

  const end = async (signal: NodeJS.Signals): Promise<ProcessEnd> => {
    current.signal(signal);
    return current.ended;
  };
  const tollgate: RunningTollgate = {
    get baseUrl() {
      return urls.publicUrl;
    },
    get adminUrl() {
      return urls.adminUrl;
    },
    adminToken: ADMIN_TOKEN,
    dataFolder,
    api,
    admin: createAdminCalls(() => ({ adminUrl: urls.adminUrl, token: ADMIN_TOKEN })),
    get process() {
      return current;
    },
    log: () => [...earlierLog, ...current.log()],
    async createCaller(wanted) {
      const caller = await tollgate.admin.createCaller(wanted);
      accountIds.push(caller.accountId);
      return caller;
    },
    send: (caller, body, init = {}) =>
      sendMessage(`${urls.publicUrl}${init.path ?? '/v1/messages'}`, caller, body, init),
    nextCall: () => until(() => calls.shift(), { what: 'a call at the simulated API' }),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async start(changed = {}) {
      await current.ended;
      earlierLog.push(...current.log());
      current = spawnTollgate(dataFolder, { ...environment, ...changed });
      urls = await waitUntilRunning(current);
    },
    async expectSettled({ exact = true } = {}) {
      await bounded(api.idle(), 'the simulated API is idle');
      for (const { id, balance } of await waitUntilQuiet(tollgate, accountIds)) {
        const shown = JSON.stringify(balance);
        // An account that shows the very same figures had no call.
        if (looked.get(id)?.balance === shown) continue;
        looked.set(id, { balance: shown, charged: await checkJournal(tollgate.admin, id) });
      }
      const charged = [...looked.values()].reduce((total, account) => total + account.charged, 0n);
      const billed = api.bill().totalNanoUsd;
      const since = { charged: charged - seen.charged, billed: billed - seen.billed };
      seen = { charged, billed };
      calls.length = 0;
      if (exact) expect(since.charged).toBe(since.billed);
      return since;
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await cleanUp();
    },
  };
  return tollgate;
}

/** Takes every call as it comes: the simulated API keeps those that nobody takes, also those of tests gone by. */
function collectCalls(api: ListeningApi): SimulatedCall[] {
  const calls: SimulatedCall[] = [];
  const takeNext = (): void => {
    void api.nextRequest().then((call) => {
      calls.push(call);
      takeNext();
    });
  };
  takeNext();
  return calls;
}

function sendMessage(url: string, caller: Caller, body: unknown, init: RequestInit): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    ...init,
    headers: {
      'x-api-key': caller.secret,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      ...(init.headers as Record<string, string> | undefined),
    },
  });
}

/** Settles run beside the answers: the last one may still be on its way when the client has read everything. */
function waitUntilQuiet({ admin, adminUrl }: RunningTollgate, accountIds: readonly string[]): Promise<AdminAccount[]> {
  const findQuietAccounts = async (): Promise<AdminAccount[] | undefined> => {
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    const isZero = (name: string): boolean => new RegExp(`^${name} 0$`, 'm').test(metrics);
    if (!isZero('tollgate_holds_open') || !isZero('tollgate_outbox_depth')) return undefined;
    const accounts = (await admin.readAccounts()).filter(({ id }) => accountIds.includes(id));
    expect(accounts.map(({ id }) => id).toSorted()).toEqual(accountIds.toSorted());
    return accounts.every(({ balance }) => balance.held_usd === '0.00') ? accounts : undefined;
  };
  return until(findQuietAccounts, { what: 'no hold is open and no settle waits', timeoutMs: SETTLE_TIMEOUT_MS });
}

/** A wait that has no bound of its own. */
async function bounded(wait: Promise<unknown>, what: string): Promise<void> {
  let done = false;
  const watched = wait.then(() => {
    done = true;
  });
  await until(() => done, { what, timeoutMs: SETTLE_TIMEOUT_MS });
  await watched;
}
