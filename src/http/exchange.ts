import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { ExhaustedReason } from '../domain/call-outcome.ts';
import type { Timers } from '../metering/timers.ts';
import type { ConnectionSlot } from './connection-slots.ts';
import { isLetGo, OneTimeBody } from './one-time-body.ts';
import type { Upstream } from './upstream.ts';

/** One metered request to the upstream and its answer. */
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
  /** The connection has taken the whole request. */
  onSent(): void;
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

/** Sends a request and reports what comes back. The client is used by `dispatch`, which adds no buffering of its own. */
export function startExchange(
  upstream: Upstream,
  timers: Timers,
  request: ExchangeRequest,
  events: ExchangeEvents,
): Exchange {
  const { method, path, headers, body, slot, totalMs } = request;
  const client = upstream.clients.take();
  const exchange = new UpstreamExchange(events, () => {
    upstream.clients.giveBack(client);
    slot.release();
  });
  exchange.limitTo(timers, totalMs);
  try {
    client.dispatch({ method, path, headers, body: isLetGo(body) ? letGoOf(body, headers) : body }, exchange);
  } catch (error) {
    exchange.end('unsendable', error as Error);
  }
  return exchange;
}

/** undici takes an iterable, though its types do not say so, and is told the length of what it cannot look into. */
function letGoOf(body: Buffer, headers: string[]): Buffer {
  headers.push('content-length', `${body.byteLength}`);
  return new OneTimeBody(body) as unknown as Buffer;
}

/** Itself what the client reports to: a call needs one object for both. */
class UpstreamExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #events: ExchangeEvents;
  readonly #letGo: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #cancelTotal: (() => void) | undefined;
  #aborted: ExchangeEnd | undefined;
  #wasSent = false;
  #hasHeaders = false;
  #hasEnded = false;
  #isClientSlow = false;
  #isHoldShort = false;

  /** @param letGo gives the connection back. */
  constructor(events: ExchangeEvents, letGo: () => void) {
    this.#events = events;
    this.#letGo = letGo;
  }

  limitTo(timers: Timers, totalMs: number): void {
    this.#cancelTotal = timers.after(totalMs, () => this.abort('expired'));
  }

  wasSent(): boolean {
    return this.#wasSent;
  }

  pause(cause: PauseCause): void {
    this.#setPaused(cause, true);
    this.#controller?.pause();
  }

  resume(cause: PauseCause): void {
    const wasPaused = this.#isClientSlow || this.#isHoldShort;
    this.#setPaused(cause, false);
    if (wasPaused && !this.#isClientSlow && !this.#isHoldShort) this.#controller?.resume();
  }

  abort(how: ExchangeEnd): void {
    if (this.#hasEnded || this.#aborted !== undefined) return;
    this.#aborted = how;
    this.#controller?.abort(new Error(`exchange aborted: ${how}`));
    // The client reports an abort at once, but not before it has made a controller.
    this.end(how);
  }

  end(how: ExchangeEnd, error?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelTotal?.();
    this.#letGo();
    this.#events.onEnd(how, error);
  }

  onRequestStart(started: Dispatcher.DispatchController): void {
    this.#controller = started;
    if (this.#aborted !== undefined) started.abort(new Error(`exchange aborted: ${this.#aborted}`));
  }

  /** The body is one piece. What the connection has not taken of it yet may go out any time. */
  onBodySent(): void {
    this.#wasSent = true;
  }

  onRequestSent(): void {
    this.#wasSent = true;
    this.#events.onSent();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Slices of what was read, two for each header, which would be kept as long as the answer lasts.
    controller.rawHeaders = null;
    // Interim answers (RFC 9110 section 15.2) say nothing about the final one.
    if (this.#hasEnded || status < 200) return;
    this.#hasHeaders = true;
    this.#events.onHeaders(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#hasEnded) this.#events.onChunk(chunk);
  }

  onResponseEnd(): void {
    this.end('ended');
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.end(this.#aborted ?? nameFault(error, this.#hasHeaders), error);
  }

  #setPaused(cause: PauseCause, paused: boolean): void {
    if (cause === 'slow_client') this.#isClientSlow = paused;
    else this.#isHoldShort = paused;
  }
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
