import type { Settings } from '../config/settings.ts';
import { createUpstream, type Upstream } from '../http/upstream.ts';
import { systemTimers } from '../metering/timers.ts';
import { createSimulatedApi } from '../simulator/simulated-api.ts';

export interface OpenedUpstream {
  upstream: Upstream;
  /** The built-in API answers: nothing costs anything. */
  simulated: boolean;
  /** Where that listens. */
  simulatedUrl: string | undefined;
  close(): Promise<void>;
}

/** Of the simulated API in front of people: about what a real answer's speed feels like. */
const SIMULATED_TOKENS_PER_SECOND = 120;
/** Batches of the simulated API end after so long, at the latest. */
const SIMULATED_BATCH_MS = 5_000;
const SIMULATED_KEY = 'simulated';

/**
 * The real API when its key is set; the simulated one, listening on a loopback port of its own, when not.
 * @param simulatedUrl where another process has the simulated one already.
 */
export async function openUpstream(settings: Settings, simulatedUrl?: string): Promise<OpenedUpstream> {
  const { limits, anthropicApiKey: apiKey } = settings;
  if (apiKey !== undefined) {
    const upstream = createUpstream({ baseUrl: settings.upstreamBaseUrl, apiKey, limits, timers: systemTimers });
    return { simulated: false, simulatedUrl: undefined, upstream, close: () => upstream.close() };
  }
  if (simulatedUrl !== undefined) {
    const upstream = createUpstream({ baseUrl: simulatedUrl, apiKey: SIMULATED_KEY, limits, timers: systemTimers });
    return { simulated: true, simulatedUrl, upstream, close: () => upstream.close() };
  }
  const api = createSimulatedApi({ tokensPerSecond: SIMULATED_TOKENS_PER_SECOND, batchMs: SIMULATED_BATCH_MS });
  const { baseUrl } = await api.listen();
  const upstream = createUpstream({ baseUrl, apiKey: SIMULATED_KEY, limits, timers: systemTimers });
  return {
    simulated: true,
    simulatedUrl: baseUrl,
    upstream,
    async close() {
      await upstream.close();
      await api.close();
    },
  };
}
