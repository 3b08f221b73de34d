import type { RateCard } from './rate-card.ts';

/** Since when the newest prices in force hold, in milliseconds since the epoch; 0 where none is in force. */
export function findNewestPricesMs(rateCard: RateCard, atMs: number): number {
  const starts = rateCard.models.flatMap(({ prices }) => prices.map(({ fromMs }) => fromMs));
  return Math.max(0, ...starts.filter((fromMs) => fromMs <= atMs));
}
