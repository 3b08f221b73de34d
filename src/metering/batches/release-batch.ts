import type { BatchRecord } from '../../directory/batch-record.ts';
import type { BatchParts } from './batch-parts.ts';

/** Why a batch costs nothing. */
export type BatchReleaseReason =
  /** Its holds did not all find room. */
  | 'batch_refused'
  /** The API did not take it. */
  | 'upstream_error'
  /** Its creation was left without an answer, and the API has no such batch. */
  | 'batch_not_created'
  /** Its results were gone before they could be read. */
  | 'results_gone';

/**
 * Gives back what is held for a batch and forgets it. The releases are on their way, by the spool if need be, before
 * the record goes; sent again they change nothing.
 */
export async function releaseBatch(
  { settleQueue, timers, stored }: Pick<BatchParts, 'settleQueue' | 'timers' | 'stored'>,
  record: BatchRecord,
  reason: BatchReleaseReason,
): Promise<void> {
  const { accountId, requestId, upstreamId } = record;
  const details = {
    request_id: requestId,
    reason,
    ...(upstreamId === undefined ? {} : { batch_id: upstreamId }),
  };
  for (const { holdId } of record.holds) {
    const command = { accountId, holdId, details };
    settleQueue.deliver({ kind: 'release', command, endedAtMs: timers.nowMs() });
  }
  await stored.removeBatch(record);
}
