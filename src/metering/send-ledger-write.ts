import { type Ledger, LedgerUnavailable, type ReleaseReply, type SettleReply } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { LedgerWrite } from './ledger-write.ts';
import type { Timers } from './timers.ts';

export interface SendParts {
  ledger: Pick<Ledger, 'settle' | 'release'>;
  timers: Timers;
  metrics: Pick<Metrics, 'settleAnswered' | 'storeFailed' | 'observeOverhead'>;
  logger: Pick<Logger, 'error' | 'warn'>;
}

/** @returns whether the ledger answered. An answer that refuses is an answer: sending it again would change nothing. */
export async function sendLedgerWrite(parts: SendParts, write: LedgerWrite): Promise<boolean> {
  const started = performance.now();
  try {
    if (write.kind === 'settle') noteSettle(parts, write, await parts.ledger.settle(write.command));
    else noteRelease(parts, write, await parts.ledger.release(write.command));
    if (write.kind === 'settle') parts.metrics.observeOverhead('settle', performance.now() - started);
    return true;
  } catch (error) {
    parts.metrics.storeFailed(write.kind);
    if (!(error instanceof LedgerUnavailable)) {
      parts.logger.error({ err: error, hold_id: write.command.holdId }, 'the ledger failed on a settle; it is kept');
    }
    return false;
  }
}

const CHARGED: readonly SettleReply['result'][] = ['settled', 'late', 'duplicate'];

function noteSettle(parts: SendParts, write: LedgerWrite & { kind: 'settle' }, reply: SettleReply): void {
  parts.metrics.settleAnswered({
    result: reply.result,
    lagMs: Math.max(0, parts.timers.nowMs() - write.endedAtMs),
    overageNanoUsd: 'overageNanoUsd' in reply ? reply.overageNanoUsd : 0n,
  });
  if (CHARGED.includes(reply.result)) return;
  const { accountId, holdId, amountNanoUsd } = write.command;
  parts.logger.error(
    { result: reply.result, account_id: accountId, hold_id: holdId, amount_nano_usd: amountNanoUsd.toString() },
    'the ledger did not charge a settle',
  );
}

function noteRelease(parts: SendParts, write: LedgerWrite, reply: ReleaseReply): void {
  if (reply.result !== 'no_account') return;
  const { accountId, holdId } = write.command;
  parts.logger.error({ account_id: accountId, hold_id: holdId }, 'a release found no account');
}
