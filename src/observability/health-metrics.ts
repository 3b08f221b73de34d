import { collectDefaultMetrics } from 'prom-client';
import type { MetricRegistry } from './metric-registry.ts';
import type { ModelLabels, NamedModel } from './model-label.ts';
import type { SpanResult } from './traces/trace-exporter.ts';

export const ALERT_CHANNELS = ['webhook', 'slack', 'teams', 'email', 'log'] as const;
export type AlertChannel = (typeof ALERT_CHANNELS)[number];
/** `failed`: an attempt that will be repeated. `abandoned`: the last attempt; the alert stays in the delivery log. */
export const ALERT_RESULTS = ['delivered', 'failed', 'abandoned'] as const;
export type AlertResult = (typeof ALERT_RESULTS)[number];

export const FOLDED_LABELS = ['model', 'account', 'quota', 'team'] as const;
export type FoldedLabel = (typeof FOLDED_LABELS)[number];

/** What the upstream holds against the operator, who alone can mend it. */
export const UPSTREAM_REFUSALS = ['upstream_credit', 'upstream_credential'] as const;
export type UpstreamRefusal = (typeof UPSTREAM_REFUSALS)[number];

export interface RateCardFacts {
  version: string;
  /** The instant from which its newest prices hold. */
  effectiveFromMs: number;
  /** Models that are to have a label of their own from now on. */
  models: Iterable<NamedModel>;
}

export interface HealthMetrics {
  alertSent(channel: AlertChannel, result: AlertResult): void;
  /** The upstream refused a request for a reason that only the operator can mend. */
  upstreamRefused(reason: UpstreamRefusal): void;
  /** Spans of traces were taken by their receiver, or given up. */
  spansSent(result: SpanResult, count: number): void;
  /** The rate card in use, at start and at each reload. */
  rateCardLoaded(card: RateCardFacts): void;
}

export function createHealthMetrics(
  metrics: MetricRegistry,
  labels: Pick<ModelLabels, 'add'>,
  nowMs: () => number,
): HealthMetrics {
  const sent = metrics.counter({
    name: 'tollgate_alerts_sent_total',
    help: 'Attempts to deliver alerts to people.',
    labels: { channel: ALERT_CHANNELS, result: ALERT_RESULTS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const refused = metrics.counter({
    name: 'tollgate_upstream_refusals_total',
    help: "Requests that the upstream refused because of the operator's own credit or key.",
    labels: { reason: UPSTREAM_REFUSALS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const spans = metrics.counter({
    name: 'tollgate_trace_spans_total',
    help: 'Spans of calls taken by the receiver of traces, or given up. Nothing where no receiver is set.',
    labels: { result: ['exported', 'dropped'] },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    alertSent: (channel, result) => sent.inc({ channel, result }),
    spansSent: (result, count) => spans.inc({ result }, count),
    upstreamRefused: (reason) => refused.inc({ reason }),
    rateCardLoaded: createRateCardMetrics(metrics, labels, nowMs),
  };
}

function createRateCardMetrics(
  metrics: MetricRegistry,
  labels: Pick<ModelLabels, 'add'>,
  nowMs: () => number,
): HealthMetrics['rateCardLoaded'] {
  let current: RateCardFacts | undefined;
  const info = metrics.gauge({
    name: 'tollgate_price_table_info',
    help: 'The rate card in use. Always 1.',
    labels: { version: { atMost: 1 }, effective_from: { atMost: 1 } },
    aggregation: 'max',
  });
  const age = metrics.gauge(
    {
      name: 'tollgate_price_table_age_seconds',
      help: 'Time since the newest prices of the rate card took effect.',
      labels: {},
      aggregation: 'max',
    },
    () => {
      if (current === undefined) age.remove();
      else age.set((nowMs() - current.effectiveFromMs) / 1000);
    },
  );
  return (card) => {
    current = card;
    labels.add(card.models);
    info.reset();
    info.set({ version: card.version, effective_from: new Date(card.effectiveFromMs).toISOString() }, 1);
  };
}

/** Counts label values that got no series of their own. */
export function createFoldCounter(metrics: MetricRegistry): (label: FoldedLabel) => void {
  const folded = metrics.counter({
    name: 'tollgate_metric_series_folded_total',
    help: 'Times a label value was folded into "other" (model), or left without series for want of room (account, quota), or under other (team).',
    labels: { label: FOLDED_LABELS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return (label) => folded.inc({ label });
}

/** The standard metrics whose names promtool objects to (a gauge called `_total`, a type in a name): left out. */
const MISNAMED_METRICS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** The library samples utilization on a timer of its own; its two metrics are left out, so the timer is put to rest. */
const NEVER_MS = 2_147_483_647;

/** The client library's standard `process_*` and `nodejs_*` metrics, event loop lag among them. */
export function collectProcessMetrics(metrics: MetricRegistry): void {
  collectDefaultMetrics({ register: metrics.registry, eventLoopUtilizationTimeout: NEVER_MS });
  for (const name of MISNAMED_METRICS) metrics.registry.removeSingleMetric(name);
}
