import type { AdminApp, AdminParts } from '../admin-parts.ts';

/**
 * What an operator's machines ask without a token: liveness, readiness and metrics.
 * Prometheus scrapes without a secret by custom; the listener is bound to the loopback address unless told otherwise.
 */
export function addOperationsRoutes(app: AdminApp, parts: AdminParts): void {
  const schema = { hide: true };
  app.get('/livez', { schema }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema }, async (_request, reply) => {
    const { ready, checks } = await parts.readiness();
    reply.code(ready ? 200 : 503);
    return { status: ready ? 'ok' : 'not_ready', checks };
  });
  app.get('/metrics', { schema }, async (request, reply) => {
    const { contentType, body } = await parts.metricsText(request.headers.accept);
    return reply.header('content-type', contentType).send(body);
  });
}
