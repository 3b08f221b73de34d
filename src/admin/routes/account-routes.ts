import type { FastifyReply } from 'fastify';
import { applyChange } from '../../directory/change-record.ts';
import type { Account, AccountChange } from '../../directory/directory.ts';
import type { AccountBalance } from '../../domain/credit/credit-types.ts';
import { parseUsd } from '../../domain/money.ts';
import type { SetPolicyCommand } from '../../ledger/ledger.ts';
import { findDeniedFields } from '../access/account-fields.ts';
import { type Caller, mayDo } from '../access/caller.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentAccount } from '../answers/present-account.ts';
import { findAccountBooks, readBooks } from '../find-account-books.ts';
import { refuse, refuseFields } from '../problem.ts';
import { readPricing } from '../read-pricing.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import {
  type AccountAnswer,
  type CreateAccountBody,
  createAccountBody,
  type UpdateAccountBody,
  updateAccountBody,
} from '../schemas/account-schemas.ts';
import { emptyBody } from '../schemas/fields.ts';
import { answerPage, pageQuery, readPage } from '../schemas/page-schemas.ts';

const PREPAID_LIMIT = [{ field: 'credit_limit_usd', message: 'is for postpaid accounts only' }];
const tags = ['accounts'];

export function addAccountRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateAccount(app, parts);
  addReadAccounts(app, parts);
  addUpdateAccount(app, parts);
  addCloseAccount(app, parts);
}

/** Books first: an account without books would be refused by the proxy, while books without an account are nobody's. */
function addCreateAccount(app: AdminApp, { directory, ledger, rateCard }: AdminParts): void {
  const schema = {
    operationId: 'createAccount',
    summary: 'Open an account',
    tags,
    headers: writeHeaders,
    body: createAccountBody,
    response: answers(201, 'Account', 'The account, without credit yet.'),
  };
  app.post('/accounts', { schema, config: { permission: 'money.write' } }, async (request, reply) => {
    const pricing = readPricing(rateCard(), request.body.pricing);
    if (Array.isArray(pricing)) return refuseFields(reply, pricing);
    const account = applyChange(
      composeAccount(request.body, request.write.newId('acct'), request.write.nowMs),
      pricing,
    );
    if (account.mode === 'prepaid' && account.creditLimitNanoUsd > 0n) return refuseFields(reply, PREPAID_LIMIT);
    const { id: accountId, mode, creditLimitNanoUsd } = account;
    await ledger.openAccount({ accountId, mode, creditLimitNanoUsd });
    const created = await directory.createAccount(account);
    if (!('record' in created))
      return refuse(reply, 'idempotency_conflict', 'An account of other content was made by it.');
    reply.code(201).header('location', `/admin/v1/accounts/${accountId}`);
    return presentAccount(created.record, await readBooks(ledger, created.record), true);
  });
}

function composeAccount(body: CreateAccountBody, id: string, nowMs: number): Account {
  return {
    id,
    name: body.name,
    timezone: body.timezone ?? 'UTC',
    mode: body.mode ?? 'prepaid',
    creditLimitNanoUsd: readUsd(body.credit_limit_usd ?? '0'),
    onDisconnect: body.on_disconnect ?? 'drain',
    onExhausted: body.on_exhausted ?? 'cut',
    lowBalanceNanoUsd: sortLevels(body.low_balance_usd ?? []),
    createdAtMs: nowMs,
  };
}

function addReadAccounts(app: AdminApp, parts: AdminParts): void {
  const listSchema = {
    operationId: 'listAccounts',
    summary: 'List accounts with their balances',
    tags,
    querystring: pageQuery,
    response: answers(200, 'AccountPage', 'In order of creation.'),
  };
  app.get(
    '/accounts',
    { schema: listSchema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request) => {
      const page = readPage(request.query);
      const { data, ...more } = answerPage(await listAccounts(parts, request.caller, page), page.limit);
      const shown = data.map((account) => presentTo(request.caller, parts, account));
      return { data: await Promise.all(shown), ...more };
    },
  );
  const schema = {
    operationId: 'getAccount',
    summary: 'Read an account and its balance',
    tags,
    params: accountParams,
    response: answers(200, 'Account', 'The account.'),
  };
  app.get(
    '/accounts/:account_id',
    { schema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const account = await parts.directory.findAccount(request.params.account_id);
      if (account === undefined) return refuseUnknown(reply);
      return presentTo(request.caller, parts, account);
    },
  );
}

/** One more than the page has, if there is; to a token of an account that one alone. */
async function listAccounts(
  { directory }: AdminParts,
  { accountId }: Caller,
  page: { limit: number; after?: string },
): Promise<Account[]> {
  if (accountId === undefined) return directory.listAccounts({ ...page, limit: page.limit + 1 });
  const own = page.after === undefined ? await directory.findAccount(accountId) : undefined;
  return own === undefined ? [] : [own];
}

