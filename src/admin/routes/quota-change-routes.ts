import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { QuotaChange } from '../../directory/directory.ts';
import { parseTime } from '../../domain/parse-time.ts';
import type { Quota, QuotaRaise } from '../../domain/quota.ts';
import { MAX_RAISES } from '../../domain/quota-rules.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { findAccountOrRefuse, findOpenAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findModelErrors } from '../find-quota-errors.ts';
import { presentQuotaNow } from '../present-quota-now.ts';
import { type FieldError, refuse, refuseFields } from '../problem.ts';
import { readLimit } from '../read-limit.ts';
import { answers, answersNothing, writeHeaders } from '../route-schemas.ts';
import {
  type LimitFields,
  type RaiseQuotaBody,
  raiseQuotaBody,
  type UpdateQuotaBody,
  updateQuotaBody,
} from '../schemas/quota-schemas.ts';
import { UNKNOWN } from '../unknown-details.ts';

const tags = ['quotas'];
export const quotaParams = Type.Object({ account_id: Type.String(), quota_id: Type.String() });

export function addQuotaChangeRoutes(app: AdminApp, parts: AdminParts): void {
  addUpdateQuota(app, parts);
  addRaiseQuota(app, parts);
  addDeleteQuota(app, parts);
}

function addUpdateQuota(app: AdminApp, parts: AdminParts): void {
  const { directory } = parts;
  const schema = {
    operationId: 'updateQuota',
    summary: 'Change the limit, mode or models of a quota; null for models: all, null for raises: none',
    tags,
    headers: writeHeaders,
    params: quotaParams,
    body: updateQuotaBody,
    response: answers(200, 'Quota', 'The quota as it is now.'),
  };
  app.patch(
    '/accounts/:account_id/quotas/:quota_id',
    { schema, config: { permission: 'quotas.write', narrowest: 'team' } },
    async (request, reply) => {
      const account = await findOpenAccountOrRefuse(directory, request.params.account_id, reply);
      if (account === undefined) return reply;
      const present = await directory.findQuota(account.id, request.params.quota_id);
      if (present === undefined) return refuseUnknown(reply);
      const change = composeChange(request.body);
      const { models } = change;
      const errors = [
        ...findMeasureErrors(present, request.body),
        ...(Array.isArray(models) ? await findModelErrors(parts, { ...present, models }) : []),
      ];
      if (errors.length > 0) return refuseFields(reply, errors);
      const quota = await directory.updateQuota(account.id, present.id, change);
      return quota === undefined ? refuseUnknown(reply) : presentQuotaNow(parts, account, quota);
    },
  );
}

function composeChange(body: UpdateQuotaBody): QuotaChange {
  const limit = readLimit(body)?.limit;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(body.mode === undefined ? {} : { mode: body.mode }),
    ...(body.models === undefined ? {} : { models: body.models }),
    ...(body.raises === undefined ? {} : { raises: body.raises }),
  };
}

/** A quota's counters are in its own unit: another one would make them another quota's. */
function findMeasureErrors({ measure }: Quota, body: LimitFields): FieldError[] {
  const given = readLimit(body)?.measure;
  if (given === undefined || given === measure) return [];
  return [{ field: `limit_${given}`, message: `is not what this quota measures: give limit_${measure}` }];
}

function addRaiseQuota(app: AdminApp, parts: AdminParts): void {
  const { directory } = parts;
  const schema = {
    operationId: 'raiseQuota',
    summary: 'Raise the limit of a quota for a while',
    tags,
    headers: writeHeaders,
    params: quotaParams,
    body: raiseQuotaBody,
    response: answers(201, 'Quota', 'The quota with its raise.'),
  };
  app.post(
    '/accounts/:account_id/quotas/:quota_id/raises',
    { schema, config: { permission: 'quotas.write', narrowest: 'team' } },
    async (request, reply) => {
      const account = await findOpenAccountOrRefuse(directory, request.params.account_id, reply);
      if (account === undefined) return reply;
      const present = await directory.findQuota(account.id, request.params.quota_id);
      if (present === undefined) return refuseUnknown(reply);
      const { newId, nowMs, resumed } = request.write;
      const raise = composeRaise(request.body, newId('raise'), nowMs);
      const errors = [
        ...findMeasureErrors(present, request.body),
        ...(resumed ? [] : findRaiseErrors(present, raise, request.body, nowMs)),
      ];
      if (errors.length > 0) return refuseFields(reply, errors);
      const quota = await directory.raiseQuota(account.id, present.id, raise, nowMs);
      if (quota === undefined) return refuseUnknown(reply);
      if (!quota.raises.some(({ id }) => id === raise.id)) {
        return refuse(reply, 'too_many', `A quota has ${MAX_RAISES} raises at most that have not ended.`);
      }
      reply.code(201);
      return presentQuotaNow(parts, account, quota);
    },
  );
}

function composeRaise(body: RaiseQuotaBody, id: string, nowMs: number): QuotaRaise {
  return {
    id,
    limit: readLimit(body)?.limit ?? 0n,
    startsAtMs: body.from === undefined ? nowMs : (parseTime(body.from) ?? nowMs),
    endsAtMs: parseTime(body.until) ?? nowMs,
  };
}

function findRaiseErrors(quota: Quota, raise: QuotaRaise, body: RaiseQuotaBody, nowMs: number): FieldError[] {
  const errors: FieldError[] = [];
  if (raise.endsAtMs <= nowMs) errors.push({ field: 'until', message: 'must be in the future' });
  else if (raise.endsAtMs <= raise.startsAtMs) errors.push({ field: 'until', message: 'must be after from' });
  const given = readLimit(body)?.measure;
  if (given === quota.measure && raise.limit <= quota.limit) {
    errors.push({ field: `limit_${given}`, message: "must be above the quota's own, or it would raise nothing" });
  }
  return errors;
}

function addDeleteQuota(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'deleteQuota',
    summary: 'Delete a quota: what it limited is unlimited by it from now on',
    tags,
    headers: writeHeaders,
    params: quotaParams,
    response: answersNothing('Deleted.'),
  };
  app.delete(
    '/accounts/:account_id/quotas/:quota_id',
    { schema, config: { permission: 'quotas.write', narrowest: 'team' } },
    async (request, reply) => {
      const account = await findAccountOrRefuse(directory, request.params.account_id, reply);
      if (account === undefined) return reply;
      const result = await directory.deleteQuota(account.id, request.params.quota_id);
      // The first try of this write may have deleted it already.
      if (result === 'not_found' && !request.write.resumed) return refuseUnknown(reply);
      return reply.code(204).send();
    },
  );
}

function refuseUnknown(reply: FastifyReply): FastifyReply {
  return refuse(reply, 'not_found', UNKNOWN.quota);
}
