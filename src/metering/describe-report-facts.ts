import type { CallTraits } from '../domain/call-traits.ts';
import { formatUsd } from '../domain/money.ts';
import { LIST_MULTIPLIER } from '../domain/multiplier.ts';
import type { Receipt } from '../domain/receipt.ts';

export interface ReportFacts {
  service_tier: string | undefined;
  context_window: string | undefined;
  inference_geo: string | undefined;
  speed: string | undefined;
  cache_savings_usd: string | undefined;
}

/** What reports group calls by beside the model, and what reading from a cache saved, rounded down; nothing: left out. */
export function describeReportFacts(traits: Partial<CallTraits>, receipt: Receipt): ReportFacts {
  const { cacheSavingsPicoUsd = 0n, multiplier = LIST_MULTIPLIER } = receipt;
  const savedNanoUsd =
    cacheSavingsPicoUsd === 0n ? 0n : (cacheSavingsPicoUsd * multiplier) / (LIST_MULTIPLIER * 1_000n);
  return {
    service_tier: traits.serviceTier,
    context_window: traits.contextWindow,
    inference_geo: traits.inferenceGeo,
    speed: traits.speed,
    cache_savings_usd: savedNanoUsd === 0n ? undefined : formatUsd(savedNanoUsd),
  };
}
