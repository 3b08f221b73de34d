import type { BatchHold, BatchRecord } from '../../directory/batch-record.ts';
import type { BatchBill } from '../../domain/batch-bill.ts';
import { formatPicoUsd } from '../../domain/money.ts';
import { formatMultiplier } from '../../domain/multiplier.ts';
import type { EntryDetails } from '../../ledger/ledger.ts';
import { describeLine, sumByClass } from '../describe-call.ts';
import { describeReportFacts } from '../describe-report-facts.ts';
import type { BatchTally } from './batch-tally.ts';

/** A journal entry's details are bounded. One model at five classes has five lines, or ten across regions. */
const RECEIPT_LINES_AT_MOST = 40;

/** What the journal keeps of the part of a batch that one hold pays: enough to explain it to the nano-dollar. */
export function describeBatch(
  record: BatchRecord,
  { counts }: BatchTally,
  hold: BatchHold,
  bill: BatchBill,
): EntryDetails {
  const { receipt, doubts, estimatedItems, roundingPicoUsd, traits } = bill;
  const details: EntryDetails = {
    request_id: record.requestId,
    batch_id: record.upstreamId,
    key_id: record.keyId,
    team_id: record.teamId,
    member_id: record.memberId,
    requested_model: hold.model,
    outcome: 'batch',
    adopted: record.isAdopted,
    started_at: new Date(record.createdAtMs).toISOString(),
    basis: basisOf(bill),
    model: hold.model,
    batch_items: counts,
    items: bill.items,
    estimated_items: estimatedItems > 0 ? estimatedItems : undefined,
    ...describeReportFacts(traits, receipt),
    tokens: sumByClass(receipt.lines),
    receipt: receipt.lines.slice(0, RECEIPT_LINES_AT_MOST).map(describeLine),
    rounding_usd: formatPicoUsd(roundingPicoUsd),
    rate_card_version: receipt.rateCardVersion,
    multiplier: receipt.multiplier === undefined ? undefined : formatMultiplier(receipt.multiplier),
    assumptions: receipt.assumptions,
    doubts: doubts.length > 0 ? doubts : undefined,
  };
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}

/** What the charge of one hold stands on. */
export function basisOf({ items, estimatedItems }: BatchBill): 'reported' | 'estimated' | 'none' {
  if (items === 0) return 'none';
  return estimatedItems > 0 ? 'estimated' : 'reported';
}
