import type { Logger } from '../observability/create-logger.ts';
import type { FinishedCall } from '../observability/finished-call.ts';
import { logCall } from '../observability/log-call.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { TracedCall } from '../observability/traces/call-span.ts';
import type { CallEnd } from './describe-call.ts';

/** Takes ended calls; undefined where none are traced. */
export type CallTraces = { callEnded(call: TracedCall): void } | undefined;

type CallReportMetrics = Pick<Metrics, 'callFinished' | 'usageMissing' | 'unknownUsage' | 'unpricedRequest'>;

/** Counts an ended call, writes its one line of log, and hands it to the traces where there are any. */
export function reportCall(
  metrics: CallReportMetrics,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  end: CallEnd,
  traces?: CallTraces,
): void {
  const finished = toFinishedCall(end);
  metrics.callFinished(finished);
  noteDoubts(metrics, logger, end);
  const { facts, trace, settlement } = end;
  const { principal, request } = facts;
  logCall(logger, {
    requestId: facts.requestId,
    upstreamRequestId: trace.upstreamRequestId,
    accountId: principal.account.id,
    teamId: principal.team?.id,
    memberId: principal.member?.id,
    keyId: principal.key.id,
    sessionId: facts.sessionId,
    route: 'messages',
    model: request.model,
    stream: request.stream,
    status: trace.status,
    outcome: finished.outcome,
    reason: finished.cutReason,
    basis: settlement.basis,
    usage: end.charged,
    costNanoUsd: settlement.action === 'settle' ? settlement.amountNanoUsd : 0n,
    holdId: facts.holdId,
    heldNanoUsd: facts.heldNanoUsd,
    durationMs: finished.durationMs,
    timeToFirstByteMs: finished.timeToFirstByteMs,
  });
  traces?.callEnded(toTracedCall(end, finished));
}

function toTracedCall({ facts, trace, endedAtMs }: CallEnd, finished: FinishedCall): TracedCall {
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

function toFinishedCall({ facts, outcome, trace, settlement, endedAtMs }: CallEnd): FinishedCall {
  const charged = settlement.action === 'settle' ? settlement : undefined;
  const cutReason = trace.clientGone ? 'client_gone' : 'reason' in outcome ? outcome.reason : undefined;
  const { sentAtMs, firstByteAtMs } = trace;
  return {
    requestId: facts.requestId,
    model: facts.request.model,
    team: facts.principal.team,
    status: trace.status,
    outcome: cutReason === 'client_gone' ? 'client_gone' : outcome.kind,
    cutReason,
    basis: settlement.basis,
    usage: charged?.usage,
    receipt: charged?.receipt,
    heldNanoUsd: facts.heldNanoUsd,
    durationMs: Math.max(0, endedAtMs - facts.arrivedAtMs),
    upstreamMs: spanOf(sentAtMs, endedAtMs),
    timeToFirstByteMs: spanOf(sentAtMs, firstByteAtMs),
  };
}

function spanOf(fromMs: number | undefined, untilMs: number | undefined): number | undefined {
  return fromMs === undefined || untilMs === undefined ? undefined : Math.max(0, untilMs - fromMs);
}

function noteDoubts(metrics: CallReportMetrics, logger: Pick<Logger, 'warn' | 'error'>, end: CallEnd): void {
  const { facts, outcome, settlement, unknownUsage } = end;
  const call = () => ({ account_id: facts.principal.account.id, hold_id: facts.holdId });
  if (unknownUsage !== undefined) {
    metrics.unknownUsage();
    logger.warn(call(), 'an answer reports usage of a kind that is not known; its journal entry keeps it');
  }
  if (settlement.action !== 'settle' || settlement.doubts.length === 0) return;
  const { doubts } = settlement;
  if (doubts.includes('answer_unpriced')) metrics.unpricedRequest('answered', settlement.usage.model);
  if (doubts.includes('usage_absurd')) {
    metrics.usageMissing('unreadable');
    logger.error(
      call(),
      'an answer reports usage that cannot be; an estimate is charged, its journal entry keeps both',
    );
  }
  if (doubts.includes('usage_missing'))
    metrics.usageMissing(outcome.kind === 'completed' ? 'completed' : 'interrupted');
}
