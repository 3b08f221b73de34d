import type { Duplex } from 'node:stream';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import type { Limits } from '../../src/config/settings.ts';
import type { Principal } from '../../src/directory/directory.ts';
import { createConnectionSlots } from '../../src/http/connection-slots.ts';
import { createPublicApp } from '../../src/http/create-public-app.ts';
import type { Upstream } from '../../src/http/upstream.ts';
import { createPriceBook } from '../../src/metering/price-book.ts';
import { type Metering, startMetering } from '../../src/metering/start-metering.ts';
import type { Timers } from '../../src/metering/timers.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import type { FaultyStore } from './faulty-store.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { createMortal, createMortalTimers, type Mortal } from './mortal.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ProxyPolicies {
  orphanedCalls: 'charge' | 'release';
  doubtfulEnds: 'release' | 'estimate';
  graceBudgetNanoUsd: bigint;
}

export interface ProxyProcessParts {
  /** Of this very process; another one in the same place has another. */
  name: string;
  time: VirtualTime;
  /** What it takes for the time. */
  nowMs: () => number;
  store: FaultyStore;
  upstream: ScriptedUpstream;
  disk: MemoryDisk;
  limits: Limits;
  policies: ProxyPolicies;
  findPrincipal(secretHash: string): Principal | undefined;
  onDeath(): void;
}

/** One proxy: the product's own listener and metering, with the world around it simulated. */
export interface ProxyProcess {
  readonly name: string;
  readonly life: Mortal;
  readonly metering: Metering;
  /** A client has connected. */
  accept(socket: Duplex): void;
  /** What SIGTERM begins: resolves when the process would end with 0. */
  stop(): Promise<void>;
}

const SILENT = { info() {}, warn() {}, error() {}, debug() {}, trace() {}, fatal() {} };
const rateCard = loadRateCard();
const metrics = createMetrics({ models: rateCard.models, nowMs: Date.now, processMetrics: false });

export async function startProxyProcess(parts: ProxyProcessParts): Promise<ProxyProcess> {
  const { name, time, limits, policies } = parts;
  const life = createMortal(parts.onDeath);
  const timers = createMortalTimers(time, life, parts.nowMs);
  const ledger = parts.store.connect(name, life);
  const logger = SILENT as never;
  const metering = await startMetering({
    ledger,
    // No batches here: test/ledger-fault/batch-kill.test.ts has them.
    directory: undefined as never,
    stored: undefined as never,
    metrics,
    priceBook: createPriceBook(rateCard),
    logger,
    spoolPath: '',
    limits,
    policies: { ...policies, unboundedRequests: 'hold' },
    traces: undefined,
    graceBudgetNanoUsd: policies.graceBudgetNanoUsd,
    onShortOfCredit: () => undefined,
    isFit: () => true,
    timers,
    openSpool: () => parts.disk.open(time, life, timers),
  });
  let closing = false;
  const sockets = new Set<Duplex>();
  const app = await createPublicApp({
    ...{ limits, timers, ledger, metrics, logger, createUsageReader },
    upstream: createUpstreamOf(parts, life, timers),
    principals: { find: async (hash) => parts.findPrincipal(hash), findKnown: (hash) => parts.findPrincipal(hash) },
    meter: metering.meter,
    stored: undefined as never,
    batches: metering.batches,
    batchFolder: undefined as never,
    readKeySpend: async () => ({ todayNanoUsd: 0n, monthNanoUsd: 0n }),
    onOperatorAlert: () => undefined,
    isClosing: () => closing,
  });
  await app.ready();
  return {
    name,
    life,
    metering,
    accept(socket) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      app.server.emit('connection', socket);
    },
    // As app.ts and services.ts do it.
    async stop() {
      closing = true;
      await metering.openCalls.drain(limits.shutdownDrainMs, timers);
      await closeSockets(sockets, timers);
      await metering.openCalls.drain(0, timers);
      await metering.settleQueue.settled();
      metering.leaseKeeper.stop();
      metering.sweeper.stop();
      await metering.settleQueue.close();
      life.exit();
    },
  };
}

/** What has not gone out in two seconds has a client that does not read, or waits for the store. */
async function closeSockets(sockets: ReadonlySet<Duplex>, timers: Timers): Promise<void> {
  for (let waits = 0; sockets.size > 0 && waits < 40; waits += 1)
    await new Promise<void>((resolve) => void timers.after(50, resolve));
  for (const socket of sockets) socket.destroy();
}

function createUpstreamOf(
  { limits, upstream }: ProxyProcessParts,
  life: Mortal,
  timers: ReturnType<typeof createMortalTimers>,
): Upstream {
  const client = upstream.connect(life) as ReturnType<Upstream['clients']['take']>;
  return {
    origin: 'http://upstream.invalid',
    basePath: '',
    apiKey: 'sk-ant-simulated',
    clients: { take: () => client, giveBack: () => undefined, destroy: async () => undefined },
    slots: createConnectionSlots({
      slots: limits.upstreamConnections,
      queueMs: limits.upstreamQueueMs,
      queueMax: 1_024,
      timers,
    }),
    close: async () => undefined,
  };
}
