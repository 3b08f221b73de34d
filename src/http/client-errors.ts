import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Timers } from '../metering/timers.ts';
import { writeEnvelope } from './envelope.ts';
import { answerRefusal, type Refusal } from './refusals.ts';
import { createRequestId } from './request-state.ts';

/**
 * Answers what never became a request: a malformed head, headers too large, a request not sent in time. The
 * connection is closed, for nothing more that comes on it can be trusted. A request whose answer has begun when the rest
 * of it turns out to be broken gets no second one.
 */
export function answerClientError(timers: Timers, error: Error & { code?: string }, socket: Socket): void {
  // What follows a request with `connection: close` is ignored (RFC 9112 section 9.6): its answer ends the connection.
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const current = (socket as AnsweringSocket)._httpMessage;
  if (current?.headersSent) {
    if (current.writableEnded) socket.end();
    else socket.destroy();
    return;
  }
  const answer = answerRefusal(toRefusal(error.code), { nowMs: timers.nowMs(), topUpHint: '' });
  const requestId = createRequestId(timers);
  const body = writeEnvelope(answer, requestId);
  socket.end(
    [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `request-id: ${requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** Node's own handler asks the same (lib/_http_server.js, socketOnError); there is no other way to ask it. */
interface AnsweringSocket extends Socket {
  _httpMessage?: ServerResponse | null;
}

function toRefusal(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { kind: 'request_timeout' };
  if (code === 'HPE_HEADER_OVERFLOW') return { kind: 'headers_too_large' };
  return { kind: 'malformed', reason: 'The request is not valid HTTP/1.1.' };
}
