import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { UsageReader } from '../anthropic/usage-reader.ts';
import type { Limits } from '../config/settings.ts';
import type { CallTrace, MeteredCall } from '../metering/metered-call.ts';
import type { Timers } from '../metering/timers.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { ClientConnection } from './client-connection.ts';
import type { DrainAllowance } from './drain-allowance.ts';
import type { Exchange, ExchangeEnd } from './exchange.ts';
import type { MarkPace } from './progress-marks.ts';
import type { Refusal } from './refusals.ts';
import type { Upstream } from './upstream.ts';
import type { OperatorAlert } from './upstream-error.ts';

/** What forwarding needs of the process. */
export interface ForwardParts {
  upstream: Upstream;
  timers: Timers;
  limits: Pick<Limits, 'upstreamSilenceMs' | 'callTotalMs' | 'disconnectDrainMs'>;
  drains: DrainAllowance;
  pace: MarkPace;
  /** `requestedModel` is priced only where the answer names none. */
  createUsageReader(contentType: string, requestedModel: string): UsageReader;
  metrics: Pick<Metrics, 'openStreams'>;
  logger: Pick<Logger, 'warn' | 'error'>;
  /** Something only the operator can mend: its upstream credit or key. May be called for every such answer. */
  onOperatorAlert(alert: OperatorAlert): void;
}

/** One admitted call to be forwarded. */
export interface ForwardJob {
  call: MeteredCall;
  response: ServerResponse;
  /** Answers with a refusal of ours. @returns the status sent. */
  refuse(refusal: Refusal): number;
  /** The upstream's connection has taken the whole request. */
  onSent(): void;
  /** The upstream's side has ended, or was never begun; a drained call's long after its client has left. */
  onEnd(): void;
}

/** What is sent upstream for a call. Nobody keeps it for the time of the answer. */
export interface ForwardRequest {
  /** Of the upstream, with the client's query string. */
  path: string;
  /** The client's headers, as they came. */
  rawHeaders: readonly string[];
  /** The client's bytes, as they came. */
  body: Buffer;
}

/** What the parts of a relay share. */
export interface RelayContext {
  parts: ForwardParts;
  job: ForwardJob;
  client: ClientConnection;
  exchange(): Exchange;
  /** The status and headers of the upstream's answer, once they are there. */
  head: { status: number; headers: IncomingHttpHeaders };
  /** The facts of the call so far, with the status the client was sent. */
  trace(status: number): CallTrace;
}

/** Takes the body of one answer. */
export interface AnswerSink {
  push(chunk: Buffer): void;
  /** Called once. Finishes the call and the response. */
  end(how: ExchangeEnd): void;
}
