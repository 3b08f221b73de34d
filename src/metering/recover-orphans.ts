import type { Settings } from '../config/settings.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { LedgerWrite } from './ledger-write.ts';
import type { SettleQueue } from './settle-queue.ts';

export interface RecoverOrphansParts {
  settleQueue: Pick<SettleQueue, 'deliver'>;
  metrics: Pick<Metrics, 'orphanRecovered'>;
  logger: Pick<Logger, 'warn'>;
}

/**
 * Ends the calls that a process before this one was killed in the middle of, of which the spool kept what the answer
 * had reported: charged so, marked estimated, or released. A call of which nothing was known has no mark: its hold is
 * reclaimed when the lease ends.
 */
export function recoverOrphans(
  { settleQueue, metrics, logger }: RecoverOrphansParts,
  orphans: readonly LedgerWrite[],
  policy: Settings['orphanedCalls'],
): void {
  for (const orphan of orphans) {
    const write = policy === 'charge' ? orphan : releaseOf(orphan);
    metrics.orphanRecovered(write.kind === 'settle' ? 'charged' : 'released');
    logger.warn(
      {
        account_id: write.command.accountId,
        hold_id: write.command.holdId,
        charged_nano_usd: write.kind === 'settle' ? write.command.amountNanoUsd.toString() : '0',
      },
      'ended a call whose process had died',
    );
    settleQueue.deliver(write);
  }
}

function releaseOf({ command: { accountId, holdId }, endedAtMs }: LedgerWrite): LedgerWrite {
  return { kind: 'release', command: { accountId, holdId, details: { reason: 'process_ended' } }, endedAtMs };
}
