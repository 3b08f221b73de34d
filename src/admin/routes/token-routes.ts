import { reachesAccount } from '../access/caller.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentScope } from '../answers/present-token.ts';
import { writeOptionalTime } from '../answers/write-time.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { presentTokenNow } from '../present-token-now.ts';
import { refuse } from '../problem.ts';
import { answers, writeHeaders } from '../route-schemas.ts';
import { emptyBody } from '../schemas/fields.ts';
import { answerPage, readPage } from '../schemas/page-schemas.ts';
import { tokenQuery, type WhoamiAnswer } from '../schemas/token-schemas.ts';
import { UNKNOWN } from '../unknown-details.ts';
import { addTokenSecretRoutes, TOKENS, tokenParams } from './token-secret-routes.ts';

const tags = ['tokens'];

export function addTokenRoutes(app: AdminApp, parts: AdminParts): void {
  addTokenSecretRoutes(app, parts);
  addReadTokens(app, parts);
  addRevokeToken(app, parts);
  addWhoami(app);
}

function addReadTokens(app: AdminApp, { directory, clock }: AdminParts): void {
  const listSchema = {
    operationId: 'listTokens',
    summary: 'List access tokens, revoked and expired ones included',
    tags,
    querystring: tokenQuery,
    response: answers(200, 'TokenPage', 'In order of creation, never with a secret.'),
  };
  app.get('/tokens', { schema: listSchema, config: TOKENS }, async (request, reply) => {
    const { account_id: asked, ...query } = request.query;
    const { caller } = request;
    if (asked !== undefined) {
      if (!reachesAccount(caller, asked)) return refuse(reply, 'not_found', UNKNOWN.account);
      if ((await findAccountOrRefuse(directory, asked, reply)) === undefined) return reply;
    }
    const page = readPage(query);
    const tokens = await directory.listTokens({ ...page, limit: page.limit + 1 }, asked ?? caller.accountId);
    const { data, ...more } = answerPage(tokens, page.limit);
    const nowMs = clock();
    return { data: await Promise.all(data.map((token) => presentTokenNow(directory, token, nowMs))), ...more };
  });
  const schema = {
    operationId: 'getToken',
    summary: 'Read an access token',
    tags,
    params: tokenParams,
    response: answers(200, 'Token', 'The token, without its secret.'),
  };
  app.get('/tokens/:token_id', { schema, config: TOKENS }, async (request, reply) => {
    const token = await directory.findToken(request.params.token_id);
    return token === undefined ? refuse(reply, 'not_found', UNKNOWN.token) : presentTokenNow(directory, token, clock());
  });
}

function addRevokeToken(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'revokeToken',
    summary: 'End an access token at once and for good, the secret of a rotation included',
    tags,
    headers: writeHeaders,
    params: tokenParams,
    body: emptyBody,
    response: answers(200, 'Token', 'The revoked token.'),
  };
  app.post('/tokens/:token_id/revoke', { schema, config: TOKENS }, async (request, reply) => {
    const { nowMs } = request.write;
    const revoked = await directory.revokeToken(request.params.token_id, nowMs);
    return revoked === undefined
      ? refuse(reply, 'not_found', UNKNOWN.token)
      : presentTokenNow(directory, revoked, nowMs);
  });
}

function addWhoami(app: AdminApp): void {
  const schema = {
    operationId: 'whoami',
    summary: 'Read whose token this is and what it may do',
    tags,
    response: answers(200, 'Whoami', 'The caller.'),
  };
  const config = { permission: 'any', narrowest: 'team' } as const;
  app.get(
    '/whoami',
    { schema, config },
    async ({ caller }): Promise<WhoamiAnswer> => ({
      type: caller.type,
      ...(caller.id === undefined ? {} : { id: caller.id }),
      name: caller.name ?? 'root',
      role: caller.role,
      scope: presentScope(caller.scope),
      permissions: [...caller.permissions],
      expires_at: writeOptionalTime(caller.expiresAtMs),
    }),
  );
}
