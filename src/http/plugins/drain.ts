import type { FastifyInstance } from 'fastify';
import type { PublicParts } from '../public-parts.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';

/**
 * While the process closes, new requests are refused and told to come back, on a connection that closes: a load
 * balancer then sends them elsewhere. Liveness and readiness still answer.
 */
export function refuseWhileClosing(app: FastifyInstance, parts: RefusalParts & Pick<PublicParts, 'isClosing'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const id = request.tollgate.route?.id;
    if (!parts.isClosing() || id === 'livez' || id === 'readyz') done();
    else refuseRequest(parts, request, reply.header('connection', 'close'), { kind: 'shutting_down' });
  });
}
