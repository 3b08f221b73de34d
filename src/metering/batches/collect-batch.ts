import type { BatchRecord } from '../../directory/batch-record.ts';
import type { BatchParts } from './batch-parts.ts';
import { type BatchTally, createBatchTally } from './batch-tally.ts';
import { creationGraceMs, earliestCreationMs, GIVE_UP_AFTER_MS, mayBeCreation, placedAtMs } from './batch-times.ts';
import type { BatchUpstream, UpstreamBatch } from './batch-upstream.ts';
import { chargeBatch, readBatchCard } from './charge-batch.ts';
import { releaseBatch } from './release-batch.ts';

/** What a look at a batch came to. `gone`: the API has no results of it, yet or any more. */
export type BatchLook = 'waiting' | 'charged' | 'adopted' | 'released' | 'gone';

type OpenBatch = BatchRecord & { upstreamId: string };

/** Charges a batch if it has ended. Throws what the upstream and the stores throw. */
export async function collectBatch(
  parts: BatchParts,
  record: OpenBatch,
  upstream: BatchUpstream,
): Promise<'waiting' | 'charged' | 'released' | 'gone'> {
  const found = await upstream.find(record.upstreamId);
  if (found !== undefined && !found.hasEnded) return 'waiting';
  const tally = found === undefined ? undefined : await readTally(parts, record, upstream, found.id);
  if (tally !== undefined) {
    await chargeBatch(parts, record, tally, 'poller');
    return 'charged';
  }
  if (parts.timers.nowMs() - placedAtMs(record) < GIVE_UP_AFTER_MS) return 'gone';
  parts.logger.error(
    { event: 'batch', batch_id: record.upstreamId, account_id: record.accountId, request_id: record.requestId },
    'the results of a batch were gone before they could be read; nothing was charged',
  );
  await releaseBatch(parts, record, 'results_gone');
  return 'released';
}

/**
 * Looks for a batch whose creation was left without an answer, among those upstream that are nobody's: by the time of
 * its creation, the number of its items and, once it has ended, their custom ids. Found, it is charged; its client
 * never learnt its id, so it is shown to nobody. Not found in time, it is given up and its holds come back.
 */
export async function adoptBatch(parts: BatchParts, record: BatchRecord, upstream: BatchUpstream): Promise<BatchLook> {
  let mayComeYet = false;
  for (const candidate of await listCandidates(parts, record, upstream)) {
    if (!candidate.hasEnded) {
      mayComeYet = true;
      continue;
    }
    const tally = await readTally(parts, record, upstream, candidate.id);
    if (tally?.customIdsDigest !== record.customIdsDigest) continue;
    const adopted = { ...record, state: 'open' as const, upstreamId: candidate.id, isAdopted: true as const };
    if ((await parts.stored.openBatch(adopted, parts.timers.nowMs())) !== 'opened') continue;
    parts.logger.warn(
      { event: 'batch', batch_id: candidate.id, account_id: record.accountId, request_id: record.requestId },
      'a batch whose creation was left without an answer was found',
    );
    await chargeBatch(parts, adopted, tally, 'poller');
    return 'adopted';
  }
  if (mayComeYet) return 'waiting';
  if (parts.timers.nowMs() - placedAtMs(record) < creationGraceMs(parts.limits.callTotalMs)) return 'waiting';
  await releaseBatch(parts, record, 'batch_not_created');
  return 'released';
}

async function listCandidates(
  { stored, limits }: BatchParts,
  record: BatchRecord,
  upstream: BatchUpstream,
): Promise<UpstreamBatch[]> {
  const sentAfterMs = placedAtMs(record);
  const candidates: UpstreamBatch[] = [];
  for await (const batch of upstream.list()) {
    if (batch.createdAtMs < earliestCreationMs(sentAfterMs)) break;
    if (batch.items !== record.items || !mayBeCreation(sentAfterMs, batch.createdAtMs, limits.callTotalMs)) continue;
    const owner = await stored.findBatch(batch.id);
    if (owner === undefined || owner.id === record.id) candidates.push(batch);
  }
  return candidates;
}

async function readTally(
  parts: BatchParts,
  record: BatchRecord,
  upstream: BatchUpstream,
  upstreamId: string,
): Promise<BatchTally | undefined> {
  const tally = createBatchTally(record, await readBatchCard(parts, record));
  const isThere = await upstream.readResults(upstreamId, (chunk) => tally.push(chunk));
  return isThere ? tally.end() : undefined;
}
