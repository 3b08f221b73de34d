import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Principal } from '../directory/directory.ts';
import { type AskUpstream, createAskUpstream, refusalOfError } from './ask-upstream.ts';
import type { PublicParts } from './public-parts.ts';
import { refuseRequest, routeLabel } from './refuse-request.ts';
import { UpstreamFailed } from './upstream-failed.ts';

/**
 * Opens a scope for the routes of what lies with the upstream: their bodies are passed on as they come, and what the
 * upstream's side throws is told by name.
 */
export async function addStoredScope(
  app: FastifyInstance,
  parts: PublicParts,
  addRoutes: (scope: FastifyInstance, ask: AskUpstream) => void,
): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.setErrorHandler((error: Error, request, reply) => {
      // The rest is the whole listener's to answer.
      if (!(error instanceof UpstreamFailed)) throw error;
      return refuseRequest(parts, request, reply, refusalOfError(error));
    });
    addRoutes(scope, createAskUpstream(parts));
    scope.addHook('onResponse', async ({ tollgate }, { statusCode: status }) => {
      if (!tollgate.forwarded) return;
      const route = routeLabel(tollgate.route?.id) as 'batches' | 'files';
      parts.metrics.requestForwarded({ route, status, outcome: status < 400 ? 'completed' : 'upstream_error' });
    });
  });
}

/** Whose the request is; every route of such a scope is for callers with a key. */
export function accountOf(request: FastifyRequest): string {
  return (request.tollgate.principal as Principal).account.id;
}
