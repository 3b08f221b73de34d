import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { createId } from '../directory/create-id.ts';
import { type Authenticator, createAuthenticator } from './access/authenticator.ts';
import { authorize, type SessionCallers } from './access/authorize.ts';
import { addBounds } from './access/bounds.ts';
import { requirePermissions } from './access/route-permission.ts';
import type { AdminApp, AdminParts } from './admin-parts.ts';
import { answerFault } from './answer-faults.ts';
import { addAuditedWrites } from './audit-writes.ts';
import { compileValidator } from './compile-validator.ts';
import { addConsoleRoutes } from './console/console-routes.ts';
import { addIdempotentWrites } from './idempotent-writes.ts';
import { openapiOptions } from './openapi-options.ts';
import { refuse } from './problem.ts';
import { addBodyReading } from './read-body.ts';
import { SHARED_SCHEMAS } from './route-schemas.ts';
import { addAccountRoutes } from './routes/account-routes.ts';
import { addAlertChannelRoutes } from './routes/alert-channel-routes.ts';
import { addAlertDeliveryRoutes } from './routes/alert-delivery-routes.ts';
import { addAlertRoutes } from './routes/alert-routes.ts';
import { addAuditRoutes } from './routes/audit-routes.ts';
import { addCallRoutes } from './routes/call-routes.ts';
import { addCorrectionRoutes } from './routes/correction-routes.ts';
import { addGrantRoutes } from './routes/grant-routes.ts';
import { addHealthRoutes } from './routes/health-routes.ts';
import { addJournalRoutes } from './routes/journal-routes.ts';
import { addKeyRoutes } from './routes/key-routes.ts';
import { addMemberRoutes } from './routes/member-routes.ts';
import { addOperationsRoutes } from './routes/operations-routes.ts';
import { addQuotaRoutes } from './routes/quota-routes.ts';
import { addReconciliationRoutes } from './routes/reconciliation-routes.ts';
import { addRefundRoutes } from './routes/refund-routes.ts';
import { addReloadRoutes } from './routes/reload-routes.ts';
import { addRunwayRoutes } from './routes/runway-routes.ts';
import { addStatementRoutes } from './routes/statement-routes.ts';
import { addTeamRoutes } from './routes/team-routes.ts';
import { addTokenRoutes } from './routes/token-routes.ts';
import { addUsageRoutes } from './routes/usage-routes.ts';
import { createConsoleFiles, isPageVisit } from './web/asset-routes.ts';
import { addConsole, createSignedIn } from './web/console-app.ts';
import { pressForBrowsers } from './web/press-answers.ts';
import { findSessionCallers } from './web/signed-in.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_PARAM_CHARACTERS = 128;

/**
 * The app of the admin listener: `/admin/v1/*` and `/v1/organizations/*` behind the token, `/metrics`, `/livez`, `/readyz` without,
 * and the console.
 * It is not listening yet.
 * @throws RangeError when the admin token is empty.
 */
export function createAdminApp(parts: AdminParts): AdminApp {
  const app: AdminApp = fastify(serverOptions(parts)).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileValidator);
  // The presenters compose every answer by name, and the tests hold each against the document.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.setErrorHandler(answerFault);
  const files = createConsoleFiles();
  app.setNotFoundHandler((request, reply) =>
    isPageVisit(request)
      ? files.sendPage(request, reply.code(404))
      : refuse(reply, 'not_found', `There is no ${request.method} call here.`),
  );
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  for (const [name, schema] of Object.entries(SHARED_SCHEMAS)) app.addSchema({ ...schema, $id: name });
  app.register(swagger, openapiOptions(parts.version));
  app.register(async (scope) => addOperationsRoutes(scope, parts));
  app.decorateRequest('caller');
  app.decorateRequest('viewer');
  app.decorateRequest('viewerClaims');
  const authenticator = createAuthenticator(parts);
  const signedIn = createSignedIn(parts, authenticator);
  app.register(async (scope: AdminApp) => addApi(scope, parts, { ...authenticator, ...findSessionCallers(signedIn) }), {
    prefix: '/admin/v1',
  });
  app.register(async (scope: AdminApp) => addConsoleRoutes(scope, parts, authenticator), {
    prefix: '/v1/organizations',
  });
  addConsole(app, parts, signedIn, files);
  return app;
}

function addApi(scope: AdminApp, parts: AdminParts, access: Authenticator & SessionCallers): void {
  requirePermissions(scope);
  scope.addHook('onRequest', authorize(access));
  scope.addHook('onResponse', logWrite);
  pressForBrowsers(scope);
  addBodyReading(scope);
  addIdempotentWrites(scope, parts);
  addBounds(scope, parts);
  addAuditedWrites(scope, parts);
  scope.get('/openapi.json', { schema: { hide: true }, config: { public: true } }, async () => scope.swagger());
  addAccountRoutes(scope, parts);
  addGrantRoutes(scope, parts);
  addTeamRoutes(scope, parts);
  addMemberRoutes(scope, parts);
  addKeyRoutes(scope, parts);
  addQuotaRoutes(scope, parts);
  addTokenRoutes(scope, parts);
  addJournalRoutes(scope, parts);
  addUsageRoutes(scope, parts);
  addStatementRoutes(scope, parts);
  addRunwayRoutes(scope, parts);
  addReloadRoutes(scope, parts);
  addRefundRoutes(scope, parts);
  addCorrectionRoutes(scope, parts);
  addReconciliationRoutes(scope, parts);
  addAlertRoutes(scope, parts);
  addAlertChannelRoutes(scope, parts);
  addAlertDeliveryRoutes(scope, parts);
  addAuditRoutes(scope, parts);
  addCallRoutes(scope, parts);
  addHealthRoutes(scope, parts);
}

/** Who may spend what is changed here, so each change leaves a line, refused ones too. */
async function logWrite(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const { account_id: account } = request.params as { account_id?: string };
  const { method, routeOptions } = request;
  const facts = { method, route: routeOptions.url, account, status: reply.statusCode };
  request.log.info({ ...facts, actor: request.caller?.actor }, 'admin write');
}

function serverOptions({ logger, clock }: AdminParts): FastifyHttpOptions<RawServerDefault, FastifyBaseLogger> {
  return {
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    // One line per write, below, in place of two per scrape.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS },
    routerOptions: { maxParamLength: MAX_PARAM_CHARACTERS },
    exposeHeadRoutes: false,
    requestIdHeader: false,
    genReqId: () => createId('req', clock()),
    frameworkErrors: (error, request, reply) => {
      answerFault(error, request, reply);
    },
  };
}
