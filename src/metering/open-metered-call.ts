import { writeDetails } from '../domain/credit/write-details.ts';
import { type Settlement, settleOutcome } from '../domain/settlement.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { type CallPolicies, DEFAULT_CALL_POLICIES } from './call-policies.ts';
import { findSettleCells } from './call-quotas.ts';
import { describeCall } from './describe-call.ts';
import type { LedgerWrite } from './ledger-write.ts';
import type { CallFacts, CallProgress, CallTrace, MeteredCall } from './metered-call.ts';
import type { CallOutcome, InterruptReason, ReportedUsage } from './metering-types.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import type { OutputRatios } from './output-ratios.ts';
import type { HoldWatchTerms } from './place-hold.ts';
import { type CallReport, type CallTraces, reportCall } from './report-call.ts';
import type { RunningHold } from './running-hold.ts';
import type { RunningHolds } from './running-holds.ts';
import { findOutputRatio, scoreEstimate } from './score-estimate.ts';
import type { SpoolPlace } from './settle-queue.ts';
import type { Timers } from './timers.ts';
import { viewOpenCall } from './view-open-call.ts';

export interface MeteredCallParts {
  place: Pick<SpoolPlace, 'mark' | 'deliver'>;
  openCalls: OpenCalls;
  runningHolds: RunningHolds;
  timers: Timers;
  /** {@link DEFAULT_CALL_POLICIES} unless given. */
  policies?: CallPolicies;
  outputRatios: OutputRatios;
  metrics: Pick<
    Metrics,
    'outputEstimated' | 'callFinished' | 'usageMissing' | 'unknownUsage' | 'unpricedRequest' | 'holdOpened'
  >;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  traces?: CallTraces;
}

/**
 * Registers a call whose hold was granted. From here on exactly one settle or release of it will be delivered.
 * @param watch given where what is held may not do.
 */
export function openMeteredCall(
  parts: MeteredCallParts,
  hold: HoldCommand,
  facts: CallFacts,
  watch?: HoldWatchTerms,
): MeteredCall {
  let settlement: Settlement | undefined;
  let listener: ((reason: InterruptReason) => void) | undefined;
  let readProgress: (() => CallProgress | undefined) | undefined;
  const holdClosed = parts.metrics.holdOpened(facts.admittedAtMs);

  const finish = (outcome: CallOutcome, trace: CallTrace): Settlement => {
    if (settlement !== undefined) return settlement;
    settlement = decideCharge(facts, outcome, parts, running?.coveredTokens);
    running?.end();
    const endedAtMs = parts.timers.nowMs();
    const ended = { ...facts, heldNanoUsd: running?.heldNanoUsd ?? facts.heldNanoUsd };
    parts.place.deliver(toLedgerWrite(hold, ended, outcome, trace, settlement, endedAtMs));
    holdClosed();
    parts.openCalls.remove(entry);
    reportSafely(parts, { facts: ended, outcome, trace, settlement, endedAtMs });
    return settlement;
  };
  const entry: OpenCall = {
    accountId: hold.accountId,
    holdId: hold.holdId,
    modelLabels: hold.modelLabels,
    cells: hold.cells,
    onGrace: facts.onGrace,
    look: () => viewOpenCall(facts, running?.heldNanoUsd, readProgress?.(), parts.outputRatios),
    interrupt(reason) {
      if (listener === undefined) finish({ kind: 'not_sent', reason }, { status: 0 });
      else listener(reason);
    },
  };
  const running = watch === undefined ? undefined : watchHold(parts, hold, facts, watch, entry);
  parts.openCalls.add(entry);
  return {
    facts,
    running,
    showProgress(read) {
      readProgress = read;
    },
    onInterrupt(added) {
      listener = added;
    },
    mark(reported) {
      if (settlement === undefined) parts.place.mark(toMark(hold, facts, reported, parts));
    },
    finish,
  };
}

function decideCharge(
  facts: CallFacts,
  outcome: CallOutcome,
  { policies = DEFAULT_CALL_POLICIES, outputRatios }: Pick<MeteredCallParts, 'policies' | 'outputRatios'>,
  followedOutputTokens?: number,
): Settlement {
  const { request, model, card, admittedAtMs, ceilingNanoUsd, isOpen } = facts;
  return settleOutcome({
    outcome,
    request,
    model,
    card,
    atMs: admittedAtMs,
    heldNanoUsd: ceilingNanoUsd,
    isOpen,
    doubtfulEnds: policies.doubtfulEnds,
    charactersPer100Tokens: findOutputRatio(outputRatios, facts, outcome),
    followedOutputTokens,
  });
}

/** The call as it is charged when nobody will ever see its end: broken off by us, after what was reported. */
function toMark(
  hold: HoldCommand,
  facts: CallFacts,
  reported: ReportedUsage,
  { outputRatios, timers }: MeteredCallParts,
): LedgerWrite {
  const outcome: CallOutcome = { kind: 'interrupted', reason: 'shutdown', ...reported };
  const settlement = decideCharge(facts, outcome, { outputRatios });
  return toLedgerWrite(hold, facts, outcome, { status: 0 }, settlement, timers.nowMs(), 'process_ended');
}

function watchHold(
  { runningHolds, outputRatios }: MeteredCallParts,
  hold: HoldCommand,
  facts: CallFacts,
  terms: HoldWatchTerms,
  entry: OpenCall,
): RunningHold {
  const { principal, request, model, card, heldNanoUsd, admittedAtMs } = facts;
  return runningHolds.watch({
    ...terms,
    hold,
    heldNanoUsd,
    card,
    request,
    atMs: admittedAtMs,
    findRatio: (content) => outputRatios.find(model.id, content),
    stop: principal.account.onExhausted === 'cut' ? (reason) => entry.interrupt(reason) : undefined,
  });
}

/** The charge is on its way; a fault in telling of it must not reach the answer. */
function reportSafely({ metrics, logger, outputRatios, traces }: MeteredCallParts, report: CallReport): void {
  const { facts, outcome, settlement } = report;
  try {
    scoreEstimate(metrics, outputRatios, facts, outcome, settlement);
    reportCall(metrics, logger, report, traces);
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
  reason?: string,
): LedgerWrite {
  const { accountId, holdId } = hold;
  const described = describeCall(facts, outcome, trace, settlement, endedAtMs);
  // Once, for the spool, for the store, and for the two minutes in which it may have to be sent again.
  const details = writeDetails(reason === undefined ? described : { ...described, reason });
  if (settlement.action === 'release') return { kind: 'release', command: { accountId, holdId, details }, endedAtMs };
  const command = {
    accountId,
    holdId,
    amountNanoUsd: settlement.amountNanoUsd,
    tokens: settlement.tokens,
    modelLabels: hold.modelLabels,
    cells: findSettleCells(facts.quotas, facts.card, facts.request.model, settlement),
    details,
  };
  return { kind: 'settle', command, endedAtMs };
}
