import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { writeIndexPage } from '../write-index-page.ts';

/**
 * What an operator's machines ask without a token: liveness, readiness, metrics, and a page that says where things are.
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
  const page = writeIndexPage(parts.version);
  app.get('/', { schema }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
      .send(page),
  );
}
