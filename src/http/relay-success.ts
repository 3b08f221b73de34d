import type { OutgoingHttpHeaders } from 'node:http';
import type { UsageSnapshot } from '../anthropic/usage-reader.ts';
import { isExhausted } from '../domain/call-outcome.ts';
import { formatUsd } from '../domain/money.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { ExchangeEnd } from './exchange.ts';
import type { AnswerSink, RelayContext } from './forward-types.ts';
import { createClientHeaders } from './headers.ts';
import { createHoldGate, type HoldGate } from './hold-gate.ts';
import { ProgressMarks } from './progress-marks.ts';
import { createQuotaHeaders } from './quota-headers.ts';
import { readOutcome } from './read-outcome.ts';
import type { Refusal } from './refusals.ts';
import { sendWhole } from './send-answer.ts';
import { createThrottledWriter, type ThrottledWriter } from './throttled-writer.ts';
import { createUsageObserver, type UsageObserver } from './usage-observer.ts';

/**
 * A JSON answer up to this size is read whole before anything is sent, so that its cost can be told in a header. The
 * API writes one at its end and at once, so nothing is delayed but by its own transfer; a larger one streams without.
 */
const WHOLE_JSON_BYTES = 1_024 * 1_024;

/** Takes a success: passes its bytes on as they come, and reads the usage in them. */
export function createSuccessSink(context: RelayContext): AnswerSink {
  return new SuccessSink(context);
}

class SuccessSink implements AnswerSink {
  readonly #context: RelayContext;
  readonly #isStream: boolean;
  readonly #observer: UsageObserver;
  /** What passes the answer on; undefined while it is read whole. */
  #writer: ThrottledWriter | undefined;
  #gate: HoldGate | undefined;
  #marks: ProgressMarks | undefined;
  /** Of an answer that is read whole. */
  #collected: Buffer[] = [];
  #bytes = 0;

  constructor(context: RelayContext) {
    const { parts, job, head } = context;
    const contentType = head.headers['content-type'] ?? '';
    this.#context = context;
    this.#isStream = /^text\/event-stream\b/i.test(contentType);
    this.#observer = createUsageObserver({
      reader: parts.createUsageReader(contentType, job.call.facts.request.model),
      contentEncoding: head.headers['content-encoding'],
      onFault: (error) =>
        parts.logger.error({ err: error, hold_id: job.call.facts.holdId }, 'the usage of an answer could not be read'),
    });
    job.call.showProgress(() => this.#observer.snapshot());
    if (/^application\/json\b/i.test(contentType)) return;
    this.#writer = this.#startStream();
    // A JSON answer reports its usage at its very end: there is nothing to note before it, and nothing to hold back.
    if (!this.#isStream) return;
    this.#marks = new ProgressMarks(job.call, this.#observer, parts);
    const { running } = job.call;
    if (running !== undefined) {
      this.#gate = createHoldGate(context, { running, observer: this.#observer, writer: this.#writer });
    }
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.byteLength;
    if (this.#gate === undefined) {
      this.#observer.push(chunk);
      if (this.#writer === undefined) this.#collect(chunk);
      else this.#writer.write(chunk);
    } else this.#gate.push(chunk);
    this.#marks?.look();
  }

  end(how: ExchangeEnd): void {
    const { parts, job } = this.#context;
    this.#gate?.end(how);
    this.#marks?.end();
    this.#writer?.stop();
    if (job.response.headersSent) parts.metrics.openStreams.dec();
    this.#observer.end((last) => {
      const snapshot = this.#gate?.isHolding ? this.#gate.passed : last;
      if (this.#writer === undefined) this.#endWhole(how, snapshot);
      else this.#endStream(how, snapshot);
    });
  }

  #collect(chunk: Buffer): void {
    this.#collected.push(chunk);
    if (this.#bytes <= WHOLE_JSON_BYTES) return;
    this.#writer = this.#startStream();
    for (const kept of this.#collected) this.#writer.write(kept);
    this.#collected = [];
  }

  #startStream(): ThrottledWriter {
    const { head, client, parts } = this.#context;
    if (!client.isGone()) {
      client.start(head.status, createAnswerHeaders(this.#context));
      parts.metrics.openStreams.inc();
    }
    return createThrottledWriter(this.#context);
  }

  #settle(how: ExchangeEnd, status: number, snapshot: UsageSnapshot | undefined): Settlement {
    const { job, head } = this.#context;
    const outcome = readOutcome({ how, head, snapshot, bytes: this.#bytes, isStream: this.#isStream });
    const trace = this.#context.trace(status);
    trace.anomalies = snapshot?.anomalies ?? [];
    return job.call.finish(outcome, trace);
  }

  /**
   * The client must see that an answer was cut: an end without the closing chunk is an error to it. Cut for want of
   * credit or of a quota's room, it ends in good order, as an answer does that is as long as it may be.
   */
  #endStream(how: ExchangeEnd, snapshot: UsageSnapshot | undefined): void {
    const { job, client } = this.#context;
    const settlement = this.#settle(how, job.response.headersSent ? job.response.statusCode : 0, snapshot);
    if (client.isGone()) client.destroy();
    else if (isExhausted(how) && this.#gate?.canClose) {
      client.end(this.#gate.close(outputTokensOf(settlement), how));
    } else if (how === 'ended') client.end();
    else client.destroy();
  }

  #endWhole(how: ExchangeEnd, snapshot: UsageSnapshot | undefined): void {
    const { job, head, client } = this.#context;
    if (client.isGone()) {
      this.#settle(how, 0, snapshot);
      return;
    }
    if (how !== 'ended') {
      this.#settle(how, job.refuse(refusalOfEnd(how)), snapshot);
      return;
    }
    const settlement = this.#settle(how, head.status, snapshot);
    const headers = createAnswerHeaders(this.#context);
    headers['tollgate-cost-usd'] = formatUsd(settlement.action === 'settle' ? settlement.amountNanoUsd : 0n);
    const [only] = this.#collected;
    const body = this.#collected.length === 1 && only !== undefined ? only : Buffer.concat(this.#collected);
    sendWhole(job.response, head.status, headers, body);
  }
}

function outputTokensOf(settlement: Settlement): number {
  if (settlement.action === 'release') return 0;
  return settlement.usage.passes.reduce((sum, { tokens }) => sum + tokens.output, 0);
}

/** The upstream's headers by our rules, and our own. */
function createAnswerHeaders({ head, job }: RelayContext): OutgoingHttpHeaders {
  const { requestId, availableNanoUsd, bindingQuota } = job.call.facts;
  const headers = createClientHeaders(head.headers);
  headers['request-id'] ??= requestId;
  headers['tollgate-balance-usd'] = formatUsd(availableNanoUsd);
  return bindingQuota === undefined ? headers : Object.assign(headers, createQuotaHeaders(bindingQuota));
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
