import type { BatchRecord } from '../../directory/batch-record.ts';
import type { Principal } from '../../directory/directory.ts';
import { type BatchAdmission, type BatchSum, createBatchAdmission } from './batch-admission.ts';
import type { BatchParts } from './batch-parts.ts';
import { type BatchTally, type BatchTallySum, createBatchTally } from './batch-tally.ts';
import { nextLookMs, placedAtMs } from './batch-times.ts';
import type { BatchUpstream } from './batch-upstream.ts';
import { chargeBatch, readBatchCard } from './charge-batch.ts';
import { adoptBatch, type BatchLook, collectBatch } from './collect-batch.ts';
import { type PlacedBatch, placeBatch } from './place-batch.ts';
import { releaseBatch } from './release-batch.ts';

export type OpenBatch = BatchRecord & { upstreamId: string };

/** Message Batches, from admission to the charge of their results. All of it throws what the stores throw. */
export interface BatchMeter {
  /** Takes the items of a new batch, one by one. */
  admit(principal: Principal, options: { longOutput: boolean }): BatchAdmission;
  /** Holds what the batch can cost: from here on it is looked after, whatever becomes of this process. */
  place(principal: Principal, requestId: string, sum: BatchSum): Promise<PlacedBatch>;
  /** The API has taken it, under this id. */
  opened(record: BatchRecord, upstreamId: string): Promise<void>;
  /** The API has said no: nothing of it exists there. */
  refused(record: BatchRecord): Promise<void>;
  /** Begins to read results on their way to a client. */
  tally(record: BatchRecord): Promise<BatchTallySum>;
  /** Charges what a client's results came to. Short ones are left to the poller. */
  chargePassed(record: OpenBatch, tally: BatchTally): Promise<void>;
  /** Charges an ended batch now. */
  collect(record: OpenBatch, upstream: BatchUpstream): Promise<BatchLook>;
  /** Has a batch looked at soon: it is about to end. */
  lookSoon(record: BatchRecord): Promise<void>;
  /**
   * Looks once at batches that are due; of several processes each gets others. Never rejects.
   * @returns whether there may be more.
   */
  lookAtDue(upstream: BatchUpstream): Promise<boolean>;
}

/** Looked at together by one process. */
const LOOKS_AT_ONCE = 4;
/** A batch that a process has taken to look at is nobody else's for so long at most. Taken twice, it is charged once. */
const LONGEST_CLAIM_MS = 10 * 60_000;

export function createBatchMeter(parts: BatchParts): BatchMeter {
  const { timers, stored, limits, metrics } = parts;
  const soon = (): number => timers.nowMs() + nextLookMs(0, limits.batchPollMs);
  return {
    admit: (principal, { longOutput }) => createBatchAdmission(parts, principal, longOutput),
    place: (principal, requestId, sum) => placeBatch(parts, principal, requestId, sum),
    async opened(record, upstreamId) {
      const opened = await stored.openBatch({ ...record, state: 'open', upstreamId }, soon());
      metrics.batchCreated(record.items);
      if (opened === 'opened') return;
      const facts = { batch_id: upstreamId, request_id: record.requestId, account_id: record.accountId };
      parts.logger.error({ event: 'batch', ...facts, result: opened }, 'a batch is not known to whom it belongs');
    },
    refused: (record) => releaseBatch(parts, record, 'upstream_error'),
    tally: async (record) => createBatchTally(record, await readBatchCard(parts, record)),
    async chargePassed(record, tally) {
      if (tally.results === record.items) await chargeBatch(parts, record, tally, 'client');
    },
    collect: (record, upstream) => collectBatch(parts, record, upstream),
    lookSoon: (record) => stored.postponeBatch(record.id, soon()),
    async lookAtDue(upstream) {
      const due = await claimDue(parts);
      await Promise.all(due.map((record) => lookAfter(parts, record, upstream)));
      return due.length === LOOKS_AT_ONCE;
    },
  };
}

async function claimDue({ stored, timers, metrics, logger, limits }: BatchParts): Promise<BatchRecord[]> {
  const nowMs = timers.nowMs();
  const untilMs = nowMs + Math.min(LONGEST_CLAIM_MS, limits.batchPollMs);
  try {
    return await stored.claimDueBatches({ nowMs, untilMs, limit: LOOKS_AT_ONCE });
  } catch (error) {
    metrics.storeFailed('read');
    logger.warn({ err: error }, 'the batches that are due could not be read');
    return [];
  }
}

async function lookAfter(parts: BatchParts, record: BatchRecord, upstream: BatchUpstream): Promise<void> {
  const { metrics, logger, timers, stored, limits } = parts;
  const { upstreamId } = record;
  try {
    const look =
      upstreamId === undefined
        ? await adoptBatch(parts, record, upstream)
        : await collectBatch(parts, { ...record, upstreamId }, upstream);
    metrics.batchLookedAt(look);
    if (look !== 'waiting' && look !== 'gone') return;
  } catch (error) {
    metrics.batchLookedAt('failed');
    logger.warn({ err: error, batch_id: upstreamId, request_id: record.requestId }, 'a batch could not be looked at');
  }
  const nowMs = timers.nowMs();
  const dueAtMs = nowMs + nextLookMs(nowMs - placedAtMs(record), limits.batchPollMs);
  // Not postponed, it comes back when its claim ends.
  await stored.postponeBatch(record.id, dueAtMs).catch(() => metrics.storeFailed('read'));
}
