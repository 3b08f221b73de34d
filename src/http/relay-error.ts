import type { AnswerSink, RelayContext } from './forward-types.ts';
import { createClientHeaders } from './headers.ts';
import { sendWhole } from './send-answer.ts';
import { judgeUpstreamError } from './upstream-error.ts';

/** Larger than any error of the API; what is longer is some other server's page. */
const ERROR_BODY_BYTES = 256 * 1_024;

/**
 * A fault of the API that comes after so long may end a request it had worked on. Failed requests are not charged by its
 * own rule; that this one counts as failed is not certain.
 */
const LONG_WORK_MS = 10_000;

/**
 * Takes an answer that is not a success: read whole, judged, and passed on or put in our own words. One that goes on for
 * longer than the upstream may be silent, or grows larger than any of the API, is broken off and judged by what came: no
 * connection and no hold waits for its end.
 */
export function createErrorSink(context: RelayContext): AnswerSink {
  const { job, head, parts, client } = context;
  const chunks: Buffer[] = [];
  const beganAtMs = parts.timers.nowMs();
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.byteLength;
      if (bytes <= ERROR_BODY_BYTES) chunks.push(chunk);
      else context.exchange().abort('cut');
      // Where nothing more comes at all, the silence itself is ended.
      if (parts.timers.nowMs() - beganAtMs > parts.limits.upstreamSilenceMs) context.exchange().abort('silent');
    },
    end() {
      const body = Buffer.concat(chunks);
      const verdict = judgeUpstreamError(head.status, head.headers, body);
      let status = client.isGone() ? 0 : head.status;
      if (verdict.action === 'refuse') {
        if (verdict.alert !== undefined) parts.onOperatorAlert(verdict.alert);
        status = client.isGone() ? 0 : job.refuse(verdict.refusal);
      } else {
        const headers = { 'request-id': job.call.facts.requestId, ...createClientHeaders(head.headers) };
        sendWhole(job.response, head.status, headers, body);
      }
      const trace = context.trace(status);
      const workedMs = parts.timers.nowMs() - (trace.sentAtMs ?? parts.timers.nowMs());
      const doubtful = head.status >= 500 && workedMs >= LONG_WORK_MS;
      job.call.finish({ kind: 'upstream_error', status: head.status, ...(doubtful ? { doubtful: true } : {}) }, trace);
    },
  };
}
