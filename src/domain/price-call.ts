import { larger } from './money.ts';
import { LIST_MULTIPLIER, multiplyToNanoUsd } from './multiplier.ts';
import { findPassRates, type PassRates } from './pass-rates.ts';
import { findModel, type ModelCard, type RateCard, type TokenRates } from './rate-card.ts';
import type { PriceAssumption, Receipt, ReceiptLine } from './receipt.ts';
import type { CallUsage, TokenUsage, UsageClass, UsagePass } from './usage.ts';

export type PricedCall = { priced: true; receipt: Receipt } | { priced: false; model: string };

const TOKEN_CLASSES: readonly [UsageClass, keyof TokenUsage & keyof TokenRates][] = [
  ['input', 'input'],
  ['cache_write_5m', 'cacheWrite5m'],
  ['cache_write_1h', 'cacheWrite1h'],
  ['cache_read', 'cacheRead'],
  ['output', 'output'],
];

/**
 * Prices a call by the rates in force at an instant (ms since 1970): every class at its rate, the sum times the
 * card's multiplier, exact, with one rounding up to whole nano-dollars at the end.
 * @returns the receipt, or the model of the first pass that the card has no prices for. Nothing is then charged here:
 * the caller decides what an unpriced answer costs.
 */
export function priceCall(card: RateCard, usage: CallUsage, atMs: number): PricedCall {
  const lines: ReceiptLine[] = [];
  const assumptions = new Set<PriceAssumption>();
  let savedPicoUsd = 0n;
  for (const pass of usage.passes) {
    const model = findModel(card, pass.model) ?? card.unknownModel;
    const found = model === undefined ? undefined : findPassRates(card, model, usage, pass, atMs);
    if (model === undefined || found === undefined) return { priced: false, model: pass.model };
    if (!isBilled(card, pass)) continue;
    for (const assumption of found.assumptions) assumptions.add(assumption);
    if (model.pricedAs !== undefined) assumptions.add('unknown_model');
    const own = passLines(pass, model, found);
    lines.push(...own);
    savedPicoUsd += savingsOf(own, found);
  }
  const searches = wholeCount(usage.webSearches);
  if (searches > 0)
    lines.push({ model: usage.model, class: 'web_search', quantity: searches, picoUsdEach: card.webSearchPicoUsd });
  const receipt: Receipt = { amountNanoUsd: totalNanoUsd(card, lines), lines, rateCardVersion: card.version };
  if (card.multiplier !== LIST_MULTIPLIER) receipt.multiplier = card.multiplier;
  if (savedPicoUsd > 0n) receipt.cacheSavingsPicoUsd = savedPicoUsd;
  if (assumptions.size > 0) receipt.assumptions = [...assumptions];
  return { priced: true, receipt };
}

function passLines(pass: UsagePass, { pricedAs }: ModelCard, { rates, overridden }: PassRates): ReceiptLine[] {
  return TOKEN_CLASSES.map(([usageClass, name]) => ({
    model: pass.model,
    class: usageClass,
    quantity: wholeCount(pass.tokens[name]),
    picoUsdEach: rates[name],
    ...(overridden ? { overridden } : {}),
    ...(pricedAs === undefined ? {} : { pricedAs }),
  })).filter((line) => line.quantity > 0);
}

function savingsOf(lines: readonly ReceiptLine[], { rates }: PassRates): bigint {
  const read = lines.find((line) => line.class === 'cache_read');
  return BigInt(read?.quantity ?? 0) * larger(0n, rates.input - rates.cacheRead);
}

/**
 * A refusal before any output is reported with its input tokens and yet billed only in some categories.
 * Source: the API's page on refusals and fallback, since September 2026.
 */
function isBilled(card: RateCard, pass: UsagePass): boolean {
  if (pass.refusal?.beforeOutput !== true) return true;
  return pass.refusal.category !== undefined && card.billedRefusalCategories.has(pass.refusal.category);
}

/** Only what is above zero makes a line: the last guard against a charge below zero or not a number. */
function wholeCount(count: number): number {
  return Math.min(Math.ceil(count), Number.MAX_SAFE_INTEGER);
}

function totalNanoUsd(card: RateCard, lines: readonly ReceiptLine[]): bigint {
  const pico = lines.reduce((sum, line) => sum + BigInt(line.quantity) * line.picoUsdEach, 0n);
  return multiplyToNanoUsd(pico, card.multiplier);
}
