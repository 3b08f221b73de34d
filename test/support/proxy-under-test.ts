import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import type { Limits } from '../../src/config/settings.ts';
import { createId } from '../../src/directory/create-id.ts';
import type { Account, Directory, Key } from '../../src/directory/directory.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { createPrincipalCache } from '../../src/directory/principal-cache.ts';
import type { RateCard } from '../../src/domain/rate-card.ts';
import { openBatchFolder } from '../../src/http/batches/batch-folder.ts';
import { createPublicApp } from '../../src/http/create-public-app.ts';
import type { ForwardParts } from '../../src/http/forward-types.ts';
import { createUpstream, type UpstreamOptions } from '../../src/http/upstream.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createBatchMeter } from '../../src/metering/batches/batch-meter.ts';
import { type CallPolicies, DEFAULT_CALL_POLICIES } from '../../src/metering/call-policies.ts';
import { createMeter } from '../../src/metering/meter.ts';
import { createOpenCalls, type OpenCalls } from '../../src/metering/open-calls.ts';
import { createOpenCostMemory } from '../../src/metering/open-cost-memory.ts';
import { createPriceBook } from '../../src/metering/price-book.ts';
import { createSettleQueue, type SettleQueue } from '../../src/metering/settle-queue.ts';
import { openSettleSpool } from '../../src/metering/settle-spool.ts';
import { systemTimers, type Timers } from '../../src/metering/timers.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import { DIRECTORY_SCHEMA } from '../../src/store/sqlite/directory-schema.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteDirectory } from '../../src/store/sqlite/sqlite-directory.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { createSqliteStored } from '../../src/store/sqlite/sqlite-stored.ts';
import { STORED_SCHEMA } from '../../src/store/sqlite/stored-schema.ts';
import { createLog, loadDefaultLimits, loadRateCard } from './shared-parts.ts';
import { type ListeningApi, startSimulatedApi, UPSTREAM_KEY } from './simulated-api.ts';
import { until } from './until.ts';

export interface ProxyOptions {
  limits?: Partial<Limits>;
  account?: Partial<Account>;
  key?: Partial<Key>;
  /** Dollars granted; 100 unless given, none at 0. */
  creditUsd?: number;
  /** Left out: a simulated API of its own. */
  api?: ListeningApi;
  upstream?: Partial<UpstreamOptions>;
  createUsageReader?: ForwardParts['createUsageReader'];
  policies?: CallPolicies;
  /** The machine's own clock unless given. */
  timers?: Timers;
  /** Puts something between the meter and the ledger. */
  wrapLedger?(ledger: Ledger): Ledger;
}

/** A public listener on a free port, in front of a simulated API, on the embedded store in memory. */
export interface ProxyUnderTest extends AsyncDisposable {
  baseUrl: string;
  port: number;
  api: ListeningApi;
  account: Account;
  key: Key;
  secret: string;
  directory: Directory;
  ledger: Ledger;
  rateCard: RateCard;
  openCalls: OpenCalls;
  settleQueue: SettleQueue;
  metrics: Metrics;
  /** The log, parsed. */
  log: Record<string, unknown>[];
  alerts: string[];
  startClosing(): void;
  /** Requests that wait for a connection to the upstream. */
  upstreamQueued(): number;
  /** Sends a Messages request with the key. */
  send(body: unknown, init?: RequestInit & { path?: string }): Promise<Response>;
  /** Resolves when no call is open and no settle is under way. */
  quiet(): Promise<void>;
  /** What the ledger has charged, in nano-dollars. */
  charged(): Promise<bigint>;
  /**
   * The leak check: no open hold, no broken invariant, the spool empty.
   * @returns what was charged.
   */
  expectSound(): Promise<bigint>;
  /** As {@link expectSound}, and the ledger's sum is the simulated API's bill. */
  expectBilled(): Promise<void>;
}

export const SMALL_REQUEST = {
  model: 'claude-haiku-4-5',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Say something short.' }],
} as const;
export const STREAM_REQUEST = { ...SMALL_REQUEST, stream: true } as const;

