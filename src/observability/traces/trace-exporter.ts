import { Agent, request } from 'undici';
import type { Logger } from '../create-logger.ts';
import { createCallSpan, type OtlpSpan, type TracedCall, toAttributes } from './call-span.ts';

export interface TraceExporterOptions {
  /** Base URL of an OTLP/HTTP receiver; spans go to `/v1/traces` below it. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  serviceName: string;
  version: string;
  every: (intervalMs: number, run: () => void) => () => void;
  /** Spans that were taken, or given up. */
  onSpans: (result: SpanResult, count: number) => void;
  logger: Pick<Logger, 'warn' | 'info'>;
}

/** `dropped`: the queue was full, or the receiver did not take them. */
export type SpanResult = 'exported' | 'dropped';

export interface TraceExporter {
  /** Takes an ended call; a span goes out later. Never throws, never waits. */
  callEnded(call: TracedCall): void;
  /** Sends what is queued, now. Resolves when it is sent or given up. */
  flush(): Promise<void>;
  /** Sends what is left, once, and ends. */
  close(): Promise<void>;
}

/** The specification's defaults for batches: 2048 queued, 512 at once, every 5 s, 10 s for an answer. */
const QUEUED_AT_MOST = 2_048;
const BATCH_AT_MOST = 512;
const INTERVAL_MS = 5_000;
const TIMEOUT_MS = 10_000;
const LAST_TIMEOUT_MS = 2_000;
const ANSWER_BYTES_AT_MOST = 16_384;
/** Worth another try. Source: the OTLP specification, "Failures", OTLP/HTTP. */
const TRY_AGAIN = [429, 502, 503, 504];

type Reply = 'taken' | 'refused' | 'away';

/**
 * Carries spans to an OTLP/HTTP receiver, as JSON, in batches and off the path of any answer. A receiver that is away
 * keeps them queued up to a bound; then the newest are dropped, and counted.
 */
export function createTraceExporter(options: TraceExporterOptions): TraceExporter {
  const queue: OtlpSpan[] = [];
  const post = createPoster(options);
  let sending: Promise<void> | undefined;
  let isAway = false;

  const note = (reply: Reply): void => {
    const away = reply === 'away';
    if (away !== isAway && away) options.logger.warn('the receiver of traces does not answer');
    if (away !== isAway && !away) options.logger.info('the receiver of traces answers again');
    isAway = away;
  };
  const sendAll = async (timeoutMs: number): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH_AT_MOST);
      const reply = await post(batch, timeoutMs);
      note(reply);
      if (reply === 'away') return;
      queue.splice(0, batch.length);
      options.onSpans(reply === 'taken' ? 'exported' : 'dropped', batch.length);
    }
  };
  const flush = (timeoutMs = TIMEOUT_MS): Promise<void> => {
    sending ??= sendAll(timeoutMs).finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const stop = options.every(INTERVAL_MS, () => void flush());
  return {
    callEnded(call) {
      if (call.context?.sampled === false) return;
      if (queue.length >= QUEUED_AT_MOST) return options.onSpans('dropped', 1);
      queue.push(createCallSpan(call));
      if (queue.length >= BATCH_AT_MOST && !isAway) void flush();
    },
    flush: () => flush(),
    async close() {
      stop();
      await (sending ?? Promise.resolve());
      await flush(LAST_TIMEOUT_MS);
      if (queue.length > 0) options.onSpans('dropped', queue.length);
      queue.length = 0;
      await post.close();
    },
  };
}

function createPoster({ endpoint, headers, serviceName, version }: TraceExporterOptions) {
  const agent = new Agent({ allowH2: false, connections: 1, connect: { rejectUnauthorized: true } });
  const resource = { attributes: toAttributes({ 'service.name': serviceName, 'service.version': version }) };
  const post = async (spans: readonly OtlpSpan[], timeoutMs: number): Promise<Reply> => {
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'tollgate', version }, spans }] }] };
    try {
      const answer = await request(`${endpoint}/v1/traces`, {
        method: 'POST',
        dispatcher: agent,
        signal: AbortSignal.timeout(timeoutMs),
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': `tollgate/${version}` },
        body: JSON.stringify(body),
      });
      await answer.body.dump({ limit: ANSWER_BYTES_AT_MOST }).catch(() => undefined);
      if (answer.statusCode >= 200 && answer.statusCode < 300) return 'taken';
      return TRY_AGAIN.includes(answer.statusCode) ? 'away' : 'refused';
    } catch {
      // Its state is told by the reply, once per outage; the message could carry the URL.
      return 'away';
    }
  };
  return Object.assign(post, { close: () => agent.destroy() });
}
