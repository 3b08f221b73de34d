import type { AppliedQuota } from '../domain/quota.ts';
import { type HoldCommand, type HoldReply, LedgerCorrupt } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { AdmissionRefusal } from './admission-refusal.ts';
import { neededOf } from './call-quotas.ts';

/** What the ledger's refusal of a hold means to the caller. */
export function toHoldRefusal(
  logger: Pick<Logger, 'error'>,
  command: HoldCommand,
  quotas: readonly AppliedQuota[],
  reply: Exclude<HoldReply, { result: 'held' | 'exists' }>,
): AdmissionRefusal {
  switch (reply.result) {
    case 'insufficient_credit': {
      const { result: kind, ...amounts } = reply;
      return { kind, ...amounts };
    }
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
      logger.error(
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
    // Less would have done where the command said so.
    needed: neededOf(applied.cell, { ...command, amountNanoUsd: command.minNanoUsd ?? command.amountNanoUsd }),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  };
}
