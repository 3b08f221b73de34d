import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorAnswer, writeEnvelope } from './envelope.ts';
import { endTogether } from './write-together.ts';

/** Writes an error answer in the API's envelope, with our own request id, on a response that nothing was sent of. */
export function sendErrorAnswer(response: ServerResponse, answer: ErrorAnswer, requestId: string): void {
  sendWhole(
    response,
    answer.status,
    { 'content-type': 'application/json', ...answer.headers, 'request-id': requestId },
    Buffer.from(writeEnvelope(answer, requestId)),
  );
}

/** Writes a whole answer, unless the client has left. The headers are completed. */
export function sendWhole(response: ServerResponse, status: number, headers: OutgoingHttpHeaders, body: Buffer): void {
  if (response.destroyed || response.headersSent) return;
  headers['content-length'] = body.byteLength;
  response.writeHead(status, headers);
  endTogether(response, body);
}
