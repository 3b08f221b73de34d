import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { USAGE_CLASSES } from '../../src/domain/usage.ts';
import { shareCost } from '../../src/observability/call-metrics.ts';
import { createTestMetrics, finishedCall, scrape, series } from './metrics-fixtures.ts';

describe('a call that ended', () => {
  test('is a request, its tokens, its cost and its times', async () => {
    const metrics = createTestMetrics();
    metrics.callFinished(finishedCall());
    const samples = await scrape(metrics);
    const model = 'model="claude-fable-5"';
    expect(
      samples.get(`tollgate_requests_total{route="messages",${model},status_class="2xx",outcome="completed"}`),
    ).toBe(1);
    expect(samples.get(`tollgate_tokens_total{${model},class="input"}`)).toBe(10);
    expect(samples.get(`tollgate_tokens_total{${model},class="output"}`)).toBe(57);
    expect(samples.get(`tollgate_cost_usd_total{${model},class="input",tier="standard"}`)).toBe(3e-8);
    expect(samples.get('tollgate_charged_calls_total{basis="reported"}')).toBe(1);
    expect(samples.get('tollgate_hold_estimate_error_ratio_sum')).toBe(0.5);
    expect(samples.get('tollgate_upstream_duration_seconds_sum{outcome="completed"}')).toBe(1.2);
    expect(samples.get('tollgate_time_to_first_byte_seconds_sum')).toBe(0.3);
  });

  test('is told in the names of OpenTelemetry, with cached input in the input', async () => {
    const metrics = createTestMetrics();
    metrics.callFinished(finishedCall());
    const samples = await scrape(metrics);
    const labels =
      'gen_ai_operation_name="chat",gen_ai_provider_name="anthropic",gen_ai_request_model="claude-fable-5"';
    const usage = (name: string) =>
      samples.get(`gen_ai_client_inference_usage_${name}_total{${labels},gen_ai_token_modality="unknown"}`);
    expect(usage('input_tokens')).toBe(130);
    expect(usage('output_tokens')).toBe(57);
    expect(usage('cache_read_input_tokens')).toBe(100);
    expect(usage('cache_write_input_tokens')).toBe(20);
    expect(samples.get(`gen_ai_client_operation_duration_seconds_sum{${labels},error_type=""}`)).toBe(1.25);
    expect(samples.get(`gen_ai_client_token_usage_sum{${labels},gen_ai_token_type="input"}`)).toBe(130);
  });

  test('that was cut has a reason, and one that charged nothing costs nothing', async () => {
    const metrics = createTestMetrics();
    metrics.callFinished(
      finishedCall({
        outcome: 'not_sent',
        status: 502,
        cutReason: 'upstream_unreachable',
        basis: 'none',
        receipt: undefined,
      }),
    );
    const samples = await scrape(metrics);
    expect(samples.get('tollgate_stream_cut_total{reason="upstream_unreachable"}')).toBe(1);
    expect(samples.get('tollgate_charged_calls_total{basis="none"}')).toBe(1);
    const costs = [...samples].filter(([key]) => key.startsWith('tollgate_cost_usd_total'));
    expect(costs.every(([, value]) => value === 0)).toBe(true);
  });

  test('counts web searches apart from tokens', async () => {
    const metrics = createTestMetrics();
    const lines = [
      { model: 'claude-haiku-5', class: 'web_search', quantity: 3, picoUsdEach: 10_000_000_000n },
    ] as const;
    metrics.callFinished(
      finishedCall({ receipt: { amountNanoUsd: 30_000_000n, rateCardVersion: '1', lines: [...lines] } }),
    );
    expect(await series(metrics, 'tollgate_web_searches_total')).toMatchObject({ '{model="claude-haiku-5"}': 3 });
    expect(await series(metrics, 'tollgate_tokens_total')).not.toHaveProperty(
      '{model="claude-haiku-5",class="web_search"}',
    );
    const cost = await series(metrics, 'tollgate_cost_usd_total');
    expect(cost['{model="claude-haiku-5",class="web_search",tier="standard"}']).toBe(0.03);
  });

  test('a price that had to be assumed is counted', async () => {
    const metrics = createTestMetrics();
    const call = finishedCall();
    const receipt = { ...call.receipt!, assumptions: ['fast_in_batch' as const] };
    metrics.callFinished({ ...call, receipt });
    expect(await series(metrics, 'tollgate_price_assumptions_total')).toMatchObject({
      '{assumption="fast_in_batch"}': 1,
    });
  });
});

describe('models', () => {
  test('are labels by the id of the rate card, whatever name they went by', () => {
    const { modelLabel } = createTestMetrics();
    expect(modelLabel('claude-fable-5')).toBe('claude-fable-5');
    expect(modelLabel('claude-fable-5-20261001')).toBe('claude-fable-5');
    expect(modelLabel('gpt-5')).toBe('other');
    expect(modelLabel('__proto__')).toBe('other');
    expect(modelLabel('constructor')).toBe('other');
  });

  test('that strangers make up add no series', async () => {
    const metrics = createTestMetrics();
    metrics.callFinished(finishedCall({ model: 'first-stranger' }));
    const before = (await scrape(metrics)).size;
    for (let n = 0; n < 1_000; n += 1) {
      metrics.callFinished(finishedCall({ model: `stranger-${n}"} 1\ntollgate_evil{x="` }));
      metrics.requestRefused({ route: 'messages', model: `refused-${n}`, status: 400 });
    }
    const samples = await scrape(metrics);
    // One series more: the refused requests, all together.
    expect(samples.size).toBe(before + 1);
    expect(samples.get('tollgate_metric_series_folded_total{label="model"}')).toBe(2_001);
    expect([...samples.keys()].join()).not.toContain('stranger');
  });
});

describe('cost', () => {
  test('any receipt is split over its lines to the last pico-dollar', () => {
    const line = fc.record({
      model: fc.constantFrom('a', 'b'),
      class: fc.constantFrom(...USAGE_CLASSES),
      quantity: fc.nat(2_000_000),
      picoUsdEach: fc.bigInt(0n, 100_000_000n),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const exact = lines.reduce((sum, each) => sum + each.picoUsdEach * BigInt(each.quantity), 0n);
        const amountNanoUsd = (exact + 999n) / 1_000n;
        const shares = shareCost({ amountNanoUsd, lines, rateCardVersion: '1' });
        const total = shares.reduce((sum, share) => sum + share.picoUsd, 0n);
        expect(total).toBe(lines.length === 0 ? 0n : amountNanoUsd * 1_000n);
        expect(shares.every((share) => share.picoUsd >= 0n)).toBe(true);
      }),
    );
  });

  test('does not drift over many small calls', async () => {
    const metrics = createTestMetrics();
    const lines = [{ model: 'claude-haiku-5', class: 'input' as const, quantity: 1, picoUsdEach: 100_000n }];
    const call = finishedCall({ receipt: { amountNanoUsd: 100n, rateCardVersion: '1', lines } });
    for (let n = 0; n < 100_000; n += 1) metrics.callFinished(call);
    const cost = await series(metrics, 'tollgate_cost_usd_total');
    expect(cost['{model="claude-haiku-5",class="input",tier="standard"}']).toBe(0.01);
  });
});
