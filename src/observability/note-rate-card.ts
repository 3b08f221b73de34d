import { findNewestPricesMs } from '../domain/newest-prices.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { HealthMetrics } from './health-metrics.ts';

/** Tells the metrics which rate card is in force. */
export function noteRateCard(metrics: Pick<HealthMetrics, 'rateCardLoaded'>, card: RateCard, nowMs: number): void {
  const effectiveFromMs = findNewestPricesMs(card, nowMs);
  metrics.rateCardLoaded({ version: card.version, effectiveFromMs, models: card.models });
}
