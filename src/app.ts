import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { AdminApp, HealthFacts, Readiness } from './admin/admin-parts.ts';
import { createAdminApp } from './admin/create-admin-app.ts';
import { createUsageReader } from './anthropic/create-usage-reader.ts';
import type { Settings } from './config/settings.ts';
import { openBatchFolder } from './http/batches/batch-folder.ts';
import { createBatchUpstream } from './http/batches/upstream-batches.ts';
import { createPublicApp } from './http/create-public-app.ts';
import type { Upstream } from './http/upstream.ts';
import { type BatchPoller, createBatchPoller } from './metering/batches/batch-poller.ts';
import { systemTimers } from './metering/timers.ts';
import { readKeySpend } from './reports/read-key-spend.ts';
import type { Services } from './services.ts';

/** Time that ended answers have to leave at shutdown; with the drain's 25 s still below the 30 s of Kubernetes. */
const LAST_BYTES_MS = 2_000;
const IDLE_LOOK_MS = 50;

export interface AppOptions {
  settings: Settings;
  services: Services;
  upstream: Upstream;
  adminToken: string;
  dataFolder: string;
  version: string;
  /** A worker has no admin listener. */
  listenAdmin: boolean;
  /** A primary process, whose workers serve the public listener. */
  workers?: ServingWorkers;
  /** The built-in API stands in for the upstream. */
  simulated?: boolean;
}

/** What the admin listener of a primary process has to know of its workers. */
export interface ServingWorkers {
  count: number;
  serving(): number;
  publicUrl(): string;
  metricsText(accept?: string): Promise<{ contentType: string; body: string }>;
}

/** What listens. A URL is undefined where another process has that listener. */
export interface App {
  publicUrl: string | undefined;
  adminUrl: string | undefined;
  /** From now on it is not ready and refuses what is new. */
  startClosing(): void;
  /**
   * Refuses what is new, lets open calls end up to the limit, interrupts the rest, and resolves when every end is
   * charged or safe in the spool. The services stay open.
   */
  drain(): Promise<{ interrupted: number }>;
}

/** @throws the listen error (`EADDRINUSE`...) with nothing left listening. */
export async function startApp(options: AppOptions): Promise<App> {
  const { settings, services, workers } = options;
  let closing = false;
  const isClosing = () => closing;
  const startClosing = (): void => {
    closing = true;
  };
  const publicApp = workers === undefined ? await createPublic(options, isClosing) : undefined;
  const publicUrl = () => findPublicUrl(publicApp, options);
  const adminApp = options.listenAdmin ? createAdmin(options, { isClosing, publicUrl }) : undefined;
  try {
    await publicApp?.listen({ host: settings.host, port: settings.port });
    await adminApp?.listen({ host: settings.adminHost, port: settings.adminPort });
  } catch (error) {
    await Promise.all([publicApp?.close(), adminApp?.close()]);
    throw error;
  }
  const poller = publicApp === undefined ? undefined : watchBatches(options);
  return {
    publicUrl: publicApp && urlOf(publicApp, settings.host),
    adminUrl: adminApp && urlOf(adminApp, settings.adminHost),
    startClosing,
    async drain() {
      startClosing();
      // The listener stays open meanwhile: what comes is told to come back, and a probe that we are not ready.
      const outcome = await services.openCalls.drain(settings.limits.shutdownDrainMs, systemTimers);
      if (publicApp !== undefined) await closeListener(publicApp);
      await poller?.stop();
      // A request that was being read when the closing began may have become a call since.
      const late = await services.openCalls.drain(0, systemTimers);
      await services.settleQueue.settled();
      await adminApp?.close();
      return { interrupted: outcome.interrupted + late.interrupted };
    },
  };
}

function createPublic(options: AppOptions, isClosing: () => boolean): Promise<FastifyInstance> {
  const { settings, services } = options;
  return createPublicApp({
    upstream: options.upstream,
    timers: systemTimers,
    limits: settings.limits,
    createUsageReader,
    principals: services.principals,
    meter: services.meter,
    stored: services.stored,
    batches: services.batches,
    batchFolder: openBatchFolder(join(options.dataFolder, 'batch-uploads')),
    publicUrl: settings.publicUrl,
    ledger: services.ledger,
    readKeySpend: (spender) => readKeySpend(services.reports.store, spender),
    metrics: services.metrics,
    logger: services.logger,
    isClosing,
    onOperatorAlert(alert) {
      services.metrics.upstreamRefused(alert);
      services.logger.error({ event: 'operator_alert', alert }, 'the upstream refuses us');
    },
  });
}

