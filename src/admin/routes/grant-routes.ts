import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { daysAfter, oneYearAfter } from '../../domain/grant-term.ts';
import { parseUsd } from '../../domain/money.ts';
import { parseTime } from '../../domain/parse-time.ts';
import type { GrantCommand, GrantReply } from '../../ledger/ledger.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentGrant } from '../answers/present-grant.ts';
import { refuseWithoutBooks } from '../find-account-books.ts';
import { findUnknownLabels } from '../find-unknown-models.ts';
import { type FieldError, refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import { emptyBody } from '../schemas/fields.ts';
import { type CreateGrantBody, createGrantBody } from '../schemas/grant-schemas.ts';
import { answerPage, pageQuery, readPage } from '../schemas/page-schemas.ts';

const DEFAULT_PRIORITY = 50;
const tags = ['grants'];
const grantParams = Type.Object({ account_id: Type.String(), grant_id: Type.String() });

export function addGrantRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateGrant(app, parts);
  addListGrants(app, parts);
  addVoidGrant(app, parts);
}

function addCreateGrant(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'createGrant',
    summary: 'Grant credit; debt is repaid from it first',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: createGrantBody,
    response: answers(201, 'Grant', 'The grant.'),
  };
  app.post(
    '/accounts/:account_id/grants',
    { schema, config: { permission: 'money.write' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await parts.directory.findAccount(accountId)) === undefined) return refuseUnknown(reply);
      const { newId, nowMs, resumed } = request.write;
      const command = composeGrant(request.body, accountId, newId('grant'), nowMs);
      const errors = [
        ...findTermErrors(request.body, command, nowMs),
        ...findUnknownLabels(parts.rateCard(), command.models ?? []),
      ];
      if (errors.length > 0 && !resumed) return refuseFields(reply, errors);
      const granted = await parts.ledger.grant(command);
      // The first try of a resumed write granted it, at a time of its own that the defaults follow.
      if (!('balance' in granted) && !(granted.result === 'conflict' && resumed)) return refuseGrant(reply, granted);
      const answer = await findGrant(parts, accountId, command.grantId);
      if (answer === undefined) return refuseUnknown(reply);
      reply.code(201);
      return answer;
    },
  );
}

function composeGrant(body: CreateGrantBody, accountId: string, grantId: string, nowMs: number): GrantCommand {
  const effectiveAtMs = readTime(body.effective_at) ?? nowMs;
  const termEndMs =
    body.valid_days === undefined ? oneYearAfter(effectiveAtMs) : daysAfter(effectiveAtMs, body.valid_days);
  return {
    accountId,
    grantId,
    amountNanoUsd: parseUsd(body.amount_usd) ?? 0n,
    kind: body.kind,
    priority: body.priority ?? DEFAULT_PRIORITY,
    effectiveAtMs,
    expiresAtMs: readTime(body.expires_at) ?? termEndMs,
    ...(body.models === undefined ? {} : { models: body.models }),
    ...(body.note === undefined ? {} : { details: { note: body.note } }),
  };
}

function readTime(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseTime(text);
}

function findTermErrors(body: CreateGrantBody, command: GrantCommand, nowMs: number): FieldError[] {
  const field = body.expires_at === undefined ? 'valid_days' : 'expires_at';
  if (command.expiresAtMs <= command.effectiveAtMs) return [{ field, message: 'must be after effective_at' }];
  if (command.expiresAtMs > nowMs) return [];
  if (body.expires_at !== undefined || body.valid_days !== undefined)
    return [{ field, message: 'must end in the future' }];
  const message = 'is over a year ago, and a grant ends a year after it: give expires_at or valid_days to end it later';
  return [{ field: 'effective_at', message }];
}

type GrantRefusal = Exclude<GrantReply, { result: 'granted' | 'exists' }>;

function refuseGrant(reply: FastifyReply, refusal: GrantRefusal): FastifyReply {
  switch (refusal.result) {
    case 'no_account':
      return refuseWithoutBooks(reply);
    case 'closed':
      return refuse(reply, 'account_closed', 'A closed account takes no credit.');
    case 'frozen':
      return refuse(reply, 'account_frozen', 'Open the account again first.');
    case 'conflict':
      return refuse(reply, 'idempotency_conflict', 'A grant of other content was made by it.');
    case 'bad_time':
      return refuseFields(reply, [{ field: 'expires_at', message: 'must be after effective_at and in the future' }]);
    case 'out_of_range':
      return refuse(reply, 'out_of_range', `The ledger's bound on "${refusal.what}" would be passed.`);
  }
}

function addListGrants(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'listGrants',
    summary: 'List grants, spent and expired ones included',
    tags,
    params: accountParams,
    querystring: pageQuery,
    response: answers(200, 'GrantPage', 'In order of creation.'),
  };
  app.get('/accounts/:account_id/grants', { schema, config: { permission: 'money.read' } }, async (request, reply) => {
    const accountId = request.params.account_id;
    if ((await parts.directory.findAccount(accountId)) === undefined) return refuseUnknown(reply);
    const { limit, after } = readPage(request.query);
    const grants = await parts.ledger.readGrants(accountId);
    const inOrder = grants.toSorted((left, right) => left.ordinal - right.ordinal);
    const afterIndex = inOrder.findIndex((grant) => grant.grantId === after);
    const start = after === undefined ? 0 : afterIndex === -1 ? inOrder.length : afterIndex + 1;
    const nowMs = parts.clock();
    return answerPage(
      inOrder.slice(start, start + limit + 1).map((grant) => presentGrant(accountId, grant, nowMs)),
      limit,
    );
  });
}

function addVoidGrant(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'voidGrant',
    summary: 'Take back what is left of a grant; what is spent stays spent',
    tags,
    headers: writeHeaders,
    params: grantParams,
    body: emptyBody,
    response: answers(200, 'Grant', 'The grant as it is now.'),
  };
  app.post(
    '/accounts/:account_id/grants/:grant_id/void',
    { schema, config: { permission: 'money.write' } },
    async (request, reply) => {
      const { account_id: accountId, grant_id: grantId } = request.params;
      const account = await parts.directory.findAccount(accountId);
      if (account === undefined) return refuseUnknown(reply);
      const voided = await parts.ledger.voidGrant({ accountId, grantId });
      switch (voided.result) {
        case 'no_account':
          return refuseWithoutBooks(reply);
        case 'no_grant':
          return refuse(reply, 'not_found', 'There is no such grant in this account.');
        case 'closed':
          return refuse(reply, 'account_closed', 'Nothing is left of a closed account.');
        case 'frozen':
          return refuse(reply, 'account_frozen', 'Open the account again first.');
        default:
          return (await findGrant(parts, accountId, grantId)) ?? refuseUnknown(reply);
      }
    },
  );
}

async function findGrant(parts: AdminParts, accountId: string, grantId: string) {
  const found = (await parts.ledger.readGrants(accountId)).find((grant) => grant.grantId === grantId);
  return found === undefined ? undefined : presentGrant(accountId, found, parts.clock());
}

function refuseUnknown(reply: FastifyReply): FastifyReply {
  return refuse(reply, 'not_found', 'There is no such account.');
}
