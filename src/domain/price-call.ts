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
  const assumptions: PriceAssumption[] = [];
  let savedPicoUsd = 0n;
  for (const pass of usage.passes) {
    const model = findModel(card, pass.model) ?? card.unknownModel;
    const found = model === undefined ? undefined : findPassRates(card, model, usage, pass, atMs);
    if (model === undefined || found === undefined) return { priced: false, model: pass.model };
    if (!isBilled(card, pass)) continue;
    for (const assumption of found.assumptions) assumptions.push(assumption);
    if (model.pricedAs !== undefined) assumptions.push('unknown_model');
    addLines(lines, pass, model, found);
    savedPicoUsd += savingsOf(pass, found);
  }
  const searches = wholeCount(usage.webSearches);
  if (searches > 0)
    lines.push({ model: usage.model, class: 'web_search', quantity: searches, picoUsdEach: card.webSearchPicoUsd });
  const receipt: Receipt = { amountNanoUsd: totalNanoUsd(card, lines), lines, rateCardVersion: card.version };
  if (card.multiplier !== LIST_MULTIPLIER) receipt.multiplier = card.multiplier;
  if (savedPicoUsd > 0n) receipt.cacheSavingsPicoUsd = savedPicoUsd;
  if (assumptions.length > 0) receipt.assumptions = [...new Set(assumptions)];
  return { priced: true, receipt };
}

function addLines(
  lines: ReceiptLine[],
  { model, tokens }: UsagePass,
  { pricedAs }: ModelCard,
  { rates, overridden }: PassRates,
): void {
  for (const [usageClass, name] of TOKEN_CLASSES) {
    const quantity = wholeCount(tokens[name]);
    if (!(quantity > 0)) continue;
    const line: ReceiptLine = { model, class: usageClass, quantity, picoUsdEach: rates[name] };
    if (overridden) line.overridden = true;
    if (pricedAs !== undefined) line.pricedAs = pricedAs;
    lines.push(line);
  }
}

function savingsOf({ tokens }: UsagePass, { rates }: PassRates): bigint {
  const read = wholeCount(tokens.cacheRead);
  return read > 0 ? BigInt(read) * larger(0n, rates.input - rates.cacheRead) : 0n;
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
  let pico = 0n;
  for (const line of lines) pico += BigInt(line.quantity) * line.picoUsdEach;
  return multiplyToNanoUsd(pico, card.multiplier);
}
