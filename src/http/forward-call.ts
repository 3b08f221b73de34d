import type { IncomingHttpHeaders } from 'node:http';
import { type ExhaustedReason, isExhausted } from '../domain/call-outcome.ts';
import type { CallTrace } from '../metering/metered-call.ts';
import { type ClientConnection, watchClient } from './client-connection.ts';
import type { ConnectionSlot } from './connection-slots.ts';
import { type Exchange, type ExchangeEnd, type ExchangeEvents, startExchange } from './exchange.ts';
import type { AnswerSink, ForwardJob, ForwardParts, ForwardRequest, RelayContext } from './forward-types.ts';
import { createUpstreamHeaders } from './headers.ts';
import { readHeader } from './read-header.ts';
import { interruptReason, isOurs } from './read-outcome.ts';
import { createErrorSink } from './relay-error.ts';
import { createSuccessSink, refusalOfEnd } from './relay-success.ts';

/**
 * Forwards one admitted call and relays its answer. Whatever happens, the call is finished exactly once and the
 * response ended or broken off. Returns when the request is under way, could not be, or waits for a connection; the rest
 * is events.
 */
export function forwardCall(parts: ForwardParts, job: ForwardJob, request: ForwardRequest): void | Promise<void> {
  const client = watchClient(job.response);
  // A slow sender never waits here: its body is whole before this is called.
  const free = parts.upstream.slots.takeFree(job.call.facts.principal.account.id);
  if (free === undefined) return waitForSlot(parts, job, request, client);
  sendOn(parts, job, request, client, free);
}

/** Neither a client that leaves nor a call that is to end goes on waiting. */
async function waitForSlot(
  parts: ForwardParts,
  job: ForwardJob,
  request: ForwardRequest,
  client: ClientConnection,
): Promise<void> {
  const given = new AbortController();
  let interrupted = false;
  if (client.isGone()) given.abort();
  client.onGone(() => given.abort());
  job.call.onInterrupt(() => {
    interrupted = true;
    given.abort();
  });
  const slot = await parts.upstream.slots.acquire(job.call.facts.principal.account.id, given.signal);
  if (slot !== undefined && !interrupted) sendOn(parts, job, request, client, slot);
  else {
    slot?.release();
    refuseUnsent(job, client, interrupted);
  }
}

function sendOn(
  parts: ForwardParts,
  job: ForwardJob,
  { path, rawHeaders, body }: ForwardRequest,
  client: ClientConnection,
  slot: ConnectionSlot,
): void {
  if (client.isGone()) {
    slot.release();
    refuseUnsent(job, client, false);
    return;
  }
  const relay = new Relay(parts, job, client);
  const headers = createUpstreamHeaders(rawHeaders, parts.upstream.apiKey);
  const { callTotalMs: totalMs } = parts.limits;
  relay.attach(
    startExchange(parts.upstream, parts.timers, { method: 'POST', path, headers, body, slot, totalMs }, relay),
  );
  client.onGone(() => relay.onClientGone());
  job.call.onInterrupt((reason) => relay.interrupt(isExhausted(reason) ? reason : 'shutdown'));
}

function refuseUnsent(job: ForwardJob, client: ClientConnection, shutDown: boolean): void {
  const reason = client.isGone() ? 'client_gone' : shutDown ? 'shutdown' : 'upstream_busy';
  const status = client.isGone() ? 0 : job.refuse({ kind: shutDown ? 'shutting_down' : 'upstream_busy' });
  job.onEnd();
  job.call.finish({ kind: 'not_sent', reason }, { status, clientGone: client.isGone() });
}

/** What is known of a call while it is forwarded, and what is done at each of its events. */
class Relay implements ExchangeEvents, RelayContext {
  readonly parts: ForwardParts;
  readonly job: ForwardJob;
  readonly client: ClientConnection;
  head: RelayContext['head'] = { status: 0, headers: {} };
  readonly #sentAtMs: number;
  #exchange: Exchange | undefined;
  #sink: AnswerSink | undefined;
  #firstByteAtMs: number | undefined;
  #endDrain: (() => void) | undefined;
  #hasEnded = false;

  constructor(parts: ForwardParts, job: ForwardJob, client: ClientConnection) {
    this.parts = parts;
    this.job = job;
    this.client = client;
    this.#sentAtMs = parts.timers.nowMs();
  }

  attach(started: Exchange): void {
    this.#exchange = started;
  }

  exchange(): Exchange {
    return this.#exchange as Exchange;
  }

  trace(status: number): CallTrace {
    return {
      status,
      sentAtMs: this.#sentAtMs,
      firstByteAtMs: this.#firstByteAtMs,
      clientGone: this.client.isGone(),
      upstreamRequestId: readHeader(this.head.headers, 'request-id'),
    };
  }

  onSent(): void {
    this.job.onSent();
  }

  onHeaders(status: number, headers: IncomingHttpHeaders): void {
    this.head = { status, headers };
    this.#sink = status >= 200 && status < 300 ? createSuccessSink(this) : createErrorSink(this);
  }

  onChunk(chunk: Buffer): void {
    this.#firstByteAtMs ??= this.parts.timers.nowMs();
    this.#sink?.push(chunk);
  }

  onEnd(how: ExchangeEnd, error?: Error): void {
    this.#hasEnded = true;
    this.#endDrain?.();
    this.job.onEnd();
    if (how !== 'ended') logEnd(this.parts, this.job, how, error);
    if (this.#sink === undefined) endUnanswered(this, how, this.#exchange?.wasSent() ?? false);
    else this.#sink.end(how);
  }

  onClientGone(): void {
    // It may leave before it has taken the last of an answer that has ended.
    if (this.#hasEnded) return;
    const { onDisconnect } = this.job.call.facts.principal.account;
    const giveBack = onDisconnect === 'drain' ? this.parts.drains.take() : undefined;
    if (giveBack === undefined) {
      this.interrupt('client_gone');
      return;
    }
    const cancel = this.parts.timers.after(this.parts.limits.disconnectDrainMs, () => this.interrupt('client_gone'));
    this.#endDrain = () => {
      cancel();
      giveBack();
    };
    // It may have been paused for the very client that left.
    this.#exchange?.resume('slow_client');
  }

  interrupt(how: 'client_gone' | 'shutdown' | ExhaustedReason): void {
    this.#exchange?.abort(how);
  }
}

/** The exchange ended before the upstream's headers. */
function endUnanswered(context: RelayContext, how: ExchangeEnd, wasSent: boolean): void {
  const { job, client } = context;
  const status = client.isGone() ? 0 : job.refuse(refusalOfEnd(how));
  const reason = interruptReason(how);
  // Sent and aborted by us, the API was at work on it and bills it; failed by itself, it is not charged.
  if (wasSent && isOurs(reason)) {
    job.call.finish({ kind: 'interrupted', reason, usage: undefined, visibleCharacters: 0 }, context.trace(status));
  } else {
    // Handed over whole, the request may have been worked on, whatever kept the answer from us.
    job.call.finish({ kind: 'not_sent', reason, ...(wasSent ? { doubtful: true } : {}) }, context.trace(status));
  }
}

function logEnd(parts: ForwardParts, job: ForwardJob, how: ExchangeEnd, error: Error | undefined): void {
  if (error === undefined || how === 'client_gone' || how === 'shutdown') return;
  parts.logger.warn({ err: error, how, hold_id: job.call.facts.holdId }, 'an exchange with the upstream broke off');
}
