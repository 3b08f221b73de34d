import { modelLabels } from '../domain/rate-card.ts';
import { type Settlement, settleOutcome } from '../domain/settlement.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { findSettleCells } from './call-quotas.ts';
import { describeCall } from './describe-call.ts';
import type { LedgerWrite } from './ledger-write.ts';
import type { CallFacts, CallTrace, MeteredCall } from './metered-call.ts';
import type { CallOutcome, InterruptReason } from './metering-types.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import { type CallReport, reportCall } from './report-call.ts';
import type { SettleQueue } from './settle-queue.ts';
import type { Timers } from './timers.ts';

export interface MeteredCallParts {
  settleQueue: Pick<SettleQueue, 'deliver'>;
  openCalls: OpenCalls;
  timers: Timers;
  metrics: Pick<Metrics, 'callFinished' | 'usageMissing' | 'unpricedRequest' | 'holdOpened'>;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Registers a call whose hold was granted. From here on exactly one settle or release of it will be delivered. */
export function openMeteredCall(parts: MeteredCallParts, hold: HoldCommand, facts: CallFacts): MeteredCall {
  let settlement: Settlement | undefined;
  let listener: ((reason: InterruptReason) => void) | undefined;
  const holdClosed = parts.metrics.holdOpened(facts.admittedAtMs);

  const finish = (outcome: CallOutcome, trace: CallTrace): Settlement => {
    if (settlement !== undefined) return settlement;
    settlement = settleOutcome({
      outcome,
      request: facts.request,
      model: facts.model,
      card: facts.card,
      atMs: facts.admittedAtMs,
      heldNanoUsd: facts.heldNanoUsd,
    });
    const endedAtMs = parts.timers.nowMs();
    parts.settleQueue.deliver(toLedgerWrite(hold, facts, outcome, trace, settlement, endedAtMs));
    holdClosed();
    parts.openCalls.remove(entry);
    reportSafely(parts, { facts, outcome, trace, settlement, endedAtMs });
    return settlement;
  };
  const entry: OpenCall = {
    accountId: hold.accountId,
    holdId: hold.holdId,
    modelLabels: hold.modelLabels,
    cells: hold.cells,
    interrupt(reason) {
      if (listener === undefined) finish({ kind: 'not_sent', reason }, { status: 0 });
      else listener(reason);
    },
  };
  parts.openCalls.add(entry);
  return {
    facts,
    onInterrupt(added) {
      listener = added;
    },
    finish,
  };
}

/** The charge is on its way; a fault in telling of it must not reach the answer. */
function reportSafely({ metrics, logger }: MeteredCallParts, report: CallReport): void {
  try {
    reportCall(metrics, logger, report);
  } catch (error) {
    logger.error({ err: error, hold_id: report.facts.holdId }, 'a call could not be reported');
  }
}

function toLedgerWrite(
  hold: HoldCommand,
  facts: CallFacts,
  outcome: CallOutcome,
  trace: CallTrace,
  settlement: Settlement,
  endedAtMs: number,
): LedgerWrite {
  const { accountId, holdId } = hold;
  const details = describeCall(facts, outcome, trace, settlement, endedAtMs);
  if (settlement.action === 'release') return { kind: 'release', command: { accountId, holdId, details }, endedAtMs };
  const command = {
    accountId,
    holdId,
    amountNanoUsd: settlement.amountNanoUsd,
    tokens: settlement.tokens,
    modelLabels: modelLabels(facts.model),
    cells: findSettleCells(facts.quotas, facts.card, facts.request.model, settlement),
    details,
  };
  return { kind: 'settle', command, endedAtMs };
}
