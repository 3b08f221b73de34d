import { join, resolve } from 'node:path';
import { loadProcessSettings } from './config/load-process-settings.ts';
import type { Settings } from './config/settings.ts';
import { askUpstream, type UpstreamLook } from './doctor/ask-upstream.ts';
import { type ClockReading, checkClock } from './doctor/check-clock.ts';
import { checkDataFolder } from './doctor/check-data-folder.ts';
import { checkListener } from './doctor/check-listeners.ts';
import { checkNode } from './doctor/check-node.ts';
import { checkRateCard } from './doctor/check-rate-card.ts';
import { checkStore, type StoreLook } from './doctor/check-store.ts';
import { checkUpstream } from './doctor/check-upstream.ts';
import { createFinder, type Finding } from './doctor/finding.ts';
import { readRateCard } from './domain/read-rate-card.ts';
import { createSecretMask } from './observability/mask-secrets.ts';
import { readRateCardSources } from './startup/read-rate-card-sources.ts';
import { inspectRedis } from './store/redis/inspect-redis.ts';
import { DATA_FILE } from './store/sqlite/embedded-parts.ts';
import { inspectDataFile } from './store/sqlite/inspect-data-file.ts';

const UPSTREAM_TIMEOUT_MS = 15_000;
const REDIS_START_TIMEOUT_MS = 5_000;
const REDIS_COMMAND_TIMEOUT_MS = 3_000;

export interface RunDoctorOptions {
  /** Milliseconds since 1970; the machine's clock. */
  nowMs: () => number;
}

/** Looks at everything that a start needs, from the settings of this process, and changes nothing. */
export async function* runDoctor({ nowMs }: RunDoctorOptions): AsyncGenerator<Finding> {
  yield* checkNode(process.versions.node);
  const loaded = loadProcessSettings();
  const { ok, fail, warn } = createFinder('configuration');
  if (!loaded.ok) {
    yield* loaded.problems.map((problem) => fail(problem, 'see docs/configuration.md'));
    yield warn('nothing else was looked at', 'mend the configuration first');
    return;
  }
  yield ok('every setting is well-formed');
  const { anthropicApiKey, adminToken } = loaded.settings;
  const mask = createSecretMask([anthropicApiKey, adminToken].filter((secret) => secret !== undefined));
  for await (const finding of checkInstallation(loaded.settings, nowMs)) yield { ...finding, says: mask(finding.says) };
}

async function* checkInstallation(settings: Settings, nowMs: () => number): AsyncGenerator<Finding> {
  const { dataDir, upstreamBaseUrl: baseUrl } = settings;
  yield* checkDataFolder(dataDir);
  const store = await lookAtStore(settings, nowMs);
  yield* checkStore(store);
  const upstream = await lookAtUpstream(settings, nowMs);
  yield* checkUpstream(upstream, { baseUrl, nowMs: nowMs() });
  yield* checkClock(listClocks(store, upstream));
  const sources = await readRateCardSources(settings);
  const card = sources.ok ? readRateCard(sources.sources) : sources;
  yield* checkRateCard(card, { listedModels: upstream?.models, nowMs: nowMs() });
  const { host, port, adminHost, adminPort } = settings;
  yield* await checkListener({ name: 'public listener', host, port, settings: 'HOST and PORT' });
  yield* await checkListener({
    ...{ name: 'admin listener', host: adminHost, port: adminPort },
    settings: 'ADMIN_HOST and ADMIN_PORT',
  });
}

async function lookAtStore({ redisUrl: url, dataDir }: Settings, nowMs: () => number): Promise<StoreLook> {
  if (url === undefined) {
    const path = join(resolve(dataDir), DATA_FILE);
    return { kind: 'embedded', path, ...inspectDataFile(path) };
  }
  const timeouts = { startTimeoutMs: REDIS_START_TIMEOUT_MS, commandTimeoutMs: REDIS_COMMAND_TIMEOUT_MS };
  return { kind: 'redis', ...(await inspectRedis({ url, ...timeouts, nowMs })) };
}

async function lookAtUpstream(
  { anthropicApiKey: apiKey, upstreamBaseUrl: baseUrl }: Settings,
  nowMs: () => number,
): Promise<UpstreamLook | undefined> {
  if (apiKey === undefined) return undefined;
  return askUpstream({ baseUrl, apiKey, timeoutMs: UPSTREAM_TIMEOUT_MS, nowMs });
}

function listClocks(store: StoreLook, upstream: UpstreamLook | undefined): ClockReading[] {
  const readings = [
    { whose: 'the Claude API', skewMs: upstream?.skewMs },
    { whose: 'Redis', skewMs: store.kind === 'redis' ? store.skewMs : undefined },
  ];
  return readings.flatMap(({ whose, skewMs }) => (skewMs === undefined ? [] : [{ whose, skewMs }]));
}
