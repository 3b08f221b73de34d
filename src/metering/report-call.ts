import { findUnknownUsage } from '../anthropic/find-unknown-usage.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { FinishedCall } from '../observability/finished-call.ts';
import { logCall } from '../observability/log-call.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { TracedCall } from '../observability/traces/call-span.ts';
import { sumByClass } from './describe-call.ts';
import type { CallFacts, CallTrace } from './metered-call.ts';
import type { CallOutcome } from './metering-types.ts';

export interface CallReport {
  facts: CallFacts;
  outcome: CallOutcome;
  trace: CallTrace;
  settlement: Settlement;
  endedAtMs: number;
}

/** Takes ended calls; undefined where none are traced. */
export type CallTraces = { callEnded(call: TracedCall): void } | undefined;

type CallReportMetrics = Pick<Metrics, 'callFinished' | 'usageMissing' | 'unknownUsage' | 'unpricedRequest'>;

/** Counts an ended call, writes its one line of log, and hands it to the traces where there are any. */
export function reportCall(
  metrics: CallReportMetrics,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  report: CallReport,
  traces?: CallTraces,
): void {
  const finished = toFinishedCall(report);
  metrics.callFinished(finished);
  noteDoubts(metrics, logger, report);
  const { facts, trace, settlement } = report;
  const { principal } = facts;
  const charged = settlement.action === 'settle' ? settlement : undefined;
  logCall(logger, {
    requestId: facts.requestId,
    accountId: principal.account.id,
    keyId: principal.key.id,
    route: 'messages',
    model: facts.request.model,
    stream: facts.request.stream,
    status: trace.status,
    outcome: finished.outcome,
    basis: settlement.basis,
    costNanoUsd: charged?.amountNanoUsd ?? 0n,
    holdId: facts.holdId,
    heldNanoUsd: facts.heldNanoUsd,
    durationMs: finished.durationMs,
    ...(charged === undefined ? {} : { usage: sumByClass(charged.receipt.lines) }),
    ...(finished.cutReason === undefined ? {} : { reason: finished.cutReason }),
    ...(finished.timeToFirstByteMs === undefined ? {} : { timeToFirstByteMs: finished.timeToFirstByteMs }),
    ...(trace.upstreamRequestId === undefined ? {} : { upstreamRequestId: trace.upstreamRequestId }),
    ...(principal.team === undefined ? {} : { teamId: principal.team.id }),
    ...(principal.member === undefined ? {} : { memberId: principal.member.id }),
    ...(facts.sessionId === undefined ? {} : { sessionId: facts.sessionId }),
  });
  traces?.callEnded(toTracedCall(report, finished));
}

function toTracedCall({ facts, trace, endedAtMs }: CallReport, finished: FinishedCall): TracedCall {
  const { principal, request } = facts;
  return {
    context: facts.traceContext,
    arrivedAtMs: facts.arrivedAtMs,
    endedAtMs,
    finished,
    requestId: facts.requestId,
    upstreamRequestId: trace.upstreamRequestId,
    accountId: principal.account.id,
    memberId: principal.member?.id,
    keyId: principal.key.id,
    sessionId: facts.sessionId,
    maxTokens: request.maxTokens,
    stream: request.stream,
  };
}

function toFinishedCall({ facts, outcome, trace, settlement, endedAtMs }: CallReport): FinishedCall {
  const { team } = facts.principal;
  const charged = settlement.action === 'settle' ? settlement : undefined;
  const cutReason = trace.clientGone ? 'client_gone' : 'reason' in outcome ? outcome.reason : undefined;
  return {
    requestId: facts.requestId,
    model: facts.request.model,
    status: trace.status,
    outcome: cutReason === 'client_gone' ? 'client_gone' : outcome.kind,
    basis: settlement.basis,
    usage: charged?.usage,
    receipt: charged?.receipt,
    heldNanoUsd: facts.heldNanoUsd,
    durationMs: Math.max(0, endedAtMs - facts.arrivedAtMs),
    ...(team === undefined ? {} : { team }),
    ...(cutReason === undefined ? {} : { cutReason }),
    ...(trace.sentAtMs === undefined ? {} : { upstreamMs: Math.max(0, endedAtMs - trace.sentAtMs) }),
    ...(trace.sentAtMs === undefined || trace.firstByteAtMs === undefined
      ? {}
      : { timeToFirstByteMs: Math.max(0, trace.firstByteAtMs - trace.sentAtMs) }),
  };
}

function noteDoubts(metrics: CallReportMetrics, logger: Pick<Logger, 'warn' | 'error'>, report: CallReport): void {
  const { facts, outcome, settlement } = report;
  const reported = 'reported' in outcome ? outcome.reported : undefined;
  const call = { account_id: facts.principal.account.id, hold_id: facts.holdId };
  if (reported !== undefined && findUnknownUsage(reported) !== undefined) {
    metrics.unknownUsage();
    logger.warn(call, 'an answer reports usage of a kind that is not known; its journal entry keeps it');
  }
  if (settlement.action !== 'settle') return;
  const { doubts } = settlement;
  if (doubts.includes('answer_unpriced')) metrics.unpricedRequest('answered', settlement.usage.model);
  if (doubts.includes('usage_absurd')) {
    metrics.usageMissing('unreadable');
    logger.error(call, 'an answer reports usage that cannot be; an estimate is charged, its journal entry keeps both');
  }
  if (doubts.includes('usage_missing'))
    metrics.usageMissing(outcome.kind === 'completed' ? 'completed' : 'interrupted');
}
