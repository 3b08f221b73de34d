// Goal: the bill of a batch is the sum of its items, and says what it stands on.
import { expect, test } from 'vitest';
import { createBatchBillSum } from '../../src/domain/batch-bill.ts';
import { LIST_MULTIPLIER } from '../../src/domain/multiplier.ts';
import type { Receipt, ReceiptLine } from '../../src/domain/receipt.ts';
import type { Settlement, SettlementDoubt } from '../../src/domain/settlement.ts';
import { makeUsage } from '../metering/metering-fixtures.ts';

function line(changes: Partial<ReceiptLine> = {}): ReceiptLine {
  return { model: 'claude-haiku-4-5', class: 'input', quantity: 100, picoUsdEach: 500_000n, ...changes };
}

/** An item with a receipt of these lines, of this amount in nano-dollars. */
function item(
  amountNanoUsd: bigint,
  lines: ReceiptLine[],
  { doubts = [], ...receipt }: Partial<Receipt> & { doubts?: SettlementDoubt[] } = {},
): Settlement {
  return {
    action: 'settle',
    amountNanoUsd,
    basis: doubts.length > 0 ? 'estimated' : 'reported',
    receipt: { amountNanoUsd, lines, rateCardVersion: 'of the item', ...receipt },
    usage: makeUsage(100, 0),
    tokens: 100n,
    doubts,
  };
}

function billOf(...settlements: Settlement[]) {
  const sum = createBatchBillSum('2026-11-20.1');
  for (const settlement of settlements) sum.add(settlement);
  return sum.bill();
}

test('a batch without a charge has a bill of nothing', () => {
  const nothing = {
    items: 0,
    estimatedItems: 0,
    tokens: 0n,
    receipt: { amountNanoUsd: 0n, lines: [], rateCardVersion: '2026-11-20.1' },
    roundingPicoUsd: 0n,
    doubts: [],
    traits: {},
  };
  expect(billOf()).toEqual(nothing);
  expect(billOf({ action: 'release', basis: 'none' })).toEqual(nothing);
});

test('items are added up, and lines of one model, class and price', () => {
  const bill = billOf(
    item(50_000n, [line()]),
    item(60_000n, [line({ quantity: 20 }), line({ class: 'output', quantity: 20, picoUsdEach: 2_500_000n })]),
  );
  expect(bill).toEqual({
    items: 2,
    estimatedItems: 0,
    tokens: 200n,
    receipt: {
      amountNanoUsd: 110_000n,
      lines: [line({ quantity: 120 }), line({ class: 'output', quantity: 20, picoUsdEach: 2_500_000n })],
      rateCardVersion: '2026-11-20.1',
    },
    roundingPicoUsd: 0n,
    doubts: [],
    traits: { serviceTier: 'standard', contextWindow: '0-200k', inferenceGeo: 'not_available', speed: 'standard' },
  });
});

test('what all items share is told, what they do not is not, and what caches saved is added up', () => {
  const far = item(1n, [line()], { cacheSavingsPicoUsd: 7n });
  if (far.action === 'settle') far.usage = { ...far.usage, inferenceGeo: 'us', serviceTier: 'batch' };
  const near = item(1n, [line()], { cacheSavingsPicoUsd: 5n });
  if (near.action === 'settle') near.usage = { ...near.usage, inferenceGeo: 'global', serviceTier: 'batch' };
  const { traits, receipt } = billOf(far, near, far);
  expect(traits).toEqual({ serviceTier: 'batch', contextWindow: '0-200k', speed: 'standard' });
  expect(receipt.cacheSavingsPicoUsd).toBe(19n);
});

test.each<[string, Partial<ReceiptLine>]>([
  ['another model', { model: 'claude-opus-5' }],
  ['another class', { class: 'output' }],
  ['another price', { picoUsdEach: 500_001n }],
  ['a price of the operator', { overridden: true }],
  ['the price of another model', { pricedAs: 'claude-opus-5' }],
])('a line of %s stays apart', (_what, changes) => {
  expect(billOf(item(1n, [line()]), item(1n, [line(changes)])).receipt.lines).toEqual([line(), line(changes)]);
});

test('the lines of the items are left as they were', () => {
  const first = line();
  billOf(item(1n, [first]), item(1n, [line()]));
  expect(first).toEqual(line());
});

test('what rounding added is what the amounts are above the lines', () => {
  // Each item is a tenth of a nano-dollar, rounded up.
  const tenth = item(1n, [line({ quantity: 1, picoUsdEach: 100n })]);
  expect(billOf(tenth, tenth, tenth).roundingPicoUsd).toBe(3_000n - 300n);
});

test('a multiplier is kept, and rounding is what is left after it', () => {
  // A quarter more: 125 pico-dollars of 100, and a part of one more is rounded up.
  const multiplier = (LIST_MULTIPLIER * 5n) / 4n;
  const more = item(1n, [line({ quantity: 1, picoUsdEach: 101n })], { multiplier });
  const { receipt, roundingPicoUsd } = billOf(more);
  expect(receipt.multiplier).toBe(multiplier);
  expect(roundingPicoUsd).toBe(874n);
  // A pico-dollar, times hardly less than one: what is left of a nano-dollar is hardly more than 999.
  const less = item(1n, [line({ quantity: 1, picoUsdEach: 1n })], { multiplier: LIST_MULTIPLIER - 1n });
  expect(billOf(less).roundingPicoUsd).toBe(1_000n);
  expect(billOf(item(1n, [line()], { multiplier: LIST_MULTIPLIER })).receipt).not.toHaveProperty('multiplier');
});

test('doubts and assumptions are named once each, and estimated items counted', () => {
  const bill = billOf(
    item(1n, [line()], { doubts: ['usage_missing'], assumptions: ['fast_in_batch'] }),
    item(1n, [line()], {
      doubts: ['usage_missing', 'answer_unpriced'],
      assumptions: ['fast_in_batch', 'unknown_speed'],
    }),
    item(1n, [line()]),
  );
  expect(bill).toMatchObject({ items: 3, estimatedItems: 2, doubts: ['usage_missing', 'answer_unpriced'] });
  expect(bill.receipt.assumptions).toEqual(['fast_in_batch', 'unknown_speed']);
  expect(billOf(item(1n, [line()], { assumptions: ['unknown_speed'] })).receipt.assumptions).toEqual(['unknown_speed']);
  expect(billOf(item(1n, [line()])).receipt).not.toHaveProperty('assumptions');
});
