import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type AlertRule, DAY_MS, LOW_BALANCE_ID, RULES_AT_MOST } from '../../alerts/alert-rule.ts';
import { BUILT_IN_RULES, createLowBalanceRule, findBuiltInRule } from '../../alerts/built-in-rules.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { readAlertTerms } from '../alert-terms.ts';
import { findAccountOrRefuse, findOpenAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findAlertErrors } from '../find-alert-errors.ts';
import { presentAlertNow } from '../present-alert-now.ts';
import { type FieldError, refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, answersNothing, writeHeaders } from '../route-schemas.ts';
import {
  type CreateAlertBody,
  createAccountAlertBody,
  createAlertBody,
  updateAlertBody,
} from '../schemas/alert-schemas.ts';
import { cutPage, type PageQuery, pageQuery } from '../schemas/page-schemas.ts';
import { deleteAlert, updateAlert } from './alert-changes.ts';

const tags = ['alerts'];
const alertParams = Type.Object({ alert_id: Type.String() });
const accountAlertParams = Type.Object({ account_id: Type.String(), alert_id: Type.String() });
const reading = { permission: 'money.read' } as const;
const writing = { permission: 'billing.write' } as const;
const systemReading = { permission: 'system.read' } as const;
const UNKNOWN = 'There is no such alert here.';

export function addAlertRoutes(app: AdminApp, parts: AdminParts): void {
  addAccountAlerts(app, parts);
  addAccountAlert(app, parts);
  addInstallationAlerts(app, parts);
  addInstallationAlert(app, parts);
}

function addAccountAlerts(app: AdminApp, parts: AdminParts): void {
  const { directory } = parts;
  const listSchema = {
    operationId: 'listAccountAlerts',
    summary: 'List what is told of an account',
    tags,
    params: accountParams,
    querystring: pageQuery,
    response: answers(200, 'AlertPage', 'The account’s own levels first, then in order of creation.'),
  };
  app.get('/accounts/:account_id/alerts', { schema: listSchema, config: reading }, async (request, reply) => {
    const account = await findAccountOrRefuse(directory, request.params.account_id, reply);
    if (account === undefined) return reply;
    const levels = account.lowBalanceNanoUsd.length === 0 ? [] : [createLowBalanceRule(account)];
    const rules = [...levels, ...(await parts.alerts.store.rules.list(account.id))];
    return answerRules(parts, rules, account.id, request.query);
  });
  const schema = {
    operationId: 'createAccountAlert',
    summary: 'Have something told of an account',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: createAccountAlertBody,
    response: answers(201, 'Alert', 'The alert, in force everywhere within half a minute.'),
  };
  app.post('/accounts/:account_id/alerts', { schema, config: writing }, async (request, reply) => {
    const account = await findOpenAccountOrRefuse(directory, request.params.account_id, reply);
    if (account === undefined) return reply;
    return createRule(parts, request, reply, account.id, request.body);
  });
}

function addAccountAlert(app: AdminApp, parts: AdminParts): void {
  const { directory } = parts;
  const path = '/accounts/:account_id/alerts/:alert_id';
  const operation = { tags, params: accountAlertParams };
  const getSchema = {
    ...{ ...operation, operationId: 'getAccountAlert', summary: 'Read an alert of an account' },
    response: answers(200, 'Alert', 'The alert.'),
  };
  app.get(path, { schema: getSchema, config: reading }, async (request, reply) => {
    const { account_id: accountId, alert_id: alertId } = request.params;
    const account = await findAccountOrRefuse(directory, accountId, reply);
    if (account === undefined) return reply;
    const isLevels = alertId === LOW_BALANCE_ID && account.lowBalanceNanoUsd.length > 0;
    const rule = isLevels ? createLowBalanceRule(account) : await findOwn(parts, account.id, alertId);
    return rule === undefined ? refuse(reply, 'not_found', UNKNOWN) : presentAlertNow(parts, rule, account.id);
  });
  const patchSchema = {
    ...{
      ...operation,
      operationId: 'updateAccountAlert',
      summary: 'Change an alert of an account',
      body: updateAlertBody,
    },
    headers: writeHeaders,
    response: answers(200, 'Alert', 'The alert as it is now.'),
  };
  app.patch(path, { schema: patchSchema, config: writing }, async (request, reply) => {
    const { account_id: accountId, alert_id: alertId } = request.params;
    if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
    const rule = await findOwn(parts, accountId, alertId);
    return rule === undefined ? refuseUnknown(reply, alertId) : updateAlert(parts, request, reply, rule, request.body);
  });
  const deleteSchema = {
    ...{ ...operation, operationId: 'deleteAccountAlert', summary: 'Delete an alert of an account' },
    headers: writeHeaders,
    response: answersNothing('Deleted.'),
  };
  app.delete(path, { schema: deleteSchema, config: writing }, async (request, reply) => {
    const { account_id: accountId, alert_id: alertId } = request.params;
    if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
    const rule = await findOwn(parts, accountId, alertId);
    if (rule === undefined && !request.write.resumed) return refuseUnknown(reply, alertId);
    return deleteAlert(parts, reply, alertId);
  });
}

