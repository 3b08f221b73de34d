import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AccountWithoutBooks, refuseWithoutBooks } from './find-account-books.ts';
import { describeFieldErrors, refuse } from './problem.ts';
import { BodyMalformed, RequestInvalid } from './request-invalid.ts';

/** Codes of faults that mean "unknown, send it again", never "no". */
const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  'LEDGER_UNAVAILABLE',
  'DIRECTORY_UNAVAILABLE',
  'ALERT_STORE_UNAVAILABLE',
]);

/** Turns whatever was thrown into a problem. What is not the caller's doing is logged and told apart by its code only. */
export function answerFault(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof RequestInvalid) {
    return refuse(reply, 'invalid_request', describeFieldErrors(error.errors), error.errors);
  }
  if (error instanceof BodyMalformed) return refuse(reply, 'malformed_body', `${capitalize(error.message)}.`);
  if (error instanceof AccountWithoutBooks) {
    request.log.error({ err: error }, 'an account has lost its books');
    return refuseWithoutBooks(reply);
  }
  if (error.code === 'LEDGER_UNACKNOWLEDGED') {
    request.log.error({ err: error }, 'write not acknowledged');
    const next =
      request.headers['idempotency-key'] === undefined
        ? 'It had no Idempotency-Key: look whether it is there before you send it again.'
        : 'Send it again with the same Idempotency-Key.';
    return refuse(reply, 'store_unacknowledged', `It was begun and goes on when it is sent again. ${next}`);
  }
  if (UNAVAILABLE_CODES.has(error.code)) {
    request.log.error({ err: error }, 'store unavailable');
    return refuse(reply, 'store_unavailable', 'Whether the call took effect is not known. Send it again unchanged.');
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse(reply, 'body_too_large', 'At most 1 MiB is read.');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return refuse(reply, 'unsupported_media_type', 'Send "content-type: application/json".');
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return refuse(reply, 'invalid_request', `${capitalize(error.message)}.`);
  }
  request.log.error({ err: error }, 'admin call failed');
  return refuse(reply, 'internal', `The log has more under request ${request.id}.`);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
