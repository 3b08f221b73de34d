import { LIST_MULTIPLIER } from '../domain/multiplier.ts';
import type { PriceAssumption, Receipt } from '../domain/receipt.ts';
import { type CallUsage, USAGE_CLASSES, type UsageClass } from '../domain/usage.ts';
import {
  CHARGE_BASES,
  CUT_REASONS,
  type FinishedCall,
  OUTCOMES,
  type Outcome,
  ROUTES,
  type Route,
} from './finished-call.ts';
import { createGenAiMetrics } from './gen-ai-metrics.ts';
import type { MetricRegistry } from './metric-registry.ts';
import type { ModelLabels } from './model-label.ts';
import { createMoneyCounter } from './money-counter.ts';
import { createTeamMetrics } from './team-metrics.ts';

const PRICE_TIERS = ['standard', 'batch', 'fast'] as const;
const TOKEN_CLASSES = USAGE_CLASSES.filter((name) => name !== 'web_search');
const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

const PRICE_ASSUMPTIONS = [
  'fast_without_prices',
  'fast_in_batch',
  'unknown_speed',
  'geo_without_multiplier',
  'unknown_service_tier',
  'unknown_model',
] as const satisfies readonly PriceAssumption[];

const UPSTREAM_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];

export type { FinishedCall };

/** What a charge was, of a call or of the part of a batch that one hold pays. */
type ChargedCall = Pick<FinishedCall, 'requestId' | 'basis' | 'receipt' | 'heldNanoUsd'>;

export interface CallMetrics {
  /** Counts an admitted call that ended: request, tokens, cost, durations. */
  callFinished(call: FinishedCall): void;
  /** Counts what the part of a batch that one hold pays has cost. */
  batchCharged(charge: ChargedCall): void;
  /** Counts a request of a route that is not metered. */
  requestForwarded(request: { route: Exclude<Route, 'messages'>; status: number; outcome: Outcome }): void;
  /** Counts a request that was refused, as an answer; {@link AdmissionMetrics.admissionRefused} counts its reason. */
  requestRefused(request: { route: Route; model?: string; status: number }): void;
}

/** @param onTeamFold called each time a team had no series of its own for want of room. */
export function createCallMetrics(metrics: MetricRegistry, models: ModelLabels, onTeamFold: () => void): CallMetrics {
  const requests = createRequestCounter(metrics, models);
  const charges = createChargeMetrics(metrics, models);
  const timings = createTimingMetrics(metrics);
  const genAi = createGenAiMetrics(metrics, models);
  const teams = createTeamMetrics(metrics, onTeamFold);
  return {
    callFinished(call) {
      const model = models.find(call.model);
      requests.at('messages', model, statusClass(call.status), call.outcome).add(1);
      charges.observe(call, priceTier(call.usage));
      timings.observe(call);
      genAi.observe(call, model);
      teams.observe(call);
    },
    batchCharged: (charge) => charges.observe(charge, 'batch'),
    requestForwarded({ route, status, outcome }) {
      requests.at(route, 'none', statusClass(status), outcome).add(1);
    },
    requestRefused({ route, model, status }) {
      const label = model === undefined ? 'none' : models.find(model);
      requests.at(route, label, statusClass(status), 'refused').add(1);
    },
  };
}

function statusClass(status: number): (typeof STATUS_CLASSES)[number] {
  return STATUS_CLASSES[Math.floor(status / 100)] ?? 'none';
}

function createRequestCounter(metrics: MetricRegistry, models: ModelLabels) {
  return metrics.tallied({
    name: 'tollgate_requests_total',
    help: 'Requests answered on the public listener.',
    labels: { route: ROUTES, model: [...models.all, 'none'], status_class: STATUS_CLASSES, outcome: OUTCOMES },
    aggregation: 'sum',
    // Most of the combinations cannot happen; these are the ones that normally do.
    zeroes: models.all.map((model) => ({ route: 'messages', model, status_class: '2xx', outcome: 'completed' })),
  });
}

