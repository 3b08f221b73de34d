import { expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import { createTestMetrics, finishedCall, MODELS, NOW_MS } from './metrics-fixtures.ts';

const ACCEPTED =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1';

const samplesOf = async (metrics: Metrics, accept?: string): Promise<string[]> => {
  const { body } = await metrics.render(accept);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.replace(/ # .*$/, '')).sort();
};

test('OpenMetrics is for whoever accepts it', async () => {
  const metrics = createTestMetrics();
  for (const accept of [undefined, '*/*', 'text/plain;version=0.0.4']) {
    expect((await metrics.render(accept)).contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  }
  const { contentType, body } = await metrics.render(ACCEPTED);
  expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(body).toMatch(/^# TYPE tollgate_requests counter$/m);
  expect(body).toMatch(/\n# EOF\n$/);
});

test('both formats hold the same samples, however often and in whatever order they are asked for', async () => {
  const metrics = createTestMetrics();
  metrics.callFinished(finishedCall());
  metrics.rateCardLoaded({ version: 'a "quoted"\\\n version', effectiveFromMs: 0, models: [] });
  const text = await samplesOf(metrics);
  expect(text.length).toBeGreaterThan(300);
  expect(await samplesOf(metrics, ACCEPTED)).toEqual(text);
  expect(await samplesOf(metrics)).toEqual(text);
  const [one, other] = await Promise.all([metrics.render(), metrics.render(ACCEPTED)]);
  expect(one.contentType).not.toBe(other.contentType);
});

test('each bucket names the latest request that fell into it, and the older format none', async () => {
  const metrics = createTestMetrics();
  metrics.callFinished(finishedCall({ requestId: 'req_a', upstreamMs: 300 }));
  metrics.callFinished(finishedCall({ requestId: 'req_b', upstreamMs: 400 }));
  metrics.callFinished(finishedCall({ requestId: 'req_c', upstreamMs: 9_000 }));
  metrics.callFinished(finishedCall({ requestId: `req_${'x'.repeat(200)}`, upstreamMs: 90 }));
  metrics.batchCharged({ ...finishedCall({ requestId: 'req_d' }), heldNanoUsd: 1_001n });
  const { body } = await metrics.render(ACCEPTED);
  const exemplars = (name: string) =>
    [...body.matchAll(new RegExp(`^${name}_bucket\\{(.*)\\} \\d+ # (\\{.*\\}) (\\S+) [\\d.]+$`, 'gm'))].map(
      ([, labels = '', of, value]) => [/le="([^"]*)"/.exec(labels)?.[1], of, value],
    );
  expect(exemplars('tollgate_upstream_duration_seconds')).toEqual([
    ['0.5', '{request_id="req_b"}', '0.4'],
    ['10', '{request_id="req_c"}', '9'],
  ]);
  expect(exemplars('tollgate_hold_estimate_error_ratio')).toContainEqual(['1', '{request_id="req_d"}', '1']);
  expect(exemplars('tollgate_time_to_first_byte_seconds')).toHaveLength(1);
  expect((await metrics.render()).body).not.toContain('req_');
});

test('every counter of the process is one in OpenMetrics too', async () => {
  const metrics = createMetrics({ models: MODELS, nowMs: () => NOW_MS });
  const { body } = await metrics.render(ACCEPTED);
  expect(body).toMatch(/^# TYPE process_cpu_seconds counter$/m);
  expect(body).not.toMatch(/^# TYPE \S+ unknown$/m);
});
