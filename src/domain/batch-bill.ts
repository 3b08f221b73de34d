import { type CallTraits, findCallTraits } from './call-traits.ts';
import type { NanoUsd } from './money.ts';
import { LIST_MULTIPLIER } from './multiplier.ts';
import type { PriceAssumption, Receipt, ReceiptLine } from './receipt.ts';
import type { Settlement, SettlementDoubt } from './settlement.ts';

/** What the charged items under one hold of a batch come to. Each was rounded up by itself, as the API bills it. */
export interface BatchBill {
  /** Items that were charged. */
  items: number;
  /** Those of them whose figures are at least in part a guess. */
  estimatedItems: number;
  tokens: bigint;
  /** Its amount is the sum of the items' own; its lines are added up by model, class and price. */
  receipt: Receipt;
  /** What rounding each item up added to the lines, times the multiplier: in pico-dollars, itself rounded up. */
  roundingPicoUsd: bigint;
  doubts: SettlementDoubt[];
  /** Those that all items share. */
  traits: Partial<CallTraits>;
}

/** Adds up a bill, item by item. */
export interface BatchBillSum {
  add(settlement: Settlement): void;
  bill(): BatchBill;
}

/** @param rateCardVersion of the card that prices the items, and stands on a bill without any. */
export function createBatchBillSum(rateCardVersion: string): BatchBillSum {
  const lines = new Map<string, ReceiptLine>();
  const doubts = new Set<SettlementDoubt>();
  const assumptions = new Set<PriceAssumption>();
  let multiplier = LIST_MULTIPLIER;
  let amountNanoUsd: NanoUsd = 0n;
  let tokens = 0n;
  let items = 0;
  let savedPicoUsd = 0n;
  let traits: Partial<CallTraits> | undefined;
  let estimatedItems = 0;
  return {
    add(settlement) {
      if (settlement.action === 'release') return;
      const { receipt } = settlement;
      items += 1;
      amountNanoUsd += receipt.amountNanoUsd;
      tokens += settlement.tokens;
      if (settlement.basis === 'estimated') estimatedItems += 1;
      multiplier = receipt.multiplier ?? LIST_MULTIPLIER;
      savedPicoUsd += receipt.cacheSavingsPicoUsd ?? 0n;
      traits = keepShared(traits, findCallTraits(settlement.usage));
      for (const line of receipt.lines) addLine(lines, line);
      for (const doubt of settlement.doubts) doubts.add(doubt);
      for (const assumption of receipt.assumptions ?? []) assumptions.add(assumption);
    },
    bill() {
      const receipt: Receipt = { amountNanoUsd, lines: [...lines.values()], rateCardVersion };
      if (multiplier !== LIST_MULTIPLIER) receipt.multiplier = multiplier;
      if (savedPicoUsd > 0n) receipt.cacheSavingsPicoUsd = savedPicoUsd;
      if (assumptions.size > 0) receipt.assumptions = [...assumptions];
      const roundingPicoUsd = findRounding(receipt);
      return { items, estimatedItems, tokens, receipt, roundingPicoUsd, doubts: [...doubts], traits: traits ?? {} };
    },
  };
}

function keepShared(known: Partial<CallTraits> | undefined, added: CallTraits): Partial<CallTraits> {
  const entries = Object.entries(added) as [keyof CallTraits, string][];
  return Object.fromEntries(entries.filter(([name, value]) => known === undefined || known[name] === value));
}

function addLine(lines: Map<string, ReceiptLine>, line: ReceiptLine): void {
  const name = `${line.model} ${line.class} ${line.picoUsdEach} ${line.overridden} ${line.pricedAs}`;
  const present = lines.get(name);
  if (present === undefined) lines.set(name, { ...line });
  else present.quantity += line.quantity;
}

function findRounding({ amountNanoUsd, lines, multiplier = LIST_MULTIPLIER }: Receipt): bigint {
  const exact = lines.reduce((sum, line) => sum + BigInt(line.quantity) * line.picoUsdEach, 0n) * multiplier;
  return (amountNanoUsd * 1_000n * LIST_MULTIPLIER - exact + LIST_MULTIPLIER - 1n) / LIST_MULTIPLIER;
}
