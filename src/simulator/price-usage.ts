import { findListedModel, type ListedModel, PICO_USD_PER_WEB_SEARCH, type PriceCard } from './price-list.ts';
import type { BilledPass, BilledUsage } from './simulator-types.ts';

/**
 * What a call costs, in pico-dollars, exact: each pass at its own model's card, then the web searches, which no
 * multiplier touches. Batch halves, `inference_geo: "us"` adds a tenth; both apply to every class of token.
 * @returns undefined when a pass names a model that is not in the price list.
 */
export function priceUsage(usage: BilledUsage): bigint | undefined {
  let total = usage.webSearches * PICO_USD_PER_WEB_SEARCH;
  for (const pass of usage.passes) {
    const model = findListedModel(pass.model);
    if (model === undefined) return undefined;
    total += pricePass(pass, model, usage);
  }
  return total;
}

function pricePass(pass: BilledPass, model: ListedModel, usage: BilledUsage): bigint {
  // The advisor is a call of its own, which the caller's speed is not said to reach.
  const card = chooseCard(pass, model, pass.kind === 'advisor_message' ? undefined : usage.speed);
  const base =
    pass.input * card.input +
    pass.cacheWrite5m * card.cacheWrite5m +
    pass.cacheWrite1h * card.cacheWrite1h +
    pass.cacheRead * card.cacheRead +
    pass.output * card.output;
  const percent = usage.inferenceGeo === 'us' ? model.usMultiplierPercent : 100n;
  const halves = usage.serviceTier === 'batch' ? 1n : 2n;
  // Prices are whole hundreds of pico-dollars, so 110 % and a half of them leave nothing over.
  return (base * percent * halves) / 200n;
}

function chooseCard(pass: BilledPass, model: ListedModel, speed: string | undefined): PriceCard {
  if (speed === 'fast' && model.fast !== undefined) return model.fast;
  const prompt = pass.input + pass.cacheWrite5m + pass.cacheWrite1h + pass.cacheRead;
  if (model.longPrompt !== undefined && prompt > model.longPrompt.abovePromptTokens) return model.longPrompt.card;
  return model.standard;
}

/** Pico-dollars rounded up to whole nano-dollars. */
export function roundUpToNanoUsd(picoUsd: bigint): bigint {
  return (picoUsd + 999n) / 1000n;
}
