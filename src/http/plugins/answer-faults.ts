import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import { LedgerUnavailable } from '../../ledger/ledger.ts';
import { BodyTooLarge } from '../limited-body.ts';
import type { PublicParts } from '../public-parts.ts';
import type { Refusal } from '../refusals.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';
import { BodyBroken, BodyMemoryFull } from './raw-body.ts';

type FaultParts = RefusalParts & Pick<PublicParts, 'limits'>;

/** Puts every fault, fastify's own included, into the envelope. What is not the caller's doing is logged. */
export function answerFaults(app: FastifyInstance, parts: FaultParts): void {
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    if (error instanceof BodyTooLarge || error instanceof BodyMemoryFull) letBodyPass(parts, request, reply);
    return refuseRequest(parts, request, reply, toRefusal(parts, request, error));
  });
  app.setNotFoundHandler((request, reply) => refuseRequest(parts, request, reply, { kind: 'route_not_found' }));
}

function toRefusal(
  { limits, logger }: FaultParts,
  request: FastifyRequest,
  error: Error & { code?: string; statusCode?: number },
): Refusal {
  if (error instanceof BodyTooLarge) return { kind: 'body_too_large', limitBytes: limits.messagesBodyBytes };
  if (error instanceof BodyMemoryFull) return { kind: 'overloaded', cause: 'body_memory' };
  if (error instanceof BodyBroken) return { kind: 'malformed', reason: 'The body of this request broke off.' };
  if (error instanceof LedgerUnavailable) return { kind: 'ledger_unavailable' };
  if (error instanceof DirectoryUnavailable) return { kind: 'directory_unavailable' };
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return { kind: 'malformed', reason: 'The request is malformed: its body or its content type cannot be read.' };
  }
  logger.error({ err: error, request_id: request.id }, 'a request failed');
  return { kind: 'internal' };
}

/**
 * Most clients send their whole body before they look at the answer; closing on them would lose it. What still comes
 * is thrown away, up to as much again as is allowed, before the connection is broken off.
 */
function letBodyPass({ limits }: FaultParts, request: FastifyRequest, reply: FastifyReply): void {
  let left = limits.messagesBodyBytes;
  reply.removeHeader('connection');
  request.raw.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.raw.destroy();
  });
}
