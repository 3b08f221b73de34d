import { mkdirSync, readFileSync } from 'node:fs';
import { type App, type ServingWorkers, startApp } from './app.ts';
import { findSecrets } from './config/find-secrets.ts';
import { loadAdminToken } from './config/load-admin-token.ts';
import { openDataFolder } from './config/open-data-folder.ts';
import type { Settings } from './config/settings.ts';
import { adoptSpools, workerFolder } from './metering/adopt-spools.ts';
import { systemTimers } from './metering/timers.ts';
import { createLogger } from './observability/create-logger.ts';
import type { MetricsSnapshot } from './observability/metrics-snapshot.ts';
import { createServices, type Services } from './services.ts';
import { createRateCardKeeper, type RateCardKeeper, type RateCardWatch } from './startup/keep-rate-card.ts';
import { type OpenedUpstream, openUpstream } from './startup/open-upstream.ts';
import { type Demo, prepareDemo } from './startup/prepare-demo.ts';
import { StartRefused } from './startup/start-refused.ts';
import type { WorkerIdentity } from './workers/worker-messages.ts';

export interface StartOptions {
  settings: Settings;
  /** Set in a worker. */
  worker?: WorkerIdentity;
  /** Set in a primary process: starts its workers, once all that they share is open. */
  startWorkers?: (shared: Shared) => Promise<ServingWorkers>;
}

/** What a primary process has open for its workers. */
export interface Shared {
  /** Where the simulated API listens; undefined: the real one answers. */
  simulatedUrl: string | undefined;
  services: Services;
}

/** One process of Tollgate, serving. */
export interface RunningTollgate {
  app: App;
  services: Services;
  version: string;
  adminTokenPath: string | undefined;
  upstream: OpenedUpstream;
  /** The demo account, where the simulated API answers. */
  demo: Demo | undefined;
  reload(): Promise<void>;
  readMetrics(): Promise<MetricsSnapshot>;
  /** Drains, settles and closes. */
  stop(): Promise<void>;
}

/** @throws StartRefused, and what the parts throw, with nothing left open. */
export async function startTollgate({ settings, worker, startWorkers }: StartOptions): Promise<RunningTollgate> {
  const version = readVersion();
  const rateCards = createRateCardKeeper(settings);
  const card = await rateCards.load();
  if (!card.ok) throw new StartRefused(card.problems);
  const rootFolder = openDataFolder(settings.dataDir);
  const admin = loadAdminToken(settings.adminToken, rootFolder);
  const logger = createLogger({ level: settings.logLevel, secrets: [admin.token, ...findSecrets(settings)] });
  const isLeading = worker === undefined;
  // With the embedded store there never were workers on the same books.
  if (isLeading && settings.redisUrl !== undefined)
    await adoptLeftSpools(settings, rootFolder, startWorkers !== undefined, logger);
  const dataFolder = isLeading ? rootFolder : openWorkerFolder(rootFolder, worker);

  const services = await createServices({ settings, rateCard: card.card, dataFolder, logger, version, isLeading });
  const upstream = await openUpstream(settings, worker?.simulatedUrl);
  const closeParts = async (): Promise<void> => {
    await services.close();
    await upstream.close();
  };
  let app: App;
  let demo: Demo | undefined;
  try {
    if (upstream.simulated && isLeading) {
      demo = await prepareDemo({ ...services, dataFolder, nowMs: systemTimers.nowMs });
    }
    const workers = await startWorkers?.({ simulatedUrl: upstream.simulatedUrl, services });
    app = await startApp({
      ...{ settings, services, upstream: upstream.upstream, adminToken: admin.token, dataFolder, version },
      listenAdmin: isLeading,
      simulated: upstream.simulated,
      ...(workers === undefined ? {} : { workers }),
    });
  } catch (error) {
    await closeParts();
    throw error;
  }
  const watch = watchRateCard(rateCards, services, settings);
  return {
    ...{ app, services, version, adminTokenPath: admin.path, upstream, demo },
    reload: () => watch.reload(),
    readMetrics: () => services.metrics.snapshot(),
    async stop() {
      await watch.stop();
      logger.info({ event: 'shutdown', open_calls: services.openCalls.size }, 'shutting down');
      const { interrupted } = await app.drain();
      await closeParts();
      logger.info({ event: 'shutdown', interrupted }, 'stopped');
    },
  };
}

/** Fewer workers than before, or none: what the others had not delivered yet is ours now. */
async function adoptLeftSpools(
  settings: Settings,
  folder: string,
  hasWorkers: boolean,
  logger: ReturnType<typeof createLogger>,
): Promise<void> {
  const adopted = await adoptSpools(folder, hasWorkers ? settings.workers : 0);
  if (adopted > 0) logger.warn({ entries: adopted }, 'ends of calls that workers had left were taken over');
}

function openWorkerFolder(rootFolder: string, { index }: WorkerIdentity): string {
  const folder = workerFolder(rootFolder, index);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** A card with any problem is not used at all; the old one stays in force. */
function watchRateCard(rateCards: RateCardKeeper, services: Services, { limits }: Settings): RateCardWatch {
  const { logger } = services;
  return rateCards.watch({
    timers: systemTimers,
    pollMs: limits.rateCardPollMs,
    onCard(card) {
      const { version, models } = card;
      const before = services.rateCard.version;
      services.replaceRateCard(card);
      logger.info({ event: 'rate_card', version, before, models: models.length }, 'another rate card is in force');
    },
    onProblems(problems) {
      const { version } = services.rateCard;
      logger.error({ event: 'rate_card', version, problems }, 'the rate card was refused; the old one stays in force');
    },
  });
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
