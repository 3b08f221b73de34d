import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createMetricRegistry } from '../../src/observability/metric-registry.ts';
import { createMetricSum } from '../../src/observability/metric-sum.ts';
import type { MetricsSnapshot } from '../../src/observability/metrics-snapshot.ts';

/** What a process counts that has answered so many calls, and reads the same balance as the others. */
async function snapshotOf(calls: number, openCalls: number): Promise<MetricsSnapshot> {
  const metrics = createMetricRegistry();
  const shared = { help: 'x', labels: {} } as const;
  metrics.counter({ ...shared, name: 'calls_total', aggregation: 'sum' }).inc(calls);
  metrics.gauge({ ...shared, name: 'open_calls', aggregation: 'sum' }).set(openCalls);
  metrics.gauge({ ...shared, name: 'balance_usd', aggregation: 'max' }).set(12.5);
  metrics.gauge({ ...shared, name: 'store_up', aggregation: 'min' }).set(openCalls === 0 ? 0 : 1);
  const histogram = metrics.histogram({ ...shared, name: 'wait_seconds', aggregation: 'sum', buckets: [1, 2] });
  for (let call = 0; call < calls; call += 1) histogram.at().observe(1.5);
  return structuredClone(await metrics.registry.getMetricsAsJSON());
}

async function read(sum: ReturnType<typeof createMetricSum>, snapshots: MetricsSnapshot[]) {
  const { body } = await sum.render(snapshots);
  return Object.fromEntries(
    body
      .split('\n')
      .filter((line) => /^[a-z]/.test(line))
      .map((line) => line.split(' ')),
  );
}

describe('the metrics of several processes', () => {
  test('are put together as each metric says', async () => {
    const values = await read(createMetricSum(), [await snapshotOf(3, 1), await snapshotOf(4, 0)]);
    expect(values).toEqual({
      calls_total: '7',
      open_calls: '1',
      balance_usd: '12.5',
      store_up: '0',
      'wait_seconds_bucket{le="1"}': '0',
      'wait_seconds_bucket{le="2"}': '7',
      'wait_seconds_bucket{le="+Inf"}': '7',
      wait_seconds_sum: '10.5',
      wait_seconds_count: '7',
    });
  });

  test('name the latest request of each bucket over all of them, to whoever reads OpenMetrics', async () => {
    const observe = async (seconds: number, requestId: string, atMs: number) => {
      vi.setSystemTime(atMs);
      const metrics = createMetricRegistry();
      const definition = { help: 'x', labels: {}, name: 'wait_seconds', aggregation: 'sum', buckets: [1, 2] } as const;
      metrics.histogram(definition).at().observeOf(seconds, requestId);
      return structuredClone(await metrics.registry.getMetricsAsJSON());
    };
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const snapshots = [await observe(0.5, 'req_a', 1_000), await observe(1.5, 'req_c', 3_000)];
    const sum = createMetricSum();
    const { body } = await sum.render(
      [...snapshots, await observe(1.7, 'req_b', 2_000)],
      'application/openmetrics-text',
    );
    expect(body.split('\n').filter((line) => line.includes('_bucket'))).toEqual([
      'wait_seconds_bucket{le="1"} 1 # {request_id="req_a"} 0.5 1',
      'wait_seconds_bucket{le="2"} 3 # {request_id="req_c"} 1.5 3',
      'wait_seconds_bucket{le="+Inf"} 3',
    ]);
    expect((await sum.render(snapshots)).body).not.toContain('req_');
  });

  test('of those that have ended, what they counted stays, and nothing else', async () => {
    const sum = createMetricSum();
    for (const snapshot of [await snapshotOf(3, 5), await snapshotOf(2, 5)]) sum.retain(snapshot);
    const values = await read(sum, [await snapshotOf(1, 1)]);
    expect(values).toMatchObject({ calls_total: '6', open_calls: '1', store_up: '1', wait_seconds_count: '6' });
  });
});
