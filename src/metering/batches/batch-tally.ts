import { type BatchResult, createBatchResultsReader } from '../../anthropic/batch-results-reader.ts';
import type { BatchHold, BatchRecord } from '../../directory/batch-record.ts';
import { assumeUnknownModels } from '../../domain/assume-unknown-models.ts';
import { type BatchBill, type BatchBillSum, createBatchBillSum } from '../../domain/batch-bill.ts';
import { findModel, type ModelCard, type RateCard } from '../../domain/rate-card.ts';
import { type BatchItemTerms, settleBatchItem } from '../../domain/settle-batch-item.ts';
import { createCustomIdsDigest } from './custom-ids-digest.ts';

export const BATCH_RESULT_TYPES = ['succeeded', 'errored', 'canceled', 'expired', 'other'] as const;
export type BatchResultType = (typeof BATCH_RESULT_TYPES)[number];

/** What the results of a batch come to. */
export interface BatchTally {
  results: number;
  counts: { readonly [type in BatchResultType]: number };
  /** As in {@link BatchRecord}. */
  customIdsDigest: string;
  /** One per hold, in the order of the record's. */
  bills: { hold: BatchHold; bill: BatchBill }[];
}

/** Reads results as they pass and adds them up. */
export interface BatchTallySum {
  push(chunk: Uint8Array): void;
  /** After the last byte. */
  end(): BatchTally;
}

interface Share {
  hold: BatchHold;
  terms: BatchItemTerms;
  sum: BatchBillSum;
}

/**
 * Items that succeeded cost what their usage says, others nothing. An item is charged to the hold of the model that
 * answered it; where no item asked for that one (a fallback), to the first hold.
 * @param ownCard as the batch's account pays it.
 */
export function createBatchTally(record: BatchRecord, ownCard: RateCard): BatchTallySum {
  const card = assumeUnknownModels(
    ownCard,
    record.holds.map(({ model }) => model),
  );
  const shares = record.holds.map((hold) => createShare(record, hold, card));
  const counts = { succeeded: 0, errored: 0, canceled: 0, expired: 0, other: 0 };
  const digest = createCustomIdsDigest();
  let results = 0;
  const reader = createBatchResultsReader((result) => {
    results += 1;
    if (result.customId !== undefined) digest.add(result.customId);
    counts[countedAs(result)] += 1;
    if (!isCharged(result)) return;
    const share = findShare(shares, card, result);
    share?.sum.add(settleBatchItem(share.terms, result.reported));
  });
  return {
    push: (chunk) => reader.push(chunk),
    end() {
      reader.end();
      const bills = shares.map(({ hold, sum }) => ({ hold, bill: sum.bill() }));
      return { results, counts, customIdsDigest: digest.digest(), bills };
    },
  };
}

function createShare({ createdAtMs }: BatchRecord, hold: BatchHold, card: RateCard): Share {
  const items = Math.max(1, hold.items);
  const terms = {
    model: findModel(card, hold.model) ?? modelWithoutPrices(hold, card),
    card,
    atMs: createdAtMs,
    heldNanoUsd: hold.amountNanoUsd / BigInt(items),
    promptBytes: Math.ceil(hold.promptBytes / items),
  };
  return { hold, terms, sum: createBatchBillSum(card.version) };
}

/** The card has lost the model since. What it cost is estimated by the dearest of the card, rather than not at all. */
function modelWithoutPrices({ model }: BatchHold, card: RateCard): ModelCard {
  const [first] = card.models;
  if (first === undefined) throw new Error(`the rate card has no models, and no price for ${model}`);
  const price = (one: ModelCard): bigint => one.prices[0]?.rates.output ?? 0n;
  return card.models.reduce((dearest, one) => (price(one) > price(dearest) ? one : dearest), first);
}

function countedAs({ type }: BatchResult): BatchResultType {
  return BATCH_RESULT_TYPES.find((each) => each === type) ?? 'other';
}

/** A line that cannot be read may be one of a success: what it cost is unknown, which is not nothing. */
function isCharged({ type, reported }: BatchResult): boolean {
  return type === undefined || type === 'succeeded' || reported.usage !== undefined;
}

function findShare(shares: readonly Share[], card: RateCard, { model, reported }: BatchResult): Share | undefined {
  const name = model ?? reported.usage?.model ?? '';
  const id = findModel(card, name)?.id ?? name;
  return shares.find(({ hold }) => hold.model === id) ?? shares[0];
}
