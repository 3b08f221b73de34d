import type { Quota } from '../../domain/quota.ts';
import { MAX_QUOTAS, type QuotaCrowding } from '../../domain/quota-rules.ts';
import { readQuotaUse } from '../../ledger/read-quota-use.ts';
import { OWN_QUOTA } from '../access/bounds.ts';
import { teamOf } from '../access/caller.ts';
import { isScopeOfTeam } from '../access/team-membership.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentQuota } from '../answers/present-quota.ts';
import { findAccountOrRefuse, findOpenAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findQuotaErrors } from '../find-quota-errors.ts';
import { presentQuotaNow } from '../present-quota-now.ts';
import { refuse, refuseFields } from '../problem.ts';
import { readLimit } from '../read-limit.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import { answerPage, pageQuery, readPage } from '../schemas/page-schemas.ts';
import { type CreateQuotaBody, createQuotaBody } from '../schemas/quota-schemas.ts';
import { describeUnknown, UNKNOWN } from '../unknown-details.ts';
import { addQuotaChangeRoutes, quotaParams } from './quota-change-routes.ts';

const tags = ['quotas'];

export function addQuotaRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateQuota(app, parts);
  addReadQuotas(app, parts);
  addQuotaChangeRoutes(app, parts);
}

function addCreateQuota(app: AdminApp, parts: AdminParts): void {
  const { directory } = parts;
  const schema = {
    operationId: 'createQuota',
    summary: 'Limit what an account, team, member or key may use',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: createQuotaBody,
    response: answers(201, 'Quota', 'The quota, in force from now on.'),
  };
  app.post(
    '/accounts/:account_id/quotas',
    { schema, config: { permission: 'quotas.write', narrowest: 'team' } },
    async (request, reply) => {
      const account = await findOpenAccountOrRefuse(directory, request.params.account_id, reply);
      if (account === undefined) return reply;
      const { newId, nowMs, resumed } = request.write;
      const quota = composeQuota(request.body, account.id, newId('quota'), nowMs);
      const { teamId } = request.caller;
      if (teamId !== undefined) {
        const { type } = quota.scope;
        if (type === 'account' || type === 'team') return refuse(reply, 'forbidden', OWN_QUOTA);
        if (!(await isScopeOfTeam(directory, quota, teamId))) {
          return refuseFields(reply, [{ field: 'scope.id', message: describeUnknown(type) }]);
        }
      }
      const errors = await findQuotaErrors(parts, quota, nowMs);
      if (errors.length > 0 && !resumed) return refuseFields(reply, errors);
      const created = await directory.createQuota(quota);
      switch (created.result) {
        case 'conflict':
          return refuse(reply, 'idempotency_conflict', 'It made a quota of other content.');
        case 'no_reference':
          return refuseFields(reply, [{ field: 'scope.id', message: describeUnknown(created.what) }]);
        case 'too_many':
          return refuse(reply, 'too_many', TOO_MANY[created.what]);
        default:
          reply.code(201);
          return presentQuotaNow(parts, account, created.record);
      }
    },
  );
}

const TOO_MANY: { readonly [what in QuotaCrowding]: string } = {
  quotas: `An account has ${MAX_QUOTAS} quotas at most.`,
  cells: 'One call could be counted by more than 32 quotas: those of its account, team, member and key together.',
};

function composeQuota(body: CreateQuotaBody, accountId: string, id: string, nowMs: number): Quota {
  const { type } = body.scope;
  const limit = readLimit(body);
  if (limit === undefined) throw new RangeError('a quota without a limit passed the schema');
  return {
    id,
    accountId,
    scope: { type, id: body.scope.id ?? (type === 'account' ? accountId : '') },
    window: body.window,
    ...(body.anchor_day === undefined ? {} : { anchorDay: body.anchor_day }),
    ...limit,
    ...(body.models === undefined ? {} : { models: body.models }),
    mode: body.mode ?? 'hard',
    raises: [],
    createdAtMs: nowMs,
  };
}

function addReadQuotas(app: AdminApp, parts: AdminParts): void {
  const { directory, ledger, clock } = parts;
  const listSchema = {
    operationId: 'listQuotas',
    summary: 'List quotas with their use',
    tags,
    params: accountParams,
    querystring: pageQuery,
    response: answers(200, 'QuotaPage', 'In order of creation.'),
  };
  app.get(
    '/accounts/:account_id/quotas',
    { schema: listSchema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const account = await findAccountOrRefuse(directory, request.params.account_id, reply);
      if (account === undefined) return reply;
      const page = readPage(request.query);
      const quotas = await directory.listQuotas(account.id, {
        ...page,
        ...teamOf(request.caller),
        limit: page.limit + 1,
      });
      const { data, ...more } = answerPage(quotas, page.limit);
      const at = { atMs: clock(), timezone: account.timezone };
      return { data: (await readQuotaUse(ledger, account.id, data, at)).map(presentQuota), ...more };
    },
  );
  const schema = {
    operationId: 'getQuota',
    summary: 'Read a quota and its use',
    tags,
    params: quotaParams,
    response: answers(200, 'Quota', 'The quota.'),
  };
  app.get(
    '/accounts/:account_id/quotas/:quota_id',
    { schema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const account = await findAccountOrRefuse(directory, request.params.account_id, reply);
      if (account === undefined) return reply;
      const quota = await directory.findQuota(account.id, request.params.quota_id);
      return quota === undefined ? refuse(reply, 'not_found', UNKNOWN.quota) : presentQuotaNow(parts, account, quota);
    },
  );
}
