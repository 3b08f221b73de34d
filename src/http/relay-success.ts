import type { OutgoingHttpHeaders } from 'node:http';
import type { UsageSnapshot } from '../anthropic/usage-reader.ts';
import { isExhausted } from '../domain/call-outcome.ts';
import { formatUsd } from '../domain/money.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { ExchangeEnd } from './exchange.ts';
import type { AnswerSink, RelayContext } from './forward-types.ts';
import { createClientHeaders } from './headers.ts';
import { createHoldGate, type HoldGate } from './hold-gate.ts';
import { createProgressMarks } from './progress-marks.ts';
import { createQuotaHeaders } from './quota-headers.ts';
import { readOutcome } from './read-outcome.ts';
import type { Refusal } from './refusals.ts';
import { sendWhole } from './send-answer.ts';
import { createThrottledWriter } from './throttled-writer.ts';
import { createUsageObserver } from './usage-observer.ts';

/**
 * A JSON answer up to this size is read whole before anything is sent, so that its cost can be told in a header. The
 * API writes one at its end and at once, so nothing is delayed but by its own transfer; a larger one streams without.
 */
const WHOLE_JSON_BYTES = 1_024 * 1_024;

/** Takes a success: passes its bytes on as they come, and reads the usage in them. */
export function createSuccessSink(context: RelayContext): AnswerSink {
  const { parts, job, head, client } = context;
  const contentType = head.headers['content-type'] ?? '';
  const isStream = /^text\/event-stream\b/i.test(contentType);
  const observer = createUsageObserver({
    reader: parts.createUsageReader(contentType, job.call.facts.request.model),
    contentEncoding: head.headers['content-encoding'],
    onFault: (error) =>
      parts.logger.error({ err: error, hold_id: job.call.facts.holdId }, 'the usage of an answer could not be read'),
  });
  job.call.showProgress(observer.snapshot);
  // A JSON answer reports its usage at its very end, with nothing to note before it.
  const mark = isStream ? createProgressMarks(job.call, observer, parts.timers) : undefined;
  const writer = createThrottledWriter(context);
  const gate =
    isStream && job.call.running !== undefined
      ? createHoldGate(context, { running: job.call.running, observer, write: writer.write })
      : undefined;
  let collected: Buffer[] | undefined = /^application\/json\b/i.test(contentType) ? [] : undefined;
  let bytes = 0;

  const startStream = (): void => {
    if (client.isGone()) return;
    job.response.writeHead(head.status, answerHeaders(context));
    job.response.flushHeaders();
    parts.metrics.openStreams.inc();
  };
  if (collected === undefined) startStream();

  return {
    push(chunk) {
      bytes += chunk.byteLength;
      if (gate !== undefined) {
        gate.push(chunk);
        return mark?.();
      }
      observer.push(chunk);
      mark?.();
      if (collected === undefined) return writer.write(chunk);
      collected.push(chunk);
      if (bytes <= WHOLE_JSON_BYTES) return;
      startStream();
      for (const kept of collected) writer.write(kept);
      collected = undefined;
    },
    end(how) {
      gate?.end(how);
      writer.stop();
      if (job.response.headersSent) parts.metrics.openStreams.dec();
      observer.end((last) => {
        const snapshot = gate?.isHolding ? gate.passed : last;
        const settle = (status: number): Settlement =>
          job.call.finish(readOutcome({ how, head, snapshot, bytes, isStream }), traceOf(context, status, snapshot));
        if (collected === undefined) endStream(context, how, settle, gate);
        else endWhole(context, how, Buffer.concat(collected), settle);
      });
    },
  };
}

function traceOf(context: RelayContext, status: number, snapshot: UsageSnapshot | undefined) {
  return { ...context.trace(status), anomalies: snapshot?.anomalies ?? [] };
}

/**
 * The client must see that an answer was cut: an end without the closing chunk is an error to it. Cut for want of
 * credit or of a quota's room, it ends in good order, as an answer does that is as long as it may be.
 */
function endStream(
  { job, client }: RelayContext,
  how: ExchangeEnd,
  settle: (status: number) => Settlement,
  gate: HoldGate | undefined,
): void {
  const settlement = settle(job.response.headersSent ? job.response.statusCode : 0);
  if (client.isGone()) client.destroy();
  else if (isExhausted(how) && gate?.canClose) job.response.end(gate.close(outputTokensOf(settlement), how));
  else if (how === 'ended') job.response.end();
  else client.destroy();
}

function outputTokensOf(settlement: Settlement): number {
  if (settlement.action === 'release') return 0;
  return settlement.usage.passes.reduce((sum, { tokens }) => sum + tokens.output, 0);
}

function endWhole(context: RelayContext, how: ExchangeEnd, body: Buffer, settle: (status: number) => Settlement): void {
  const { job, head, client } = context;
  if (client.isGone()) {
    settle(0);
    return;
  }
  if (how !== 'ended') {
    settle(job.refuse(refusalOfEnd(how)));
    return;
  }
  const settlement = settle(head.status);
  const cost = settlement.action === 'settle' ? settlement.amountNanoUsd : 0n;
  sendWhole(job.response, head.status, { ...answerHeaders(context), 'tollgate-cost-usd': formatUsd(cost) }, body);
}

/** The upstream's headers by our rules, and our own. */
function answerHeaders({ head, job }: RelayContext): OutgoingHttpHeaders {
  const { requestId, availableNanoUsd, bindingQuota } = job.call.facts;
  return {
    'request-id': requestId,
    ...createClientHeaders(head.headers),
    'tollgate-balance-usd': formatUsd(availableNanoUsd),
    ...createQuotaHeaders(bindingQuota),
  };
}

/** What to say when nothing of an answer can be passed on. */
export function refusalOfEnd(how: ExchangeEnd): Refusal {
  switch (how) {
    case 'slow':
    case 'silent':
    case 'expired':
      return { kind: 'upstream_slow' };
    case 'shutdown':
      return { kind: 'shutting_down' };
    case 'unsendable':
      return { kind: 'malformed', reason: 'The query string or a header of this request cannot be forwarded.' };
    case 'cut':
      return { kind: 'upstream_unreadable' };
    case 'ended':
    case 'unreachable':
    case 'client_gone':
    case 'credit_exhausted':
    case 'quota_exhausted':
      return { kind: 'upstream_unreachable' };
  }
}