export async function startProxy(options: ProxyOptions = {}): Promise<ProxyUnderTest> {
  const api = options.api ?? (await startSimulatedApi());
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-proxy-'));
  const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA, DIRECTORY_SCHEMA, STORED_SCHEMA] });
  const { log, logger } = createLog();
  const limits = { ...loadDefaultLimits(), ...options.limits };
  const rateCard = loadRateCard();
  const metrics = createMetrics({ models: rateCard.models, nowMs: Date.now, processMetrics: false });
  const books = createBooks(database);
  const ledger = options.wrapLedger?.(books.ledger) ?? books.ledger;
  const people = await createPeople(books, options);

  const openCalls = createOpenCalls();
  const policies = options.policies === undefined ? {} : { policies: options.policies };
  const timers = options.timers ?? systemTimers;
  const shared = { ledger, timers, metrics, logger, openCalls };
  const { spool, waiting } = await openSettleSpool(join(folder, 'spool.jsonl'));
  const settleQueue = createSettleQueue({ ...shared, spool, waiting, entriesMax: limits.spoolEntries });
  const upstream = createUpstream({
    baseUrl: api.baseUrl,
    apiKey: UPSTREAM_KEY,
    limits,
    timers,
    ...options.upstream,
  });
  const alerts: string[] = [];
  const stored = createSqliteStored(database);
  const priceBook = createPriceBook(rateCard);
  let closing = false;
  const app = await createPublicApp({
    ...shared,
    limits,
    upstream,
    principals: createPrincipalCache({ directory: books.directory, now: Date.now }),
    stored,
    meter: createMeter({ ...shared, priceBook, settleQueue, limits, ...policies }),
    batches: createBatchMeter({
      ...{ ...shared, priceBook, settleQueue, limits, stored, directory: books.directory },
      policies: DEFAULT_CALL_POLICIES,
      openCosts: createOpenCostMemory(),
    }),
    batchFolder: openBatchFolder(join(folder, 'batches')),
    createUsageReader: options.createUsageReader ?? createUsageReader,
    readKeySpend: async () => ({ todayNanoUsd: 1_500_000_000n, monthNanoUsd: 20_000_000_001n }),
    onOperatorAlert: (alert) => void alerts.push(alert),
    isClosing: () => closing,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;

  const proxy: ProxyUnderTest = {
    baseUrl: `http://127.0.0.1:${port}`,
    port,
    api,
    ...people,
    ...books,
    rateCard,
    openCalls,
    settleQueue,
    metrics,
    log,
    alerts,
    startClosing() {
      closing = true;
    },
    upstreamQueued: () => upstream.slots.queued,
    send: (body, init = {}) =>
      fetch(`${proxy.baseUrl}${init.path ?? '/v1/messages'}`, {
        method: 'POST',
        body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
        ...init,
        headers: {
          'x-api-key': people.secret,
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
          ...(init.headers as Record<string, string> | undefined),
        },
      }),
    async quiet() {
      await until(() => openCalls.size === 0, { what: 'no call is open' });
      await settleQueue.settled();
    },
    charged: async () => (await books.ledger.readBalance(people.account.id))?.chargedNanoUsd ?? -1n,
    async expectSound() {
      await proxy.quiet();
      expect(await books.ledger.readHolds(people.account.id)).toEqual([]);
      expect(settleQueue.waiting().entries).toBe(0);
      await expectInvariants(books.ledger, people.account.id);
      return proxy.charged();
    },
    async expectBilled() {
      await api.idle();
      expect(await proxy.expectSound()).toBe(api.bill().totalNanoUsd);
    },
    async [Symbol.asyncDispose]() {
      app.server.closeAllConnections();
      await app.close();
      await upstream.close();
      await settleQueue.close();
      if (options.api === undefined) await api.close();
      database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return proxy;
}

interface Books {
  ledger: Ledger;
  directory: Directory;
}

export function createBooks(database: Database): Books {
  return { ledger: createSqliteLedger({ database, clock: Date.now }), directory: createSqliteDirectory(database) };
}

async function createPeople({ ledger, directory }: Books, options: ProxyOptions) {
  const nowMs = Date.now();
  const account: Account = {
    id: createId('acct', nowMs),
    name: 'Acme',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'refuse',
    lowBalanceNanoUsd: [],
    createdAtMs: nowMs,
    ...options.account,
  };
  const secret = createKeySecret();
  const team = { id: createId('team', nowMs), accountId: account.id, name: 'Research', createdAtMs: nowMs };
  const key: Key = {
    id: createId('key', nowMs),
    accountId: account.id,
    teamId: team.id,
    name: 'laptop',
    secretHash: secret.secretHash,
    hint: secret.hint,
    createdAtMs: nowMs,
    ...options.key,
  };
  await directory.createAccount(account);
  await directory.createTeam(team);
  await directory.createKey(key);
  await ledger.openAccount({
    accountId: account.id,
    mode: account.mode,
    creditLimitNanoUsd: account.creditLimitNanoUsd,
  });
  const creditUsd = options.creditUsd ?? 100;
  if (creditUsd > 0) {
    await ledger.grant({
      accountId: account.id,
      grantId: createId('grant', nowMs),
      amountNanoUsd: BigInt(Math.round(creditUsd * 1e9)),
      kind: 'paid',
      priority: 50,
      effectiveAtMs: nowMs - 1_000,
      expiresAtMs: nowMs + 86_400_000,
    });
  }
  return { account, key, secret: secret.secret };
}

async function expectInvariants(ledger: Ledger, accountId: string): Promise<void> {
  const balance = await ledger.readBalance(accountId);
  const grants = await ledger.readGrants(accountId);
  const sum = (pick: (grant: (typeof grants)[number]) => bigint) =>
    grants.reduce((total, grant) => total + pick(grant), 0n);
  expect(balance?.heldNanoUsd).toBe(0n);
  expect(balance?.spentNanoUsd).toBe(sum((grant) => grant.spentNanoUsd));
  expect(balance?.chargedNanoUsd).toBe((balance?.spentNanoUsd ?? 0n) + (balance?.debtNanoUsd ?? 0n));
  await expectOneEndPerHold(ledger, accountId);
}

/** Never two money effects for one id, and never none. */
async function expectOneEndPerHold(ledger: Ledger, accountId: string): Promise<void> {
  const journal = await ledger.readJournal(accountId, { afterSequence: 0, limit: 1_000 });
  const held = journal.filter(({ operation }) => operation === 'hold').map(({ subjectId }) => subjectId);
  const ended = journal.filter(({ operation }) => ['settle', 'late', 'release'].includes(operation));
  expect(ended.map(({ subjectId }) => subjectId).toSorted()).toEqual(expect.arrayContaining(held.toSorted()));
  expect(new Set(ended.map(({ subjectId }) => subjectId)).size).toBe(ended.length);
}