function createChargeMetrics(metrics: MetricRegistry, models: ModelLabels) {
  const tokens = metrics.tallied({
    name: 'tollgate_tokens_total',
    help: 'Tokens charged, by class of price.',
    labels: { model: models.all, class: TOKEN_CLASSES },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const searches = metrics.counter({
    name: 'tollgate_web_searches_total',
    help: 'Web searches charged.',
    labels: { model: models.all },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const cost = createMoneyCounter(metrics, {
    name: 'tollgate_cost_usd_total',
    help: 'Cost charged. The series add up to the ledger to the nano-dollar; the ledger is the bill.',
    labels: { model: models.all, class: USAGE_CLASSES, tier: PRICE_TIERS },
    aggregation: 'sum',
    zeroes: models.all.flatMap((model) => USAGE_CLASSES.map((name) => ({ model, class: name, tier: 'standard' }))),
  });
  const charged = metrics.tallied({
    name: 'tollgate_charged_calls_total',
    help: 'Admitted calls, and batches by model, that ended, by what their charge stands on.',
    labels: { basis: CHARGE_BASES },
    aggregation: 'sum',
    zeroes: 'all',
  });
  const estimate = metrics.histogram({
    name: 'tollgate_hold_estimate_error_ratio',
    help: 'Cost of a call over the credit that was held for it. Above 1 the hold was too small.',
    labels: {},
    aggregation: 'sum',
    buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2],
  });
  const assumptions = metrics.counter({
    name: 'tollgate_price_assumptions_total',
    help: 'Charges that the rate card had no price for: by the dearest rule known, or as set for unknown models.',
    labels: { assumption: PRICE_ASSUMPTIONS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    observe(call: ChargedCall, tier: (typeof PRICE_TIERS)[number]): void {
      charged.at(call.basis).add(1);
      if (call.receipt === undefined) return;
      for (const assumption of call.receipt.assumptions ?? []) assumptions.inc({ assumption });
      for (const share of shareCost(call.receipt)) {
        const model = models.find(share.model);
        if (share.class === 'web_search') searches.inc({ model }, share.quantity);
        else tokens.at(model, share.class).add(share.quantity);
        cost.at(model, share.class, tier).addPicoUsd(share.picoUsd);
      }
      if (call.heldNanoUsd === 0n) return;
      estimate.at().observeOf(Number(call.receipt.amountNanoUsd) / Number(call.heldNanoUsd), call.requestId);
    },
  };
}

function priceTier(usage: CallUsage | undefined): (typeof PRICE_TIERS)[number] {
  if (usage?.serviceTier === 'batch') return 'batch';
  return usage?.speed === 'fast' ? 'fast' : 'standard';
}

interface CostShare {
  model: string;
  class: UsageClass;
  quantity: number;
  picoUsd: bigint;
}

/**
 * Splits a receipt's amount over its lines. What is lost and won by rounding, about a nano-dollar, goes to the dearest
 * line, so that the shares add up to the amount exactly.
 */
export function shareCost({ amountNanoUsd, lines, multiplier = LIST_MULTIPLIER }: Receipt): CostShare[] {
  let rest = amountNanoUsd * 1000n;
  let dearest: CostShare | undefined;
  const shares = lines.map(({ model, class: usageClass, quantity, picoUsdEach }): CostShare => {
    const listed = picoUsdEach * BigInt(quantity);
    const picoUsd = multiplier === LIST_MULTIPLIER ? listed : (listed * multiplier) / LIST_MULTIPLIER;
    const share = { model, class: usageClass, quantity, picoUsd };
    rest -= picoUsd;
    if (dearest === undefined || picoUsd > dearest.picoUsd) dearest = share;
    return share;
  });
  if (dearest !== undefined) dearest.picoUsd += rest;
  return shares;
}

function createTimingMetrics(metrics: MetricRegistry) {
  const upstream = metrics.histogram({
    name: 'tollgate_upstream_duration_seconds',
    help: 'From sending a metered call upstream to the end of the answer.',
    labels: { outcome: OUTCOMES },
    aggregation: 'sum',
    buckets: UPSTREAM_BUCKETS_SECONDS,
  });
  const firstByte = metrics.histogram({
    name: 'tollgate_time_to_first_byte_seconds',
    help: "From sending a metered call upstream to the first byte of the answer's body.",
    labels: {},
    aggregation: 'sum',
    buckets: UPSTREAM_BUCKETS_SECONDS,
  });
  const cuts = metrics.counter({
    name: 'tollgate_stream_cut_total',
    help: 'Metered calls that did not come to their end, by reason.',
    labels: { reason: CUT_REASONS },
    aggregation: 'sum',
    zeroes: 'all',
  });
  return {
    observe(call: FinishedCall): void {
      if (call.upstreamMs !== undefined) upstream.at(call.outcome).observeOf(call.upstreamMs / 1000, call.requestId);
      if (call.timeToFirstByteMs !== undefined) firstByte.at().observeOf(call.timeToFirstByteMs / 1000, call.requestId);
      if (call.cutReason !== undefined) cuts.inc({ reason: call.cutReason });
    },
  };
}
