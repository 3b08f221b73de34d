import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { ExhaustedReason } from '../domain/call-outcome.ts';
import type { Timers } from '../metering/timers.ts';
import type { ConnectionSlot } from './connection-slots.ts';
import type { Upstream } from './upstream.ts';

/**
 * One metered request to the upstream and its answer. Made for each call, hence without accessors: an object literal that
 * has one gets a shape of its own in the old generation, which keeps alive what the accessor sees until a full collection.
 */
export interface Exchange {
  /** The whole request was handed to a connection: from here on the API may bill it. */
  wasSent(): boolean;
  /** Stops reading until no cause is left: see {@link resume}. */
  pause(cause: PauseCause): void;
  resume(cause: PauseCause): void;
  /** Ends it now with this cause, unless it has ended. */
  abort(end: ExchangeEnd): void;
}

/** The client is slower than the upstream; the call's hold does not cover what comes next. */
export type PauseCause = 'slow_client' | 'short_hold';

export interface ExchangeEvents {
  onHeaders(status: number, headers: IncomingHttpHeaders): void;
  onChunk(chunk: Buffer): void;
  /** Called exactly once, last. */
  onEnd(end: ExchangeEnd, error?: Error): void;
}

/** How the upstream's side of an exchange ended. */
export type ExchangeEnd =
  /** The answer's last byte came. */
  | 'ended'
  /** No connection: refused, unknown host, bad certificate, too slow to connect. */
  | 'unreachable'
  /** No headers in time. */
  | 'slow'
  /** Nothing for too long, within the answer. */
  | 'silent'
  /** The connection broke, or what came was no HTTP. */
  | 'cut'
  /** The call's longest life passed. */
  | 'expired'
  /** The client left and the call is not read on. */
  | 'client_gone'
  | 'shutdown'
  | ExhaustedReason
  /** The request cannot be written as HTTP (a character of its query string or a header). */
  | 'unsendable';

export interface ExchangeRequest {
  method: string;
  /** With its query string. */
  path: string;
  headers: string[];
  body: Buffer;
  /** Given back when the exchange ends. */
  slot: ConnectionSlot;
  totalMs: number;
}

/** Sends a request and reports what comes back. The agent is used by `dispatch`, which adds no buffering of its own. */
export function startExchange(
  upstream: Upstream,
  timers: Timers,
  request: ExchangeRequest,
  events: ExchangeEvents,
): Exchange {
  let controller: Dispatcher.DispatchController | undefined;
  let aborted: ExchangeEnd | undefined;
  let wasSent = false;
  let hasHeaders = false;
  let hasEnded = false;
  const pauses = new Set<PauseCause>();

  const end = (how: ExchangeEnd, error?: Error): void => {
    if (hasEnded) return;
    hasEnded = true;
    cancelTotal();
    request.slot.release();
    events.onEnd(how, error);
  };
  const abort = (how: ExchangeEnd): void => {
    if (hasEnded || aborted !== undefined) return;
    aborted = how;
    controller?.abort(new Error(`exchange aborted: ${how}`));
    // The agent reports an abort at once, but not before it has made a controller.
    end(how);
  };
  const cancelTotal = timers.after(request.totalMs, () => abort('expired'));

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (aborted !== undefined) started.abort(new Error(`exchange aborted: ${aborted}`));
    },
    onRequestSent() {
      wasSent = true;
    },
    onResponseStart(_, status, headers) {
      // Interim answers (RFC 9110 section 15.2) say nothing about the final one.
      if (hasEnded || status < 200) return;
      hasHeaders = true;
      events.onHeaders(status, headers);
    },
    onResponseData(_, chunk) {
      if (!hasEnded) events.onChunk(chunk);
    },
    onResponseEnd: () => end('ended'),
    onResponseError: (_, error) => end(aborted ?? nameFault(error, hasHeaders), error),
  };
  try {
    const { method, path, headers, body } = request;
    upstream.agent.dispatch({ origin: upstream.origin, method, path, headers, body }, handler);
  } catch (error) {
    end('unsendable', error as Error);
  }
  return {
    wasSent: () => wasSent,
    pause(cause) {
      pauses.add(cause);
      controller?.pause();
    },
    resume(cause) {
      if (pauses.delete(cause) && pauses.size === 0) controller?.resume();
    },
    abort,
  };
}

/** What an error of undici or of the socket means here. Source: undici's error codes. */
export function nameFault(error: Error, hasHeaders: boolean): ExchangeEnd {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'unsendable';
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return 'slow';
  if (code === 'UND_ERR_BODY_TIMEOUT') return 'silent';
  if (hasHeaders) return 'cut';
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(code) || code.startsWith('HPE_') ? 'cut' : 'unreachable';
}
