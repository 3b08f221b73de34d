import type { CellUse } from '../domain/credit/credit-types.ts';
import type { AppliedQuota } from '../domain/quota.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { AdmissionMetrics } from '../observability/admission-metrics.ts';
import type { Logger } from '../observability/create-logger.ts';
import { neededOf } from './call-quotas.ts';

export interface QuotaWatchParts {
  metrics: Pick<AdmissionMetrics, 'quotaSoftlyExceeded' | 'quotaShadowRefused'>;
  logger: Pick<Logger, 'warn'>;
}

/** Tells of quotas that a call was let past. */
export interface QuotaWatch {
  /** @param uses of the hold's cells after it, in their order. */
  noteHold(command: HoldCommand, applied: readonly AppliedQuota[], uses: readonly CellUse[]): void;
}

/** Crossings remembered, so that one whose holds come and go is told once; far more than quotas that are soft. */
const TOLD_MAX = 10_000;

/**
 * A soft quota is told of once per window and limit: when a call takes it past its limit. A shadow quota counts each
 * call that it would have refused.
 */
export function createQuotaWatch({ metrics, logger }: QuotaWatchParts): QuotaWatch {
  const told = new Set<string>();
  const isNews = (name: string): boolean => {
    if (told.has(name)) return false;
    if (told.size >= TOLD_MAX) told.clear();
    told.add(name);
    return true;
  };
  return {
    noteHold(command, applied, uses) {
      let index = -1;
      for (const { quota, cell } of applied) {
        index += 1;
        const use = uses[index];
        if (cell.mode === 'hard' || use === undefined) continue;
        const after = use.used + use.held;
        const before = after - neededOf(cell, command);
        const { scope, id } = quota;
        if (cell.mode === 'shadow') {
          if (cell.limit === 0n || after > cell.limit) metrics.quotaShadowRefused(scope.type);
        } else if (before <= cell.limit && after > cell.limit && isNews(`${id} ${cell.window} ${cell.limit}`)) {
          metrics.quotaSoftlyExceeded(scope.type);
          logger.warn(
            {
              event: 'quota_exceeded',
              account_id: command.accountId,
              quota_id: id,
              scope,
              ...describeUse(cell, after),
            },
            'a soft quota is exceeded',
          );
        }
      }
    },
  };
}

function describeUse({ window, measure, limit }: AppliedQuota['cell'], usedAndHeld: bigint) {
  return { window, measure, limit: `${limit}`, used_and_held: `${usedAndHeld}` };
}