/**
 * Closes the listener: idle connections at once, the others when their answer has gone out. What is still open after
 * that has a client that does not read.
 */
async function closeListener(app: Pick<FastifyInstance, 'server' | 'close'>): Promise<void> {
  // Node closes a connection that turns idle later only when its keep-alive time is over.
  const stopLooking = systemTimers.every(IDLE_LOOK_MS, () => app.server.closeIdleConnections());
  const cancelCut = systemTimers.after(LAST_BYTES_MS, () => app.server.closeAllConnections());
  await app.close();
  stopLooking();
  cancelCut();
}

/** From when the listeners are up: a start that fails leaves nothing running. */
function watchBatches({ settings: { limits }, services, upstream }: AppOptions): BatchPoller {
  const timers = systemTimers;
  return createBatchPoller({
    batches: services.batches,
    upstream: (signal) => createBatchUpstream({ upstream, limits, timers }, signal),
    timers,
    limits,
  });
}

interface AdminContext {
  isClosing: () => boolean;
  publicUrl: () => string;
}

function createAdmin(
  { services, adminToken, version, upstream, simulated, workers }: AppOptions,
  { isClosing, publicUrl }: AdminContext,
): AdminApp {
  return createAdminApp({
    directory: services.directory,
    ledger: services.ledger,
    audit: services.audit,
    journal: services.journal,
    reports: services.reports,
    alerts: services.alerts,
    reloads: services.reloads,
    onReconciled: services.metrics.ledgerReconciled,
    rateCard: () => services.rateCard,
    adminToken,
    clock: systemTimers.nowMs,
    every: systemTimers.every,
    metricsText: workers?.metricsText ?? services.metrics.render,
    readiness: async () => addWorkers(await readReadiness(services, isClosing()), workers),
    openCalls: services.openCalls,
    principals: services.principals,
    health: () => readHealth(services, { address: upstream.origin, simulated: simulated === true }),
    publicUrl,
    version,
    logger: services.logger,
  });
}

function readHealth(services: Services, upstream: HealthFacts['upstream']): HealthFacts {
  const { store, settleQueue, openCalls, healthNotes } = services;
  return {
    store: { description: store.description, warnings: store.warnings.map(({ sentence }) => sentence) },
    upstream,
    openCalls: openCalls.size,
    spool: { ...settleQueue.waiting(), full: settleQueue.isFull() },
    notes: healthNotes.read(),
  };
}

/** As clients should be told it: where a proxy stands before the listener only the settings know. */
function findPublicUrl(
  app: Pick<FastifyInstance, 'server'> | undefined,
  { settings, workers }: Pick<AppOptions, 'settings' | 'workers'>,
): string {
  const { publicUrl, host, port } = settings;
  return publicUrl ?? workers?.publicUrl() ?? (app === undefined ? `http://${host}:${port}` : urlOf(app, host));
}

async function readReadiness(services: Services, closing: boolean): Promise<Readiness> {
  const ledger = await services.ledger.ping().then(
    () => 'ok',
    () => 'the ledger does not take writes',
  );
  const spool = services.settleQueue.isFull() ? 'the settle spool is full' : 'ok';
  const process = closing ? 'shutting down' : 'ok';
  return { ready: [ledger, spool, process].every((state) => state === 'ok'), checks: { process, ledger, spool } };
}

/** As long as one serves, calls are served. */
function addWorkers({ ready, checks }: Readiness, workers: ServingWorkers | undefined): Readiness {
  if (workers === undefined) return { ready, checks };
  const serving = workers.serving();
  const word = serving === workers.count ? 'ok' : `${serving} of ${workers.count} serve`;
  return { ready: ready && serving > 0, checks: { ...checks, workers: word } };
}

function urlOf(app: Pick<FastifyInstance, 'server'>, host: string): string {
  const { port } = app.server.address() as AddressInfo;
  const named = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
}
