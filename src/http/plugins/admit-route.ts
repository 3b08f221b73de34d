import type { FastifyInstance } from 'fastify';
import { findPublicRoute } from '../public-routes.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';
import '../request-state.ts';

/** Refuses every (method, path) that is not on the allow-list, on the raw target, before the router decodes it. */
export function admitRoutes(app: FastifyInstance, parts: RefusalParts): void {
  app.addHook('onRequest', (request, reply, done) => {
    const match = findPublicRoute(request.raw.method ?? '', request.raw.url ?? '');
    if (match.result === 'found') {
      request.tollgate.route = match.route;
      done();
    } else if (match.result === 'not_found') refuseRequest(parts, request, reply, { kind: 'route_not_found' });
    else refuseRequest(parts, request, reply, { kind: 'method_not_allowed', allow: match.allow });
  });
}
