import { type ExhaustedReason, isExhausted } from '../domain/call-outcome.ts';
import { type ClientConnection, watchClient } from './client-connection.ts';
import { type Exchange, type ExchangeEnd, startExchange } from './exchange.ts';
import type { AnswerSink, ForwardJob, ForwardParts, RelayContext } from './forward-types.ts';
import { createUpstreamHeaders } from './headers.ts';
import { readHeader } from './read-header.ts';
import { interruptReason, isOurs } from './read-outcome.ts';
import { createErrorSink } from './relay-error.ts';
import { createSuccessSink, refusalOfEnd } from './relay-success.ts';

/**
 * Forwards one admitted call and relays its answer. Whatever happens, the call is finished exactly once and the
 * response ended or broken off. Returns when the request is under way or could not be; the rest is events.
 */
export async function forwardCall(parts: ForwardParts, job: ForwardJob): Promise<void> {
  const client = watchClient(job.response);
  // A slow sender never waits here: its body is whole before this is called.
  const { slot, interrupted } = await takeSlot(parts, job, client);
  if (slot === undefined || client.isGone() || interrupted) {
    slot?.release();
    return refuseUnsent(job, client, interrupted);
  }
  const relay = createRelay(parts, job, client);
  const exchange = startExchange(
    parts.upstream,
    parts.timers,
    {
      method: 'POST',
      path: job.path,
      headers: createUpstreamHeaders(job.rawHeaders, parts.upstream.apiKey),
      body: job.body,
      slot,
      totalMs: parts.limits.callTotalMs,
    },
    relay.events,
  );
  relay.attach(exchange);
  client.onGone(() => relay.onClientGone());
  job.call.onInterrupt((reason) => relay.interrupt(isExhausted(reason) ? reason : 'shutdown'));
}

/** Waits only where none is free; neither a client that leaves nor a call that is to end goes on waiting. */
async function takeSlot(parts: ForwardParts, job: ForwardJob, client: ClientConnection) {
  const owner = job.call.facts.principal.account.id;
  const free = parts.upstream.slots.takeFree(owner);
  if (free !== undefined) return { slot: free, interrupted: false };
  const given = new AbortController();
  let interrupted = false;
  if (client.isGone()) given.abort();
  client.onGone(() => given.abort());
  job.call.onInterrupt(() => {
    interrupted = true;
    given.abort();
  });
  const slot = await parts.upstream.slots.acquire(owner, given.signal);
  return { slot, interrupted };
}

function refuseUnsent(job: ForwardJob, client: ClientConnection, shutDown: boolean): void {
  const reason = client.isGone() ? 'client_gone' : shutDown ? 'shutdown' : 'upstream_busy';
  const status = client.isGone() ? 0 : job.refuse({ kind: shutDown ? 'shutting_down' : 'upstream_busy' });
  job.onEnd();
  job.call.finish({ kind: 'not_sent', reason }, { status, clientGone: client.isGone() });
}

interface Relay {
  events: Parameters<typeof startExchange>[3];
  attach(exchange: Exchange): void;
  onClientGone(): void;
  interrupt(how: 'shutdown' | ExhaustedReason): void;
}

function createRelay(parts: ForwardParts, job: ForwardJob, client: ClientConnection): Relay {
  const { timers } = parts;
  const sentAtMs = timers.nowMs();
  let exchange: Exchange | undefined;
  let sink: AnswerSink | undefined;
  let firstByteAtMs: number | undefined;
  let endDrain = (): void => undefined;
  const context: RelayContext = {
    parts,
    job,
    client,
    exchange: () => exchange as Exchange,
    head: { status: 0, headers: {} },
    trace: (status) => ({
      status,
      sentAtMs,
      firstByteAtMs,
      clientGone: client.isGone(),
      upstreamRequestId: readHeader(context.head.headers, 'request-id'),
    }),
  };
  return {
    events: {
      onHeaders(status, headers) {
        context.head = { status, headers };
        sink = status >= 200 && status < 300 ? createSuccessSink(context) : createErrorSink(context);
      },
      onChunk(chunk) {
        firstByteAtMs ??= timers.nowMs();
        sink?.push(chunk);
      },
      onEnd(how, error) {
        endDrain();
        job.onEnd();
        if (how !== 'ended') logEnd(parts, job, how, error);
        if (sink === undefined) endUnanswered(context, how, exchange?.wasSent() ?? false);
        else sink.end(how);
      },
    },
    attach(started) {
      exchange = started;
    },
    onClientGone() {
      const { onDisconnect } = job.call.facts.principal.account;
      const giveBack = onDisconnect === 'drain' ? parts.drains.take() : undefined;
      if (giveBack === undefined) return exchange?.abort('client_gone');
      const cancel = timers.after(parts.limits.disconnectDrainMs, () => exchange?.abort('client_gone'));
      endDrain = () => {
        cancel();
        giveBack();
      };
      // It may have been paused for the very client that left.
      exchange?.resume('slow_client');
    },
    interrupt: (how) => exchange?.abort(how),
  };
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
