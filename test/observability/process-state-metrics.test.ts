import { describe, expect, test } from 'vitest';
import { createTestMetrics, NOW_MS, scrape } from './metrics-fixtures.ts';

describe('what a process tells of itself', () => {
  test('open holds and the age of the oldest', async () => {
    let nowMs = NOW_MS;
    const metrics = createTestMetrics({ nowMs: () => nowMs });
    metrics.holdOpened('hold_1', nowMs);
    nowMs += 2_000;
    metrics.holdOpened('hold_2', nowMs);
    nowMs += 3_000;
    const holds = async () => {
      const samples = await scrape(metrics);
      return [samples.get('tollgate_holds_open'), samples.get('tollgate_hold_age_seconds')];
    };
    expect(await holds()).toEqual([2, 5]);
    metrics.holdClosed('hold_1');
    metrics.holdClosed('hold_1');
    expect(await holds()).toEqual([1, 3]);
    metrics.holdClosed('hold_2');
    expect(await holds()).toEqual([0, 0]);
  });

  test('the spool, asked at each scrape', async () => {
    const metrics = createTestMetrics();
    expect((await scrape(metrics)).get('tollgate_outbox_depth')).toBe(0);
    metrics.watchSpool(() => ({ entries: 4, oldestAtMs: NOW_MS - 61_500 }));
    const samples = await scrape(metrics);
    expect(samples.get('tollgate_outbox_depth')).toBe(4);
    expect(samples.get('tollgate_outbox_oldest_age_seconds')).toBe(61.5);
  });

  test('settles, refusals, streams, overhead, alerts and faults', async () => {
    const metrics = createTestMetrics();
    metrics.settleAnswered({ result: 'late', lagMs: 40, overageNanoUsd: 1_500_000_000n });
    metrics.admissionRefused('credit', 'account');
    metrics.admissionRefused('unknown_key');
    metrics.openStreams.inc();
    metrics.openStreams.inc();
    metrics.openStreams.dec();
    metrics.observeOverhead('admit', 2);
    metrics.usageMissing('interrupted');
    metrics.unpricedRequest('answered');
    metrics.storeFailed('settle');
    metrics.alertSent('webhook', 'abandoned');
    metrics.holdsReclaimed(3);
    metrics.requestForwarded({ route: 'count_tokens', status: 200, outcome: 'completed' });
    const samples = await scrape(metrics);
    expect(samples.get('tollgate_settle_total{result="late"}')).toBe(1);
    expect(samples.get('tollgate_settle_lag_seconds_sum')).toBe(0.04);
    expect(samples.get('tollgate_overspend_usd_total')).toBe(1.5);
    expect(samples.get('tollgate_admission_denied_total{reason="credit",scope="account"}')).toBe(1);
    expect(samples.get('tollgate_admission_denied_total{reason="unknown_key",scope="none"}')).toBe(1);
    expect(samples.get('tollgate_streams_active')).toBe(1);
    expect(samples.get('tollgate_overhead_seconds_sum{phase="admit"}')).toBe(0.002);
    expect(samples.get('tollgate_usage_missing_total{reason="interrupted"}')).toBe(1);
    expect(samples.get('tollgate_unpriced_requests_total{stage="answered"}')).toBe(1);
    expect(samples.get('tollgate_store_errors_total{op="settle"}')).toBe(1);
    expect(samples.get('tollgate_alerts_sent_total{channel="webhook",result="abandoned"}')).toBe(1);
    expect(samples.get('tollgate_holds_expired_total')).toBe(3);
    expect(
      samples.get('tollgate_requests_total{route="count_tokens",model="none",status_class="2xx",outcome="completed"}'),
    ).toBe(1);
  });

  test('the rate card in use, and only that one', async () => {
    const metrics = createTestMetrics();
    expect((await scrape(metrics)).has('tollgate_price_table_age_seconds')).toBe(false);
    metrics.rateCardLoaded({ version: '1', effectiveFromMs: 0, models: [] });
    metrics.rateCardLoaded({ version: '2', effectiveFromMs: NOW_MS - 90_000, models: [] });
    const samples = await scrape(metrics);
    expect([...samples.keys()].filter((key) => key.startsWith('tollgate_price_table_info'))).toEqual([
      'tollgate_price_table_info{version="2",effective_from="2026-11-21T11:58:30.000Z"}',
    ]);
    expect(samples.get('tollgate_price_table_age_seconds')).toBe(90);
  });

  test('closed label sets are there from the start, at zero', async () => {
    const samples = await scrape(createTestMetrics());
    expect(samples.get('tollgate_usage_missing_total{reason="completed"}')).toBe(0);
    expect(samples.get('tollgate_tokens_total{model="other",class="output"}')).toBe(0);
    expect(samples.get('tollgate_cost_usd_total{model="claude-haiku-5",class="input",tier="standard"}')).toBe(0);
    expect(samples.get('tollgate_overhead_seconds_count{phase="settle"}')).toBe(0);
    expect(samples.get('tollgate_overspend_usd_total')).toBe(0);
  });
});
