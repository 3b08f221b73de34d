import type { BatchHold, BatchRecord } from '../../directory/batch-record.ts';
import type { BatchBill } from '../../domain/batch-bill.ts';
import { formatUsd } from '../../domain/money.ts';
import type { RateCard } from '../../domain/rate-card.ts';
import { type LedgerWrite, nameLedgerWrite } from '../ledger-write.ts';
import { sendLedgerWrite } from '../send-ledger-write.ts';
import type { BatchParts } from './batch-parts.ts';
import type { BatchTally } from './batch-tally.ts';
import { basisOf, describeBatch } from './describe-batch.ts';
import { withCount } from './with-count.ts';

/** The ledger did not answer to every settle of a batch: they are to be sent again. */
export class BatchNotCharged extends Error {
  readonly code = 'BATCH_NOT_CHARGED';
  override readonly name = 'BatchNotCharged';
}

/** The card as the account pays it, with the terms it has now; the loaded card where the account is gone. */
export async function readBatchCard({ directory, priceBook }: BatchParts, record: BatchRecord): Promise<RateCard> {
  const account = await directory.findAccount(record.accountId);
  return account === undefined ? priceBook.card() : priceBook.cardOf(account);
}

/**
 * Charges a batch: one settle per hold, which gives the rest of it back. The record is the queue: it stays unsettled
 * until the ledger has answered to all of them, and a settle sent again changes nothing.
 * @throws {@link BatchNotCharged}, and what the registry throws.
 */
export async function chargeBatch(
  parts: BatchParts,
  record: BatchRecord & { upstreamId: string },
  tally: BatchTally,
  by: 'client' | 'poller',
): Promise<void> {
  // The other way of reading the results was there first.
  if ((await parts.stored.findBatch(record.upstreamId))?.state === 'settled') return;
  const endedAtMs = parts.timers.nowMs();
  for (const { hold, bill } of tally.bills) {
    const write = settleOf(record, tally, hold, bill, endedAtMs);
    if (!(await sendLedgerWrite(parts, write))) throw new BatchNotCharged(nameLedgerWrite(write));
  }
  await parts.stored.settleBatch({ ...record, state: 'settled' });
  report(parts, record, tally, by);
}

function settleOf(
  record: BatchRecord,
  tally: BatchTally,
  hold: BatchHold,
  bill: BatchBill,
  endedAtMs: number,
): LedgerWrite {
  const command = {
    accountId: record.accountId,
    holdId: hold.holdId,
    amountNanoUsd: bill.receipt.amountNanoUsd,
    tokens: bill.tokens,
    modelLabels: hold.modelLabels,
    // As with calls, what was not served is not counted.
    cells: hold.cells.map((cell) => withCount(cell, bill.items)),
    details: describeBatch(record, tally, hold, bill),
  };
  return { kind: 'settle', command, endedAtMs };
}

/** Told once per batch as a rule, and again where a process died between the last settle and its note of it. */
function report(
  { metrics, logger }: BatchParts,
  record: BatchRecord,
  { counts, results, bills }: BatchTally,
  by: 'client' | 'poller',
): void {
  metrics.batchResults(counts);
  let totalNanoUsd = 0n;
  for (const { hold, bill } of bills) {
    totalNanoUsd += bill.receipt.amountNanoUsd;
    const { requestId } = record;
    metrics.batchCharged({ requestId, basis: basisOf(bill), receipt: bill.receipt, heldNanoUsd: hold.amountNanoUsd });
    if (bill.doubts.includes('usage_missing')) metrics.usageMissing('completed');
    if (bill.doubts.includes('usage_absurd')) metrics.usageMissing('unreadable');
    if (bill.doubts.includes('answer_unpriced')) metrics.unpricedRequest('answered');
  }
  const line = {
    event: 'batch',
    batch_id: record.upstreamId,
    request_id: record.requestId,
    account_id: record.accountId,
    key_id: record.keyId,
    items: counts,
    charged_by: by,
    cost_usd: formatUsd(totalNanoUsd),
  };
  logger.info(line, 'a batch was charged');
  if (results !== record.items)
    logger.error({ ...line, expected: record.items }, 'a batch has not as many results as items');
}
