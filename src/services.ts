import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type AlertAdmin, type Alerts, startAlerts } from './alerts/start-alerts.ts';
import type { Settings } from './config/settings.ts';
import type { AuditLog } from './directory/audit-log.ts';
import type { Directory } from './directory/directory.ts';
import { createPrincipalCache, type PrincipalCache } from './directory/principal-cache.ts';
import type { StoredRegistry } from './directory/stored-registry.ts';
import type { RateCard } from './domain/rate-card.ts';
import { startExports } from './export/start-exports.ts';
import { createDriftCheck } from './ledger/drift-check.ts';
import { guardLedger } from './ledger/guard-ledger.ts';
import type { JournalSource } from './ledger/journal-source.ts';
import type { Ledger } from './ledger/ledger.ts';
import { redeliverLostWrites } from './ledger/redeliver-lost-writes.ts';
import { SPOOL_FILE } from './metering/adopt-spools.ts';
import type { BatchMeter } from './metering/batches/batch-meter.ts';
import type { Meter } from './metering/meter.ts';
import type { OpenCalls } from './metering/open-calls.ts';
import { createPriceBook } from './metering/price-book.ts';
import { createQuotaFigures } from './metering/read-quota-figures.ts';
import type { SettleQueue } from './metering/settle-queue.ts';
import { pingOrGrace, startMetering } from './metering/start-metering.ts';
import { systemTimers } from './metering/timers.ts';
import type { Logger } from './observability/create-logger.ts';
import { type HealthNotes, type NotedMetrics, noteHealth } from './observability/health-notes.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { noteRateCard } from './observability/note-rate-card.ts';
import { startTraces } from './observability/traces/start-traces.ts';
import { type Reloads, startReloads } from './reloads/start-reloads.ts';
import { tellReload } from './reloads/tell-reload.ts';
import type { ReportFold } from './reports/report-fold.ts';
import { type Reports, startReports } from './reports/start-reports.ts';
import { openStore, type Store } from './store/open-store.ts';
import { watchStore } from './store/watch-store.ts';

/** The parts of a running Tollgate below HTTP. */
export interface Services {
  store: Pick<Store, 'description' | 'warnings'>;
  ledger: Ledger;
  directory: Directory;
  stored: StoredRegistry;
  audit: AuditLog;
  alerts: AlertAdmin;
  journal: JournalSource;
  reports: Reports;
  reloads: Reloads;
  principals: PrincipalCache;
  /** The card in force; another one after a reload. */
  readonly rateCard: RateCard;
  meter: Meter;
  batches: BatchMeter;
  openCalls: OpenCalls;
  settleQueue: SettleQueue;
  metrics: Metrics;
  healthNotes: Pick<HealthNotes, 'read'>;
  logger: Logger;
  /** Prices the calls admitted from now on by another card. */
  replaceRateCard(card: RateCard): void;
  /** Ends what works in the background, delivers what is left, and closes the store. Calls must have ended. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  settings: Settings;
  rateCard: RateCard;
  dataFolder: string;
  logger: Logger;
  version: string;
  /** False for the workers of a primary process, which exports the journal and checks for drift for them all. */
  isLeading?: boolean;
}

/** How often accounts of which nothing was heard are asked for, lest a loss goes unnoticed. */
const LOSS_PROBE_MS = 1_000;

