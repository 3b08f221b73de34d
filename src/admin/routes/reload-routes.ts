import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Account } from '../../directory/directory.ts';
import { reloadGrantId } from '../../domain/credit/reload-state.ts';
import type { AnswerReloadReply } from '../../ledger/ledger.ts';
import { proposeThreshold } from '../../reports/propose-threshold.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentReload } from '../answers/present-reload.ts';
import { readBooks, refuseWithoutBooks } from '../find-account-books.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { refuse, refuseFields } from '../problem.ts';
import { readReloadTerms } from '../read-reload-terms.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import {
  answerReloadBody,
  type ReloadAnswer,
  type ReloadRequestAnswer,
  setReloadBody,
} from '../schemas/reload-schemas.ts';

const tags = ['auto-reload'];
const requestParams = Type.Object({ account_id: Type.String(), reload_id: Type.String() });

/** Auto-reload of an account: what it is at, its terms, and what became of its requests. */
export function addReloadRoutes(app: AdminApp, parts: AdminParts): void {
  addReadReload(app, parts);
  addSetReload(app, parts);
  addAnswerReload(app, parts);
}

function addReadReload(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'readAutoReload',
    summary: 'Read how the balance is kept up, what is pending, and a threshold by the use of the last days',
    tags,
    params: accountParams,
    response: answers(200, 'AutoReload', 'Auto-reload. Terms that were never set are null.'),
  };
  const config = { permission: 'money.read' } as const;
  app.get('/accounts/:account_id/auto-reload', { schema, config }, async (request, reply) => {
    const account = await findAccountOrRefuse(parts.directory, request.params.account_id, reply);
    if (account === undefined) return reply;
    return (await readAnswer(parts, account)) ?? refuseWithoutBooks(reply);
  });
}

async function readAnswer(parts: AdminParts, { id }: Pick<Account, 'id'>): Promise<ReloadAnswer | undefined> {
  const { ledger, reports, clock } = parts;
  const reload = await ledger.readReload(id);
  if (reload === undefined) return undefined;
  await reports.fold.foldAccount(id);
  const proposal = await proposeThreshold(reports.store, id, clock());
  return presentReload(id, reload, proposal, clock());
}

function addSetReload(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'setAutoReload',
    summary: 'Turn auto-reload on, by other terms, or off',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: setReloadBody,
    response: answers(200, 'AutoReload', 'As it is now. Fields left out are as they were.'),
  };
  const config = { permission: 'billing.write' } as const;
  app.put('/accounts/:account_id/auto-reload', { schema, config }, async (request, reply) => {
    const account = await findAccountOrRefuse(parts.directory, request.params.account_id, reply);
    if (account === undefined) return reply;
    const accountId = account.id;
    const { mode } = await readBooks(parts.ledger, account);
    const reload = await parts.ledger.readReload(accountId);
    if (reload === undefined) return refuseWithoutBooks(reply);
    const { canBeAsked } = parts.reloads;
    const terms = readReloadTerms(request.body, { reload, mode, canBeAsked });
    if (Array.isArray(terms)) return refuseFields(reply, terms);
    const set = await parts.ledger.setReload({ accountId, ...(terms === undefined ? {} : { terms }) });
    if (set.result === 'closed') return refuse(reply, 'account_closed', 'A closed account takes no credit.');
    if (set.result === 'out_of_range') return refuse(reply, 'out_of_range', `"${set.what}" is out of range.`);
    return (await readAnswer(parts, account)) ?? refuseWithoutBooks(reply);
  });
}

function addAnswerReload(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'answerReload',
    summary: 'Tell what became of a request: paid, which is credit at once, or declined',
    tags,
    headers: writeHeaders,
    params: requestParams,
    body: answerReloadBody,
    response: answers(200, 'ReloadRequest', 'The first answer counts. The same again changes nothing.'),
  };
  const config = { permission: 'money.write' } as const;
  const path = '/accounts/:account_id/auto-reload/requests/:reload_id';
  app.post(path, { schema, config }, async (request, reply): Promise<ReloadRequestAnswer> => {
    const { account_id: accountId, reload_id: reloadId } = request.params;
    const account = await findAccountOrRefuse(parts.directory, accountId, reply);
    if (account === undefined) return reply as never;
    const { outcome } = request.body;
    const answered = await parts.reloads.record(accountId, reloadId, request.body);
    if (!('balance' in answered)) return refuseAnswer(reply, answered) as never;
    return {
      reload_id: reloadId,
      account_id: accountId,
      outcome,
      grant_id: outcome === 'paid' ? reloadGrantId(reloadId) : null,
      repeated: answered.result === 'exists',
    };
  });
}

type AnswerRefusal = Exclude<AnswerReloadReply, { result: 'paid' | 'declined' | 'exists' }>;

function refuseAnswer(reply: FastifyReply, refusal: AnswerRefusal): FastifyReply {
  switch (refusal.result) {
    case 'no_account':
      return refuseWithoutBooks(reply);
    case 'unknown':
      return refuse(reply, 'not_found', 'There is no such request in this account.');
    case 'conflict':
      return refuse(
        reply,
        'reload_answered',
        'The first answer stands: grant the credit, or void it, if that was wrong.',
      );
    case 'closed':
      return refuse(reply, 'account_closed', 'A closed account takes no credit: give the payment back.');
    case 'out_of_range':
      return refuse(reply, 'out_of_range', `The ledger's bound on "${refusal.what}" would be passed.`);
    case 'bad_time':
      return refuse(reply, 'store_unavailable', "The store's clock is a year ahead of this machine's.");
  }
}
