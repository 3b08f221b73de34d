import type { FastifyReply, FastifyRequest } from 'fastify';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import { type AccountsGroup, type AccountsRow, ROWS_AT_MOST } from '../../reports/accounts-rows.ts';
import { sumAccounts } from '../../reports/sum-accounts.ts';
import { type MinutesRefusal, sumMinutes } from '../../reports/sum-minutes.ts';
import { type Authenticator, readBearer } from '../access/authenticator.ts';
import { type Caller, mayDo, reachesAccount } from '../access/caller.ts';
import { isScopeServed, requirePermissions } from '../access/route-permission.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import {
  COST_REPORT,
  type ConsoleQuery,
  type ConsoleReportKind,
  readConsoleQuery,
  USAGE_REPORT,
} from './console-query.ts';
import { presentBuckets, presentCost, presentCostLines, presentUsageResult } from './present-console-report.ts';

/** Without `workspace_ids` a report reads every account. */
const ACCOUNTS_AT_MOST = 1_000;
const PAGE = 200;
const HOUR_MS = 3_600_000;

/**
 * The Admin API's reports over what Tollgate has charged, read only, for tools that were written for the Console: an
 * account is a workspace. A token is taken as `x-api-key` too, and errors have the API's shape. One of an account has
 * that account's figures alone.
 */
export function addConsoleRoutes(scope: AdminApp, parts: AdminParts, authenticator: Authenticator): void {
  requirePermissions(scope);
  scope.addHook('onRequest', async (request, reply) => {
    const { authorization, 'x-api-key': apiKey } = request.headers;
    const caller = await findCaller(authenticator, [readBearer(authorization), apiKey]);
    if (caller === undefined) return answerError(request, reply, 401, 'authentication_error', 'invalid x-api-key');
    const { url, config } = request.routeOptions;
    if (!mayDo(caller, 'usage.read') || !isScopeServed(caller.scope.type, { url, config })) {
      return answerError(request, reply, 403, 'permission_error', 'this token may not read the reports');
    }
    request.caller = caller;
    return undefined;
  });
  scope.setErrorHandler((error, request, reply) => {
    request.log.error({ err: error }, 'a report failed');
    if (error instanceof DirectoryUnavailable) {
      return answerError(request, reply, 503, 'api_error', 'the store does not answer; try again');
    }
    return answerError(request, reply, 500, 'api_error', 'the report failed; the log has more');
  });
  const options = { schema: { hide: true }, config: { permission: 'usage.read', narrowest: 'account' } } as const;
  scope.get('/usage_report/messages', options, (request, reply) =>
    answerReport(parts, USAGE_REPORT, request, reply, (query) => {
      const groups = groupsOf(query);
      return (row) => [presentUsageResult(row, groups)];
    }),
  );
  scope.get('/cost_report', options, (request, reply) =>
    answerReport(parts, COST_REPORT, request, reply, ({ groupBy }) =>
      groupBy.has('description') ? presentCostLines : presentCost,
    ),
  );
}

async function answerReport(
  parts: AdminParts,
  kind: ConsoleReportKind,
  request: FastifyRequest,
  reply: FastifyReply,
  presenterOf: (query: ConsoleQuery) => (row: AccountsRow) => object[],
): Promise<unknown> {
  const refuse = (message: string) => answerError(request, reply, 400, 'invalid_request_error', message);
  const query = readConsoleQuery(request.query, kind, parts.clock());
  if (typeof query === 'string') return refuse(query);
  const accounts = await findAccounts(parts, request.caller, query);
  if (accounts === undefined) return refuse(`workspace_ids: there are more than ${ACCOUNTS_AT_MOST}: name some`);
  const question = { ...query, accounts, groupBy: groupsOf(query) };
  const rows =
    query.bucketMs < HOUR_MS
      ? await sumMinutes(parts, question)
      : ((await sumAccounts(parts.reports, question)) ?? ('rows' as const));
  if (typeof rows === 'string') return refuse(REFUSALS[rows]);
  return presentBuckets(query, rows, presenterOf(query));
}

const REFUSALS: { readonly [refusal in MinutesRefusal]: string } = {
  rows: `limit: leaves more than ${ROWS_AT_MOST} results: ask for fewer buckets`,
  entries: 'limit: too much happened in that time: ask for fewer minutes, or for hours',
  trimmed: 'starting_at: minutes are read from the journal, which begins later by now: ask for hours',
};

const GROUPS: { readonly [name: string]: readonly AccountsGroup[] } = {
  workspace_id: ['account'],
  api_key_id: ['key'],
  model: ['model'],
  service_tier: ['serviceTier'],
  context_window: ['contextWindow'],
  inference_geo: ['inferenceGeo'],
  speed: ['speed'],
  description: ['model', 'serviceTier', 'contextWindow', 'inferenceGeo'],
};

function groupsOf({ groupBy }: ConsoleQuery): ReadonlySet<AccountsGroup> {
  return new Set([...groupBy].flatMap((name) => GROUPS[name] ?? []));
}

/** Those named that there are, or all, as far as they are the caller's; undefined: too many. */
async function findAccounts(
  { directory }: AdminParts,
  caller: Caller,
  { workspaceIds, fromMs, toMs }: ConsoleQuery,
): Promise<string[] | undefined> {
  if (fromMs >= toMs) return [];
  const named = workspaceIds ?? (caller.accountId === undefined ? undefined : [caller.accountId]);
  if (named !== undefined) {
    const ids = [...new Set(named)].filter((id) => reachesAccount(caller, id));
    const found = await Promise.all(ids.map((id) => directory.findAccount(id)));
    return found.flatMap((account) => (account === undefined ? [] : [account.id]));
  }
  const accounts: string[] = [];
  for (;;) {
    const after = accounts.at(-1);
    const page = await directory.listAccounts({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    accounts.push(...page.map(({ id }) => id));
    if (accounts.length > ACCOUNTS_AT_MOST) return undefined;
    if (page.length < PAGE) return accounts;
  }
}

/** The first of the credentials that works. */
async function findCaller(
  { authenticate }: Authenticator,
  credentials: readonly (string | string[] | undefined)[],
): Promise<Caller | undefined> {
  for (const credential of credentials) {
    const found = typeof credential === 'string' ? await authenticate(credential) : undefined;
    if (found !== undefined && !('refused' in found)) return found;
  }
  return undefined;
}

function answerError(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  type: string,
  message: string,
): FastifyReply {
  return reply.code(status).send({ type: 'error', error: { type, message }, request_id: request.id });
}