/** Builds every part below HTTP and starts what works in the background. Throws what {@link openStore} throws. */
export async function createServices(options: ServicesOptions): Promise<Services> {
  const { settings, rateCard, dataFolder, logger } = options;
  const { nowMs } = systemTimers;
  const noted = noteHealth(createMetrics({ models: rateCard.models, nowMs }), nowMs);
  noteRateCard(noted.metrics, rateCard, systemTimers.nowMs());
  const store = await openStore({
    redisUrl: settings.redisUrl,
    dataFolder,
    commandTimeoutMs: settings.limits.storeTimeoutMs,
    waitReplicas: settings.redisWaitReplicas,
    nowMs,
    onFault: (error) => logger.warn({ err: error }, 'the connection to Redis is disturbed'),
  });
  try {
    return await startServices(options, store, noted);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function startServices(options: ServicesOptions, store: Store, noted: NotedMetrics): Promise<Services> {
  const { settings, logger } = options;
  const { metrics, notes: healthNotes } = noted;
  const { nowMs } = systemTimers;
  const priceBook = createPriceBook(options.rateCard);
  const money = startMoney(options, store, metrics);
  const { ledger, alerts, reports, reloads } = money;
  const metering = await startMetering({
    ...{ ledger, directory: store.directory, stored: store.stored, metrics: alerts.metrics, priceBook },
    isFit: money.isFit,
    onShortOfCredit: ({ accountId, ...need }) => reloads.refused(accountId, need),
    ...findMeteringSettings(options, metrics),
  });
  const { grace } = metering;
  if (grace !== undefined) store.directory.onChange((accountId) => void (accountId && grace.forget(accountId)));
  const isLeading = options.isLeading !== false;
  const journalExport = isLeading ? startJournalExport(options, store, metrics, reports.fold.foldAccount) : undefined;
  const driftCheck = isLeading ? startDriftCheck(options, store, alerts) : undefined;
  return {
    store,
    // Calls go on without the store: a process that was told not to be ready would get none.
    ledger: grace === undefined ? ledger : { ...ledger, ping: () => pingOrGrace(ledger, grace) },
    directory: store.directory,
    stored: store.stored,
    audit: store.audit,
    alerts: alerts.admin,
    journal: store.journal,
    reports,
    reloads,
    principals: createPrincipalCache({
      directory: store.directory,
      now: nowMs,
      knownMs: grace === undefined ? 0 : settings.limits.graceLifeMs,
    }),
    get rateCard() {
      return priceBook.card();
    },
    ...metering,
    metrics: alerts.metrics,
    healthNotes,
    logger,
    replaceRateCard(card) {
      priceBook.replace(card);
      noteRateCard(metrics, card, systemTimers.nowMs());
    },
    async close() {
      money.stopWatching();
      metering.leaseKeeper.stop();
      metering.sweeper.stop();
      await metering.settleQueue.close();
      await journalExport?.stop();
      await driftCheck?.stop();
      await reports.keeper.stop();
      await reloads.close();
      await alerts.close();
      await metering.traces?.close();
      await store.close();
    },
  };
}

/** The ledger with all that looks at what it answers: lost writes, alerts, reports, the metrics of accounts. */
function startMoney({ settings, logger, isLeading = true }: ServicesOptions, store: Store, metrics: Metrics) {
  const { nowMs, every } = systemTimers;
  const { directory, journal } = store;
  const storeWatch = watchStore(store, { every, onCheck: metrics.storeChecked, logger });
  const losses = watchForLosses(settings, store, metrics, logger);
  const reports = startReports({
    ...{ ledger: store.ledger, journal, store: store.reports, directory },
    ...{ nowMs, every, logger },
  });
  const alerts = startAlerts({
    ...{ settings, store: store.alerts, directory, reports, timers: systemTimers, logger, metrics, isLeading },
    ledger: guardLedger(losses.ledger, storeWatch.isFit),
    onHold(accountId) {
      metrics.accountActive(accountId);
      reports.keeper.note(accountId);
    },
  });
  const reloads = startReloads({
    ...{ ledger: alerts.ledger, directory, nowMs, every, metrics, logger },
    ...{ webhookUrl: settings.reloadWebhookUrl, webhookSecret: settings.reloadWebhookSecret },
    onReloadEvent: (event) => tellReload(alerts, event),
  });
  const { ledger } = reloads;
  const readQuotas = createQuotaFigures({ directory, ledger, nowMs });
  const { findEmptyAtMs } = reports;
  metrics.watchAccounts({ directory, ledger, alerts, readQuotas, findEmptyAtMs });
  return {
    ...{ ledger, alerts, reports, reloads, isFit: storeWatch.isFit },
    stopWatching() {
      losses.stop();
      storeWatch.stop();
    },
  };
}

function findMeteringSettings({ settings, dataFolder, logger, version }: ServicesOptions, metrics: Metrics) {
  const { every } = systemTimers;
  return {
    logger,
    traces: startTraces(settings.telemetry, { version, every, onSpans: metrics.spansSent, logger }),
    spoolPath: join(dataFolder, SPOOL_FILE),
    limits: settings.limits,
    policies: settings,
    // The embedded store is never away.
    graceBudgetNanoUsd: settings.redisUrl === undefined ? 0n : settings.graceBudgetNanoUsd,
  };
}

/** A store that can lose what it acknowledged is watched for that, and sent it again. */
function watchForLosses(settings: Settings, store: Store, metrics: Metrics, logger: Logger) {
  if (!store.canLoseWrites) return { ledger: store.ledger, stop: () => undefined };
  const { ledger, probe, suspect } = redeliverLostWrites(store.ledger, {
    nowMs: systemTimers.nowMs,
    writesAtMost: settings.limits.rememberedWrites,
    onRegression: metrics.sequenceRegressed,
    logger,
  });
  store.onReconnect(suspect);
  return { ledger, stop: systemTimers.every(LOSS_PROBE_MS, () => void probe()) };
}

function startJournalExport(
  { settings, logger }: ServicesOptions,
  { journal: source, ledger, directory }: Store,
  metrics: Metrics,
  beforeTrim: ReportFold['foldAccount'],
) {
  const { nowMs, every } = systemTimers;
  return startExports(settings, {
    ...{ source, ledger, nowMs, every, metrics, logger, beforeTrim },
    listAccounts: (page) => directory.listAccounts(page),
    owner: randomUUID(),
    keepMs: settings.limits.journalKeepMs,
  });
}

/** Undefined where it is turned off. */
function startDriftCheck({ settings, logger }: ServicesOptions, store: Store, alerts: Alerts) {
  const roundMs = settings.limits.driftCheckMs;
  if (roundMs === 0) return undefined;
  return createDriftCheck({
    ...{ ledger: store.ledger, journal: store.journal, timers: systemTimers, roundMs, random: Math.random, logger },
    listAccounts: store.directory.listAccounts,
    onReconciled: alerts.metrics.ledgerReconciled,
    onDifference: alerts.raiseDrift,
  });
}
