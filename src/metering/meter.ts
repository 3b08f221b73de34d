import { createId } from '../directory/create-id.ts';
import type { Principal } from '../directory/directory.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import type { AppliedQuota } from '../domain/quota.ts';
import { modelLabels } from '../domain/rate-card.ts';
import { createWindowCache } from '../domain/window-cache.ts';
import { type HoldCommand, type HoldReply, type Ledger, LedgerCorrupt, LedgerUnavailable } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AdmissionRefusal } from './admission-refusal.ts';
import { findBindingQuota, findCallQuotas, neededOf } from './call-quotas.ts';
import type { MeteredCall } from './metered-call.ts';
import type { OpenCalls } from './open-calls.ts';
import { openMeteredCall } from './open-metered-call.ts';
import type { PriceBook } from './price-book.ts';
import { priceRequest } from './price-request.ts';
import { createQuotaWatch } from './quota-watch.ts';
import type { SettleQueue } from './settle-queue.ts';
import type { Timers } from './timers.ts';

export interface MeterParts {
  ledger: Pick<Ledger, 'hold'>;
  priceBook: Pick<PriceBook, 'cardOf'>;
  settleQueue: SettleQueue;
  openCalls: OpenCalls;
  timers: Timers;
  metrics: Pick<
    Metrics,
    | 'callFinished'
    | 'usageMissing'
    | 'unpricedRequest'
    | 'storeFailed'
    | 'holdOpened'
    | 'quotaSoftlyExceeded'
    | 'quotaShadowRefused'
  >;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  limits: { holdLeaseMs: number };
}

export type Admission = { admitted: true; call: MeteredCall } | { admitted: false; refusal: AdmissionRefusal };

export interface AdmissionFacts {
  requestId: string;
  arrivedAtMs: number;
  sessionId: string | undefined;
}

/** One call, from admission to settlement. */
export interface Meter {
  /**
   * Holds the most that the call can cost, and its share of every quota that counts it: one round trip to the ledger. Refusals are values; it throws only on a
   * fault that is not an outage ({@link Ledger}).
   */
  admit(principal: Principal, request: MessagesRequest, facts: AdmissionFacts): Promise<Admission>;
}

export function createMeter(parts: MeterParts): Meter {
  const findWindow = createWindowCache();
  const quotaWatch = createQuotaWatch(parts);
  return {
    async admit(principal, request, facts) {
      const admittedAtMs = parts.timers.nowMs();
      const priced = priceRequest(parts, principal, request, admittedAtMs);
      if ('kind' in priced) return refuse(priced);
      if (parts.settleQueue.isFull()) return refuse({ kind: 'spool_full' });
      const quotas = findCallQuotas(principal, priced.card, request, admittedAtMs, findWindow);
      const command: HoldCommand = {
        accountId: principal.account.id,
        holdId: createId('hold', admittedAtMs),
        amountNanoUsd: priced.amountNanoUsd,
        tokens: priced.tokens,
        leaseMs: parts.limits.holdLeaseMs,
        modelLabels: modelLabels(priced.model),
        cells: quotas.map(({ cell }) => cell),
      };
      const reply = await holdOrRelease(parts, command);
      if (reply === undefined) return refuse({ kind: 'ledger_unavailable' });
      if (reply.result !== 'held' && reply.result !== 'exists') return refuse(toRefusal(parts, command, quotas, reply));
      quotaWatch.noteHold(command, quotas, reply.cells);
      const bindingQuota = findBindingQuota(quotas, reply.cells);
      const call = openMeteredCall(parts, command, {
        ...facts,
        holdId: command.holdId,
        principal,
        request,
        model: priced.model,
        card: priced.card,
        heldNanoUsd: reply.amountNanoUsd,
        availableNanoUsd: reply.balance.availableNanoUsd,
        admittedAtMs,
        quotas,
        ...(bindingQuota === undefined ? {} : { bindingQuota }),
      });
      return { admitted: true, call };
    },
  };
}

function refuse(refusal: AdmissionRefusal): Admission {
  return { admitted: false, refusal };
}

/**
 * Asks for the hold, and once more with the same id when the store did not answer. If it is still silent, the hold
 * may exist or come to exist: the id is released, which leaves a tombstone that a delayed hold cannot pass.
 * @returns undefined when the store did not answer.
 */
async function holdOrRelease(parts: MeterParts, command: HoldCommand): Promise<HoldReply | undefined> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      return await parts.ledger.hold(command);
    } catch (error) {
      parts.metrics.storeFailed('hold');
      if (error instanceof LedgerUnavailable) continue;
      parts.settleQueue.deliver(releaseOf(command, parts.timers.nowMs()));
      throw error;
    }
  }
  parts.settleQueue.deliver(releaseOf(command, parts.timers.nowMs()));
  return undefined;
}

function releaseOf({ accountId, holdId }: HoldCommand, endedAtMs: number) {
  return {
    kind: 'release',
    command: { accountId, holdId, details: { reason: 'hold_unanswered' } },
    endedAtMs,
  } as const;
}

function toRefusal(
  parts: MeterParts,
  command: HoldCommand,
  quotas: readonly AppliedQuota[],
  reply: Exclude<HoldReply, { result: 'held' | 'exists' }>,
): AdmissionRefusal {
  switch (reply.result) {
    case 'insufficient_credit':
      return {
        kind: 'insufficient_credit',
        availableNanoUsd: reply.availableNanoUsd,
        neededNanoUsd: reply.neededNanoUsd,
      };
    case 'quota_exceeded':
      return toQuotaRefusal(command, quotas, reply);
    case 'frozen':
      return { kind: 'account_frozen' };
    case 'closed':
      return { kind: 'account_closed' };
    case 'out_of_range':
      return { kind: 'unbounded_cost', reason: `${reply.what} is out of range` };
    case 'no_account':
    case 'done':
    case 'bad_time':
      // Not the caller's doing: a directory without its books, an id used before, or two clocks that disagree.
      parts.logger.error(
        { result: reply.result, account_id: command.accountId, hold_id: command.holdId },
        'the ledger refused a hold for a reason of its own',
      );
      return { kind: 'ledger_unavailable' };
  }
}

function toQuotaRefusal(
  command: HoldCommand,
  quotas: readonly AppliedQuota[],
  { quotaId, limit, room, endsAtMs }: Extract<HoldReply, { result: 'quota_exceeded' }>,
): AdmissionRefusal {
  const applied = quotas.find(({ cell }) => cell.quotaId === quotaId);
  if (applied === undefined)
    throw new LedgerCorrupt(`the ledger refused a hold for quota ${quotaId}, which it did not name`);
  return {
    kind: 'quota_exceeded',
    quota: applied.quota,
    limit,
    room,
    needed: neededOf(applied.cell, command),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  };
}
