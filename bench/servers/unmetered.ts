// Tollgate's public listener with the metering left out: what is in front of it and what forwards, and nothing between.
// Started with the port and the upstream's port; the same keys, routes, headers and limits as the product.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UsageSnapshot } from '../../src/anthropic/usage-reader.ts';
import type { Principal } from '../../src/directory/directory.ts';
import type { Meter } from '../../src/metering/meter.ts';
import type { CallFacts, MeteredCall } from '../../src/metering/metered-call.ts';
import { WIDE_LIMITS } from './wide-limits.ts';

const built = (name: string): Promise<unknown> => import(new URL(`../../dist/${name}.js`, import.meta.url).href);
const { createPublicApp } = (await built(
  'http/create-public-app',
)) as typeof import('../../src/http/create-public-app.ts');
const { createUpstream } = (await built('http/upstream')) as typeof import('../../src/http/upstream.ts');
const { openBatchFolder } = (await built(
  'http/batches/batch-folder',
)) as typeof import('../../src/http/batches/batch-folder.ts');
const { createMetrics } = (await built('observability/metrics')) as typeof import('../../src/observability/metrics.ts');
const { loadSettings } = (await built('config/load-settings')) as typeof import('../../src/config/load-settings.ts');
const { systemTimers: timers } = (await built('metering/timers')) as typeof import('../../src/metering/timers.ts');

const [port = '', upstreamPort = ''] = process.argv.slice(2);
const loaded = loadSettings({ environment: WIDE_LIMITS, readFile: () => '' });
if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
const { limits } = loaded.settings;

const principal = {
  account: { id: 'acct_bench', onDisconnect: 'cancel', onExhausted: 'refuse', mode: 'prepaid', timezone: 'UTC' },
  key: { id: 'key_bench' },
  quotas: [],
} as unknown as Principal;

const meter: Meter = {
  async admit(caller, request, facts) {
    const call: MeteredCall = {
      facts: {
        ...facts,
        principal: caller,
        request,
        holdId: 'hold_bench',
        availableNanoUsd: 0n,
        heldNanoUsd: 0n,
      } as CallFacts,
      running: undefined,
      showProgress: () => undefined,
      onInterrupt: () => undefined,
      mark: () => undefined,
      finish: () => ({ action: 'release', basis: 'none' }),
    };
    return { admitted: true, call };
  },
};

/** As if an answer had come to its end and reported nothing. */
const SEEN: UsageSnapshot = {
  complete: true,
  usage: undefined,
  visibleCharacters: 0,
  content: {} as UsageSnapshot['content'],
  reported: undefined,
  errorEvent: undefined,
  anomalies: [],
};

const unused = new Proxy({}, { get: () => () => Promise.reject(new Error('not in this benchmark')) }) as never;
const app = await createPublicApp({
  limits,
  timers,
  meter,
  principals: { find: () => principal, findKnown: () => principal },
  upstream: createUpstream({ baseUrl: `http://127.0.0.1:${upstreamPort}`, apiKey: 'bench', limits, timers }),
  createUsageReader: () => ({ push: () => undefined, end: () => undefined, snapshot: () => SEEN }),
  stored: unused,
  batches: unused,
  batchFolder: openBatchFolder(join(mkdtempSync(join(tmpdir(), 'tollgate-unmetered-')), 'batches')),
  ledger: unused,
  readKeySpend: unused,
  metrics: createMetrics({ models: [], nowMs: timers.nowMs }),
  logger: { info: () => undefined, warn: () => undefined, error: () => undefined } as never,
  isClosing: () => false,
  onOperatorAlert: () => undefined,
});
await app.listen({ host: '127.0.0.1', port: Number(port), backlog: 8_192 });
