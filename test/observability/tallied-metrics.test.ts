import { describe, expect, test } from 'vitest';
import { createMetricRegistry } from '../../src/observability/metric-registry.ts';
import { createMoneyCounter } from '../../src/observability/money-counter.ts';
import { writeExposition } from '../../src/observability/write-exposition.ts';

const LABELS = { model: ['a', 'b'], class: ['input', 'output'] } as const;
const shared = { help: 'x', labels: LABELS, aggregation: 'sum' } as const;

async function linesOf(metrics: ReturnType<typeof createMetricRegistry>, accept = ''): Promise<string[]> {
  const { body } = await writeExposition(metrics.registry, accept);
  return body.split('\n').filter((line) => /^[a-z]/.test(line));
}

describe('what every call adds to', () => {
  test('is one series for each set of label values, and is read as often as one likes', async () => {
    const metrics = createMetricRegistry();
    const tokens = metrics.tallied({ ...shared, name: 'tokens_total' });
    tokens.at('a', 'input').add(2);
    tokens.at('a', 'output').add(0);
    tokens.at('a', 'input').add(3);
    expect(await linesOf(metrics)).toEqual([
      'tokens_total{model="a",class="input"} 5',
      'tokens_total{model="a",class="output"} 0',
    ]);
    tokens.at('a', 'input').add(1);
    expect((await linesOf(metrics))[0]).toBe('tokens_total{model="a",class="input"} 6');
    expect((await linesOf(metrics))[0]).toBe('tokens_total{model="a",class="input"} 6');
  });

  test('starts at zero where it is told to', async () => {
    const metrics = createMetricRegistry();
    metrics.tallied({ ...shared, name: 'tokens_total', zeroes: 'all' });
    expect(await linesOf(metrics)).toHaveLength(4);
  });

  test('is given a value for each label, no more and no less', () => {
    const metrics = createMetricRegistry();
    const tokens = metrics.tallied({ ...shared, name: 'tokens_total' });
    expect(() => tokens.at('a')).toThrow(TypeError);
    expect(() => tokens.at('a', 'input', 'more')).toThrow(TypeError);
    expect(() => metrics.histogram({ ...shared, name: 'wait', buckets: [1] }).at()).toThrow(TypeError);
  });
});

describe('a histogram', () => {
  test('counts a value on a bound in its bucket, and has all buckets of a series', async () => {
    const metrics = createMetricRegistry();
    const wait = metrics.histogram({ ...shared, labels: { model: ['a'] }, name: 'wait', buckets: [1, 2.5] });
    expect(await linesOf(metrics)).toEqual([]);
    for (const value of [0, 1, 2, 2.5, 3]) wait.at('a').observe(value);
    expect(await linesOf(metrics)).toEqual([
      'wait_bucket{le="1",model="a"} 2',
      'wait_bucket{le="2.5",model="a"} 4',
      'wait_bucket{le="+Inf",model="a"} 5',
      'wait_sum{model="a"} 8.5',
      'wait_count{model="a"} 5',
    ]);
  });

  test('without labels is there from the start', async () => {
    const metrics = createMetricRegistry();
    metrics.histogram({ ...shared, labels: {}, name: 'wait', buckets: [1] });
    expect(await linesOf(metrics)).toEqual([
      'wait_bucket{le="1"} 0',
      'wait_bucket{le="+Inf"} 0',
      'wait_sum 0',
      'wait_count 0',
    ]);
  });

  test('names the latest request of a bucket, unless its id is too long', async () => {
    const metrics = createMetricRegistry();
    const wait = metrics.histogram({ ...shared, labels: {}, name: 'wait', buckets: [1] });
    wait.at().observeOf(0.5, 'req_first');
    wait.at().observeOf(0.25, 'req_second');
    wait.at().observeOf(0.75, 'r'.repeat(200));
    wait.at().observe(0.125);
    const [bucket, above] = await linesOf(metrics, 'application/openmetrics-text');
    expect(bucket).toMatch(/^wait_bucket\{le="1"\} 4 # \{request_id="req_second"\} 0\.25 \d+/);
    expect(above).toBe('wait_bucket{le="+Inf"} 4');
  });

  test('takes no value that is none', async () => {
    const metrics = createMetricRegistry();
    const wait = metrics.histogram({ ...shared, labels: {}, name: 'wait', buckets: [1] });
    expect(() => wait.at().observe(Number.NaN)).toThrow(TypeError);
    expect(await linesOf(metrics)).toContain('wait_count 0');
  });
});

test('money beyond what a float holds exactly is added up exactly', async () => {
  const metrics = createMetricRegistry();
  const cost = createMoneyCounter(metrics, { ...shared, labels: {}, name: 'cost_usd_total' });
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  for (const amount of [most, 1n, most - 1n, 3n]) cost.at().addPicoUsd(amount);
  expect(cost.at().picoUsd()).toBe(2n * most + 3n);
  expect(cost.at().picoUsd()).toBe(2n * most + 3n);
  cost.at().addNanoUsd(1n);
  expect(cost.at().picoUsd()).toBe(2n * most + 1_003n);
  expect(() => cost.at().addPicoUsd(-1n)).toThrow(RangeError);
});