async function presentTo(caller: Caller, { ledger }: AdminParts, account: Account): Promise<AccountAnswer> {
  return presentAccount(account, await ledger.readBalance(account.id), mayDo(caller, 'money.read'));
}

/** Policy goes to the ledger first: its refusal must leave the directory as it was. */
function addUpdateAccount(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'updateAccount',
    summary: 'Change an account, freeze it or open it again',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: updateAccountBody,
    response: answers(200, 'Account', 'The account as it is now.'),
  };
  app.patch(
    '/accounts/:account_id',
    { schema, config: { permission: ['account.write', 'money.write'] } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      const denied = findDeniedFields(request.caller, request.body);
      if (denied !== undefined) return refuse(reply, 'forbidden', denied);
      const found = await findAccountBooks(parts, accountId);
      if (found === undefined) return refuseUnknown(reply);
      const policy = composePolicy(request.body, found.balance);
      if (policy === 'limit_without_postpaid') return refuseFields(reply, PREPAID_LIMIT);
      const pricing = readPricing(parts.rateCard(), request.body.pricing);
      if (Array.isArray(pricing)) return refuseFields(reply, pricing);
      if (policy !== undefined) {
        const set = await parts.ledger.setPolicy({ accountId, ...policy });
        if (set.result === 'closed') return refuse(reply, 'account_closed', 'A closed account stays closed.');
      }
      const account = await parts.directory.updateAccount(accountId, {
        ...composeChange(request.body, policy),
        ...pricing,
      });
      if (account === undefined) return refuseUnknown(reply);
      return presentAccount(account, await readBooks(parts.ledger, account), mayDo(request.caller, 'money.read'));
    },
  );
}

type Policy = Pick<SetPolicyCommand, 'status' | 'mode' | 'creditLimitNanoUsd'>;

/** Undefined where the body changes no policy. An account that becomes prepaid loses its credit limit. */
function composePolicy(
  body: UpdateAccountBody,
  balance: AccountBalance,
): Policy | 'limit_without_postpaid' | undefined {
  const mode = body.mode ?? balance.mode;
  const limit = body.credit_limit_usd === undefined ? undefined : readUsd(body.credit_limit_usd);
  if (mode === 'prepaid' && limit !== undefined && limit > 0n) return 'limit_without_postpaid';
  const creditLimitNanoUsd = mode === 'prepaid' && body.mode !== undefined ? 0n : limit;
  const policy = {
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(body.mode === undefined ? {} : { mode: body.mode }),
    ...(creditLimitNanoUsd === undefined ? {} : { creditLimitNanoUsd }),
  };
  return Object.keys(policy).length === 0 ? undefined : policy;
}

function composeChange(body: UpdateAccountBody, policy: Policy | undefined): AccountChange {
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.timezone === undefined ? {} : { timezone: body.timezone }),
    ...(policy?.mode === undefined ? {} : { mode: policy.mode }),
    ...(policy?.creditLimitNanoUsd === undefined ? {} : { creditLimitNanoUsd: policy.creditLimitNanoUsd }),
    ...(body.on_disconnect === undefined ? {} : { onDisconnect: body.on_disconnect }),
    ...(body.on_exhausted === undefined ? {} : { onExhausted: body.on_exhausted }),
    ...(body.low_balance_usd === undefined ? {} : { lowBalanceNanoUsd: sortLevels(body.low_balance_usd) }),
  };
}

/** Money first. Closing again finishes a close that was cut off between the stores, and changes nothing else. */
function addCloseAccount(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'closeAccount',
    summary: 'Close an account for good; credit that is left expires',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: emptyBody,
    response: answers(200, 'Account', 'The closed account.'),
  };
  app.post('/accounts/:account_id/close', { schema, config: { permission: 'money.write' } }, async (request, reply) => {
    const accountId = request.params.account_id;
    const present = await parts.directory.findAccount(accountId);
    if (present === undefined) return refuseUnknown(reply);
    await readBooks(parts.ledger, present);
    await parts.ledger.closeAccount({ accountId });
    const closed =
      present.closedAtMs === undefined
        ? await parts.directory.updateAccount(accountId, { closedAtMs: request.write.nowMs })
        : present;
    if (closed === undefined) return refuseUnknown(reply);
    return presentAccount(closed, await readBooks(parts.ledger, closed), true);
  });
}

function refuseUnknown(reply: FastifyReply): FastifyReply {
  return refuse(reply, 'not_found', 'There is no such account.');
}

/** The schema has judged the text already. */
function readUsd(text: string): bigint {
  const amount = parseUsd(text);
  if (amount === undefined) throw new RangeError('an amount passed the schema and cannot be read');
  return amount;
}

function sortLevels(levels: readonly string[]): bigint[] {
  return [...new Set(levels.map(readUsd))].sort((left, right) => (left < right ? 1 : -1));
}
