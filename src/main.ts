import { fileURLToPath } from 'node:url';
import { loadProcessSettings } from './config/load-process-settings.ts';
import type { Settings } from './config/settings.ts';
import { startPrimary } from './start-primary.ts';
import { type RunningTollgate, startTollgate } from './start-tollgate.ts';
import { keepCallsYoung } from './startup/keep-calls-young.ts';
import { describeStartFailure, findStartProblems, StartRefused } from './startup/start-refused.ts';
import { writeBanner } from './startup/write-banner.ts';
import { openWorkerChannel, type WorkerChannel } from './workers/worker-channel.ts';
import { readWorkerArguments, type WorkerIdentity } from './workers/worker-messages.ts';

/**
 * One wish to stop may come as the same signal twice: a service manager signals every process of a service, and those
 * that started us among them hand theirs on to us besides.
 */
const SAME_STOP_MS = 500;

/** A process that runs, whichever part of Tollgate it is. */
interface Running {
  reload(): Promise<void>;
  stop(): Promise<void>;
  /** A second signal is obeyed at once: what is not settled lies in the spool or is reclaimed by its lease. */
  abandon(): void;
}

keepCallsYoung();
// Whoever read our output has gone, a log collector say: the open calls matter more than their lines.
for (const output of [process.stdout, process.stderr]) output.on('error', ignoreBrokenPipe);
const worker = process.connected ? readWorkerArguments(process.argv.slice(2)) : undefined;
await (worker === undefined ? main() : mainOfWorker(worker));

async function main(): Promise<void> {
  const running = start();
  let started: Running | undefined;
  let first: { signal: NodeJS.Signals; at: number } | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const at = performance.now();
    if (first?.signal === signal && at - first.at < SAME_STOP_MS) return;
    if (first !== undefined) {
      started?.abandon();
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    first = { signal, at };
    running.then(({ stop }) => stop()).then(() => process.exit(0), failToStop);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // At a terminal SIGHUP means that it was closed; a service is told by it to read its files again.
  if (isAtTerminal()) process.on('SIGHUP', onSignal);
  else process.on('SIGHUP', () => void running.then(({ reload }) => reload(), ignoreFailedStart));
  try {
    started = await running;
  } catch (error) {
    process.stderr.write(describeStartFailure(error));
    process.exit(1);
  }
}

async function start(): Promise<Running> {
  const loaded = loadProcessSettings();
  if (!loaded.ok) throw new StartRefused(loaded.problems);
  const { settings } = loaded;
  if (settings.workers > 1) {
    const primary = await startPrimary(settings, fileURLToPath(import.meta.url));
    showBanner(primary.tollgate, settings, primary.publicUrl);
    return primary;
  }
  const tollgate = await startTollgate({ settings });
  showBanner(tollgate, settings, tollgate.app.publicUrl);
  return { ...tollgate, abandon: () => undefined };
}

function showBanner({ app, services, upstream, ...tollgate }: RunningTollgate, settings: Settings, url = ''): void {
  const { rateCard, store } = services;
  process.stdout.write(
    writeBanner({
      ...tollgate,
      publicUrl: url,
      adminUrl: app.adminUrl ?? '',
      store: store.description,
      upstream: upstream.simulated ? undefined : settings.upstreamBaseUrl,
      rateCard: { version: rateCard.version, models: rateCard.models.length },
      warnings: store.warnings.map(({ sentence }) => sentence),
      workers: settings.workers,
    }),
  );
}

/** A worker takes no orders but its primary's. Signals to the whole group reach it too, and begin the same end. */
async function mainOfWorker(identity: WorkerIdentity): Promise<void> {
  const channel = openWorkerChannel(process);
  const running = startWorker(identity);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    running.then((tollgate) => endWorker(tollgate, channel)).then(() => process.exit(0), failToStop);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  process.on('SIGHUP', () => undefined);
  channel.obey({
    stop,
    reload: () => void running.then(({ reload }) => reload(), ignoreFailedStart),
    readMetrics: async () => (await running).readMetrics(),
  });
  try {
    const { app } = await running;
    await channel.tell({ type: 'serving', publicUrl: app.publicUrl ?? '' });
  } catch (error) {
    const problems = findStartProblems(error);
    if (problems === undefined) process.stderr.write(describeStartFailure(error));
    else await channel.tell({ type: 'refused', problems });
    process.exit(1);
  }
}

async function startWorker(worker: WorkerIdentity): Promise<RunningTollgate> {
  const loaded = loadProcessSettings();
  if (!loaded.ok) throw new StartRefused(loaded.problems);
  return startTollgate({ settings: loaded.settings, worker });
}

/** What it has counted in its last moments goes to the primary as well. */
async function endWorker(tollgate: RunningTollgate, channel: WorkerChannel): Promise<void> {
  await tollgate.stop();
  await channel.tell({ type: 'metrics', id: 0, snapshot: await tollgate.readMetrics() });
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
