import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { AdminApp, Readiness } from './admin/admin-parts.ts';
import { createAdminApp } from './admin/create-admin-app.ts';
import { createUsageReader } from './anthropic/create-usage-reader.ts';
import type { Settings } from './config/settings.ts';
import { createPublicApp } from './http/create-public-app.ts';
import type { Upstream } from './http/upstream.ts';
import { systemTimers } from './metering/timers.ts';
import type { Services } from './services.ts';

export interface AppOptions {
  settings: Settings;
  services: Services;
  upstream: Upstream;
  adminToken: string;
  version: string;
}

/** Both listeners, listening. */
export interface App {
  publicUrl: string;
  adminUrl: string;
  /**
   * Refuses what is new, lets open calls end up to the limit, interrupts the rest, and resolves when every end is
   * charged or safe in the spool. The services stay open.
   */
  drain(): Promise<{ interrupted: number }>;
}

/** @throws the listen error (`EADDRINUSE`...) with nothing left listening. */
export async function startApp(options: AppOptions): Promise<App> {
  const { settings, services } = options;
  let closing = false;
  const publicApp = await createPublicApp({
    upstream: options.upstream,
    timers: systemTimers,
    limits: settings.limits,
    createUsageReader,
    principals: services.principals,
    meter: services.meter,
    ledger: services.ledger,
    metrics: services.metrics,
    logger: services.logger,
    isClosing: () => closing,
    onOperatorAlert: (alert) => services.logger.error({ event: 'operator_alert', alert }, 'the upstream refuses us'),
  });
  const adminApp = createAdmin(options, () => closing);
  try {
    await publicApp.listen({ host: settings.host, port: settings.port });
    await adminApp.listen({ host: settings.adminHost, port: settings.adminPort });
  } catch (error) {
    await Promise.all([publicApp.close(), adminApp.close()]);
    throw error;
  }
  return {
    publicUrl: urlOf(publicApp, settings.host),
    adminUrl: urlOf(adminApp, settings.adminHost),
    async drain() {
      closing = true;
      const closed = publicApp.close();
      const outcome = await services.openCalls.drain(settings.limits.shutdownDrainMs, systemTimers);
      // Calls have ended; a connection still open is one whose client does not read.
      publicApp.server.closeAllConnections();
      await closed;
      await services.settleQueue.settled();
      await adminApp.close();
      return outcome;
    },
  };
}

function createAdmin({ services, adminToken, version }: AppOptions, isClosing: () => boolean): AdminApp {
  return createAdminApp({
    directory: services.directory,
    ledger: services.ledger,
    audit: services.audit,
    rateCard: () => services.rateCard,
    adminToken,
    clock: systemTimers.nowMs,
    metricsText: () => services.metrics.render(),
    readiness: () => readReadiness(services, isClosing()),
    version,
    logger: services.logger,
  });
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

function urlOf(app: Pick<FastifyInstance, 'server'>, host: string): string {
  const { port } = app.server.address() as AddressInfo;
  const named = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
}
