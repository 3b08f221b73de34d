import type { BatchHold, BatchRecord } from '../../directory/batch-record.ts';
import { createId } from '../../directory/create-id.ts';
import type { Principal } from '../../directory/directory.ts';
import { findCreditLeft } from '../../domain/credit/credit-left.ts';
import type { AccountBalance } from '../../domain/credit/credit-types.ts';
import type { NanoUsd } from '../../domain/money.ts';
import { type AppliedQuota, findQuotaCells } from '../../domain/quota.ts';
import { createWindowCache } from '../../domain/window-cache.ts';
import { type HoldCommand, LedgerUnavailable } from '../../ledger/ledger.ts';
import type { AdmissionRefusal } from '../admission-refusal.ts';
import { toHoldRefusal } from '../hold-refusal.ts';
import type { BatchShare, BatchSum } from './batch-admission.ts';
import type { BatchParts } from './batch-parts.ts';
import { BATCH_LEASE_MS, nextLookMs } from './batch-times.ts';
import { releaseBatch } from './release-batch.ts';
import { withCount } from './with-count.ts';

export type PlacedBatch =
  /** `leftNanoUsd`: what the account could still spend after the holds. */
  { placed: true; record: BatchRecord; leftNanoUsd: NanoUsd } | { placed: false; refusal: AdmissionRefusal };

interface PlannedHold {
  hold: BatchHold;
  command: HoldCommand;
  quotas: AppliedQuota[];
}

const findWindow = createWindowCache();

/**
 * Holds what a batch can cost, for all its models or for none. Its record is written first, so that a process which
 * dies from here on leaves nothing that nobody looks after. Refusals are values; throws what the stores throw.
 */
export async function placeBatch(
  parts: BatchParts,
  principal: Principal,
  requestId: string,
  sum: BatchSum,
): Promise<PlacedBatch> {
  if (parts.settleQueue.isFull()) return { placed: false, refusal: { kind: 'spool_full' } };
  const nowMs = parts.timers.nowMs();
  const planned = sum.shares.map((share) => planHold(principal, sum.atMs, share, nowMs));
  const { account, key, team, member } = principal;
  const record: BatchRecord = {
    id: createId('batch', nowMs),
    accountId: account.id,
    keyId: key.id,
    ...(team === undefined ? {} : { teamId: team.id }),
    ...(member === undefined ? {} : { memberId: member.id }),
    requestId,
    createdAtMs: sum.atMs,
    state: 'creating',
    items: sum.items,
    customIdsDigest: sum.customIdsDigest,
    holds: planned.map(({ hold }) => hold),
  };
  await parts.stored.addBatch(record, nowMs + nextLookMs(0, parts.limits.batchPollMs));
  let leftNanoUsd = 0n;
  for (const each of planned) {
    const placed = await placeHold(parts, each);
    if ('kind' in placed) {
      await releaseBatch(parts, record, 'batch_refused');
      return { placed: false, refusal: placed };
    }
    leftNanoUsd = findCreditLeft(placed.balance);
  }
  return { placed: true, record, leftNanoUsd };
}

function planHold(principal: Principal, atMs: number, share: BatchShare, nowMs: number): PlannedHold {
  const quotas = findBatchQuotas(principal, atMs, share);
  const { model, modelLabels, amountNanoUsd, items, promptBytes, tokens } = share;
  const holdId = createId('hold', nowMs);
  const cells = quotas.map(({ cell: { quotaId, window, measure, endsAtMs } }) => ({
    quotaId,
    window,
    measure,
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  }));
  return {
    quotas,
    hold: { holdId, model, modelLabels, amountNanoUsd, items, promptBytes, cells },
    command: {
      accountId: principal.account.id,
      holdId,
      amountNanoUsd,
      tokens,
      leaseMs: BATCH_LEASE_MS,
      modelLabels,
      cells: quotas.map(({ cell }) => cell),
    },
  };
}

/**
 * A batch is no open call: it takes no place among them, for a day or more. A limit of none shuts batches out too.
 */
function findBatchQuotas(
  { account, team, member, key, quotas }: Principal,
  atMs: number,
  { reachable, items }: BatchShare,
): AppliedQuota[] {
  const call = {
    accountId: account.id,
    teamId: team?.id,
    memberId: member?.id,
    keyId: key.id,
    modelLabels: reachable === 'any' ? reachable : [...reachable],
    atMs,
    timezone: account.timezone,
  };
  return findQuotaCells(quotas, call, findWindow)
    .filter(({ cell }) => cell.measure !== 'concurrency' || cell.limit === 0n)
    .map(({ quota, cell }) => ({ quota, cell: withCount(cell, items) }));
}

/** Asks once more with the same id where the store did not answer. */
async function placeHold(
  parts: BatchParts,
  { command, quotas }: PlannedHold,
): Promise<AdmissionRefusal | { balance: AccountBalance }> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const reply = await parts.ledger.hold(command);
      if (reply.result === 'held' || reply.result === 'exists') return { balance: reply.balance };
      return toHoldRefusal(parts.logger, command, quotas, reply);
    } catch (error) {
      parts.metrics.storeFailed('hold');
      if (!(error instanceof LedgerUnavailable)) throw error;
    }
  }
  return { kind: 'ledger_unavailable' };
}
