import type { Settings } from './config/settings.ts';
import { systemTimers } from './metering/timers.ts';
import { createMetricSum } from './observability/metric-sum.ts';
import type { Services } from './services.ts';
import { type RunningTollgate, startTollgate } from './start-tollgate.ts';
import { StartRefused } from './startup/start-refused.ts';
import { startWorkerPool, type WorkerPool, WorkerStartFailed } from './workers/worker-pool.ts';

/** Beyond the drain, the time a worker has to settle and to close. */
const WORKER_END_MS = 10_000;

/** The process that leads several: it has the admin listener and what is done once, its workers the public listener. */
export interface RunningPrimary {
  tollgate: RunningTollgate;
  publicUrl: string;
  reload(): Promise<void>;
  /** The workers first, then itself. */
  stop(): Promise<void>;
  /** Ends the workers at once. */
  abandon(): void;
}

/**
 * @param program the file that workers run.
 * @throws as startTollgate.
 */
export async function startPrimary(settings: Settings, program: string): Promise<RunningPrimary> {
  const { workers: count, limits } = settings;
  let pool: WorkerPool | undefined;
  const tollgate = await startTollgate({
    settings,
    startWorkers: async ({ simulatedUrl, services }) => {
      const started = await openPool(services, { program, count, simulatedUrl });
      pool = started.pool;
      const { pool: opened, metricsText } = started;
      return { count, serving: opened.serving, publicUrl: () => opened.publicUrl, metricsText };
    },
  }).catch((error) => {
    // It may be the admin port that was taken, once the workers served.
    pool?.kill();
    throw error instanceof WorkerStartFailed ? new StartRefused(error.problems, { cause: error }) : error;
  });
  const { publicUrl = '' } = pool ?? {};
  return {
    tollgate,
    publicUrl,
    async reload() {
      pool?.reload();
      await tollgate.reload();
    },
    async stop() {
      // While the workers end, this listener is asked whether calls may be sent here.
      tollgate.app.startClosing();
      await pool?.stop(limits.shutdownDrainMs + WORKER_END_MS);
      await tollgate.stop();
    },
    abandon: () => pool?.kill(),
  };
}

async function openPool(
  { metrics, logger }: Services,
  options: { program: string; count: number; simulatedUrl: string | undefined },
) {
  const sum = createMetricSum();
  const pool = await startWorkerPool({
    ...options,
    timers: systemTimers,
    onEnded: sum.retain,
    logger,
  });
  const metricsText = async (accept?: string) =>
    sum.render([await metrics.snapshot(), ...(await pool.readMetrics())], accept);
  return { pool, metricsText };
}
