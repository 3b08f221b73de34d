import { readFileSync } from 'node:fs';
import { type App, startApp } from './app.ts';
import { loadAdminToken } from './config/load-admin-token.ts';
import { loadProcessSettings } from './config/load-process-settings.ts';
import { openDataFolder } from './config/open-data-folder.ts';
import type { Settings } from './config/settings.ts';
import { systemTimers } from './metering/timers.ts';
import { createLogger } from './observability/create-logger.ts';
import { createServices, type Services } from './services.ts';
import { createRateCardKeeper, type RateCardKeeper, type RateCardWatch } from './startup/keep-rate-card.ts';
import { openUpstream } from './startup/open-upstream.ts';
import { prepareDemo } from './startup/prepare-demo.ts';
import { writeBanner } from './startup/write-banner.ts';

const MORE_WORKERS =
  'WORKERS above 1 is not available in this version: start several processes on the same REDIS_URL, each with a PORT, an ADMIN_PORT and a DATA_DIR of its own';

/** The process cannot start; each problem is a sentence for the person who set it up. */
class StartRefused extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

interface Running {
  reload(): Promise<void>;
  stop(): Promise<void>;
}

await main();

async function main(): Promise<void> {
  // Whoever read our output has gone, a log collector say: the open calls matter more than their lines.
  for (const output of [process.stdout, process.stderr]) output.on('error', ignoreBrokenPipe);
  const running = start();
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    // A second signal is obeyed at once: what is not settled lies in the spool or is reclaimed by its lease.
    if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143);
    stopping = true;
    running.then(({ stop }) => stop()).then(() => process.exit(0), failToStop);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // At a terminal SIGHUP means that it was closed; a service is told by it to read its files again.
  if (isAtTerminal()) process.on('SIGHUP', onSignal);
  else process.on('SIGHUP', () => void running.then(({ reload }) => reload(), ignoreFailedStart));
  try {
    await running;
  } catch (error) {
    process.stderr.write(describeStartFailure(error));
    process.exit(1);
  }
}

function isAtTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
}

/** The start tells of its own failure and ends the process. */
function ignoreFailedStart(): void {}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function failToStop(error: unknown): never {
  process.stderr.write(`Tollgate did not stop cleanly: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

async function start(): Promise<Running> {
  const version = readVersion();
  const loaded = loadProcessSettings();
  if (!loaded.ok) throw new StartRefused(loaded.problems);
  const { settings } = loaded;
  // Better refused than served by fewer processes than were asked for.
  if (settings.workers !== 1) throw new StartRefused([MORE_WORKERS]);
  const rateCards = createRateCardKeeper(settings);
  const card = await rateCards.load();
  if (!card.ok) throw new StartRefused(card.problems);
  const dataFolder = openDataFolder(settings.dataDir);
  const admin = loadAdminToken(settings.adminToken, dataFolder);
  const logger = createLogger({ level: settings.logLevel, secrets: secretsOf(settings, admin.token) });

  const services = await createServices({ settings, rateCard: card.card, dataFolder, logger, version });
  const upstreamApi = await openUpstream(settings);
  const { upstream } = upstreamApi;
  const closeParts = async (): Promise<void> => {
    await services.close();
    await upstreamApi.close();
  };
  let app: App;
  try {
    const demo = upstreamApi.simulated
      ? await prepareDemo({ ...services, dataFolder, nowMs: systemTimers.nowMs })
      : undefined;
    app = await startApp({ settings, services, upstream, adminToken: admin.token, dataFolder, version });
    process.stdout.write(
      writeBanner({
        version,
        publicUrl: app.publicUrl,
        adminUrl: app.adminUrl,
        adminTokenPath: admin.path,
        store: services.store.description,
        upstream: upstreamApi.simulated ? undefined : settings.upstreamBaseUrl,
        rateCard: { version: card.card.version, models: card.card.models.length },
        demo,
        warnings: services.store.warnings.map(({ sentence }) => sentence),
      }),
    );
  } catch (error) {
    await closeParts();
    throw error;
  }
  const watch = watchRateCard(rateCards, services, settings);
  return {
    reload: () => watch.reload(),
    async stop() {
      await watch.stop();
      logger.info({ event: 'shutdown', open_calls: services.openCalls.size }, 'shutting down');
      const { interrupted } = await app.drain();
      await closeParts();
      logger.info({ event: 'shutdown', interrupted }, 'stopped');
    },
  };
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

function secretsOf(settings: Settings, adminToken: string): string[] {
  const { anthropicApiKey, alertWebhookSecret, redisUrl, telemetry } = settings;
  const secrets = [
    adminToken,
    anthropicApiKey,
    alertWebhookSecret,
    redisUrl,
    ...Object.values(telemetry.otlpHeaders ?? {}),
  ];
  return secrets.filter((secret) => secret !== undefined);
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A fault that a person can mend is a sentence; only one that we did not expect shows its stack. */
function describeStartFailure(error: unknown): string {
  if (error instanceof StartRefused) {
    return `Tollgate cannot start:\n${error.problems.map((problem) => `  - ${problem}`).join('\n')}\n`;
  }
  if (error instanceof Error && 'code' in error) return `Tollgate cannot start:\n  - ${error.message}\n`;
  return `Tollgate cannot start: ${error instanceof Error ? error.stack : String(error)}\n`;
}