function addInstallationAlerts(app: AdminApp, parts: AdminParts): void {
  const listSchema = {
    operationId: 'listAlerts',
    summary: 'List what is told of the installation, and of all accounts',
    tags,
    querystring: pageQuery,
    response: answers(200, 'AlertPage', 'Built-in ones first, then in order of creation.'),
  };
  app.get('/alerts', { schema: listSchema, config: systemReading }, async (request) =>
    answerRules(parts, await listInstallationRules(parts), undefined, request.query),
  );
  const schema = {
    operationId: 'createAlert',
    summary: 'Have something told of the installation, or of every account',
    tags,
    headers: writeHeaders,
    body: createAlertBody,
    response: answers(201, 'Alert', 'The alert, in force everywhere within half a minute.'),
  };
  app.post('/alerts', { schema, config: writing }, async (request, reply) =>
    createRule(parts, request, reply, undefined, request.body),
  );
}

function addInstallationAlert(app: AdminApp, parts: AdminParts): void {
  const path = '/alerts/:alert_id';
  const operation = { tags, params: alertParams };
  // By its id alone, whosever it is: who calls this acts for all.
  const findRule = async (alertId: string) =>
    (await parts.alerts.store.rules.find(alertId)) ?? findBuiltInRule(alertId);
  const getSchema = {
    ...{ ...operation, operationId: 'getAlert', summary: 'Read an alert of the installation' },
    response: answers(200, 'Alert', 'The alert.'),
  };
  app.get(path, { schema: getSchema, config: systemReading }, async (request, reply) => {
    const rule = await findRule(request.params.alert_id);
    return rule === undefined ? refuse(reply, 'not_found', UNKNOWN) : presentAlertNow(parts, rule, rule.accountId);
  });
  const patchSchema = {
    ...{
      ...operation,
      operationId: 'updateAlert',
      summary: 'Change an alert of the installation',
      body: updateAlertBody,
    },
    headers: writeHeaders,
    response: answers(200, 'Alert', 'The alert as it is now.'),
  };
  app.patch(path, { schema: patchSchema, config: writing }, async (request, reply) => {
    const rule = await findRule(request.params.alert_id);
    if (rule === undefined) return refuseUnknown(reply, request.params.alert_id);
    return updateAlert(parts, request, reply, rule, request.body);
  });
  const deleteSchema = {
    ...{ ...operation, operationId: 'deleteAlert' },
    summary: 'Delete an alert of the installation; a built-in one is as it was at first',
    headers: writeHeaders,
    response: answersNothing('Deleted.'),
  };
  app.delete(path, { schema: deleteSchema, config: writing }, async (request, reply) => {
    const { alert_id: alertId } = request.params;
    const isThere = (await findRule(alertId)) !== undefined;
    return isThere || request.write.resumed ? deleteAlert(parts, reply, alertId) : refuseUnknown(reply, alertId);
  });
}

async function createRule(
  parts: AdminParts,
  request: FastifyRequest,
  reply: FastifyReply,
  accountId: string | undefined,
  body: CreateAlertBody,
): Promise<unknown> {
  const { newId, nowMs, resumed } = request.write;
  const rule = composeRule(body, { id: newId('alert'), accountId, nowMs });
  if (Array.isArray(rule)) return refuseFields(reply, rule);
  const errors = await findAlertErrors(parts, request, rule);
  if (errors.length > 0 && !resumed) return refuseFields(reply, errors);
  const created = await parts.alerts.store.rules.create(rule, RULES_AT_MOST);
  if (created === 'too_many')
    return refuse(reply, 'too_many', `There are ${RULES_AT_MOST} alerts of one owner at most.`);
  parts.alerts.book.forget();
  reply.code(201);
  return presentAlertNow(parts, rule, accountId);
}

function composeRule(
  body: CreateAlertBody,
  { id, accountId, nowMs }: { id: string; accountId: string | undefined; nowMs: number },
): AlertRule | FieldError[] {
  const condition = readAlertTerms(body.kind, body);
  if (Array.isArray(condition)) return condition;
  return {
    id,
    ...(accountId === undefined ? {} : { accountId }),
    ...(body.name === undefined ? {} : { name: body.name }),
    condition,
    ...(body.channels === undefined ? {} : { channels: body.channels }),
    recovery: body.recovery ?? true,
    quietMs: body.quiet_seconds === undefined ? DAY_MS : body.quiet_seconds * 1_000,
    enabled: body.enabled ?? true,
    createdAtMs: nowMs,
  };
}

async function listInstallationRules({ alerts }: AdminParts): Promise<AlertRule[]> {
  const stored = await alerts.store.rules.list(undefined);
  const builtIn = BUILT_IN_RULES.map((rule) => stored.find(({ id }) => id === rule.id) ?? rule);
  return [...builtIn, ...stored.filter(({ id }) => findBuiltInRule(id) === undefined)];
}

async function findOwn({ alerts }: AdminParts, accountId: string | undefined, id: string) {
  const rule = await alerts.store.rules.find(id);
  return rule?.accountId === accountId ? rule : undefined;
}

/** All rules of an owner are few: the page is cut out here. */
async function answerRules(
  parts: AdminParts,
  rules: readonly AlertRule[],
  accountId: string | undefined,
  query: PageQuery,
): Promise<unknown> {
  const { data, ...more } = cutPage(rules, query);
  return { data: await Promise.all(data.map((rule) => presentAlertNow(parts, rule, accountId))), ...more };
}

function refuseUnknown(reply: FastifyReply, alertId: string): FastifyReply {
  if (alertId !== LOW_BALANCE_ID) return refuse(reply, 'not_found', UNKNOWN);
  return refuse(reply, 'built_in', 'It is what low_balance_usd of the account says: change that.');
}
