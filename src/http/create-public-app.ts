import Fastify, { type FastifyInstance } from 'fastify';
import { createAdmissionControl } from './admission/admission-control.ts';
import { answerClientError } from './client-errors.ts';
import { createDrainAllowance } from './drain-allowance.ts';
import { makeLast, offersUpgrade } from './last-request.ts';
import { admitRoutes } from './plugins/admit-route.ts';
import { answerFaults } from './plugins/answer-faults.ts';
import { authenticateCallers } from './plugins/authenticate.ts';
import { controlLoad } from './plugins/control-load.ts';
import { refuseWhileClosing } from './plugins/drain.ts';
import { takeRawBodies } from './plugins/raw-body.ts';
import { HEADERS_AT_MOST, refuseAmbiguous } from './plugins/refuse-ambiguous.ts';
import { createMarkPace } from './progress-marks.ts';
import type { PublicParts } from './public-parts.ts';
import { refuseRequest } from './refuse-request.ts';
import { addRequestState, createRequestId, createRequestState } from './request-state.ts';
import { addBatchRoutes } from './routes/batch-routes.ts';
import { addFileRoutes } from './routes/file-routes.ts';
import { addFreeRoutes } from './routes/free-routes.ts';
import { addMessagesRoute } from './routes/messages-route.ts';
import { addOwnRoutes } from './routes/own-routes.ts';
import { watchStalls } from './stall-watch.ts';

export type { PublicParts } from './public-parts.ts';

/** Room for long lists of betas; Node's own default is half of it. */
const HEADER_BYTES = 32 * 1_024;
/** How often Node looks for requests that are not sent in time; its default of 30 s would let them live on. */
const CONNECTION_CHECK_MS = 1_000;

/**
 * The public listener: the Claude API's routes on the allow-list, and Tollgate's own. To be listened on and closed by
 * the caller; when it is closed, running answers go on to their end.
 */
export async function createPublicApp(parts: PublicParts): Promise<FastifyInstance> {
  const app = createServerApp(parts);
  watchStalls(app.server, parts.timers, parts.limits.upstreamSilenceMs);
  app.server.maxConnections = parts.limits.maxConnections;
  // One more than is taken, so that too many are seen: Node drops what is beyond.
  app.server.maxHeadersCount = HEADERS_AT_MOST + 1;
  // In the order in which a request passes them.
  addRequestState(app, parts.timers);
  refuseAmbiguous(app, parts);
  admitRoutes(app, parts);
  refuseWhileClosing(app, parts);
  authenticateCallers(app, parts);
  controlLoad(app, { ...parts, admission: createAdmissionControl(parts) });
  takeRawBodies(app, parts.limits.messagesBodyBytes);
  answerFaults(app, parts);
  const drains = createDrainAllowance(parts.limits.disconnectDrains);
  addMessagesRoute(app, parts, { ...parts, drains, pace: createMarkPace() });
  addOwnRoutes(app, parts);
  await addFreeRoutes(app, parts);
  await addFileRoutes(app, parts);
  await addBatchRoutes(app, parts);
  return app;
}

function createServerApp(parts: PublicParts): FastifyInstance {
  const { limits, timers } = parts;
  return Fastify({
    // We write one line per call ourselves.
    logger: false,
    genReqId: () => createRequestId(timers),
    requestIdHeader: false,
    trustProxy: false,
    exposeHeadRoutes: false,
    bodyLimit: limits.messagesBodyBytes,
    // The time to receive a request; an answer may take as long as the call's own limits let it.
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Targets that fastify's router cannot read; they come past no hook.
    frameworkErrors(_error, request, reply) {
      request.tollgate = createRequestState(request.id, timers);
      if (offersUpgrade(request.raw)) makeLast(request, reply);
      void refuseRequest(parts, request, reply, { kind: 'route_not_found' });
    },
    clientErrorHandler: (error, socket) => answerClientError(timers, error, socket),
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false },
    http: {
      noDelay: true,
      keepAlive: true,
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
    },
  });
}
