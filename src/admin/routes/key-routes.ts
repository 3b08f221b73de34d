import { Type } from 'typebox';
import type { Key, KeyChange } from '../../directory/directory.ts';
import { parseTime } from '../../domain/parse-time.ts';
import { teamOf } from '../access/caller.ts';
import { type Owners, readOwners } from '../access/read-owners.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentKey } from '../answers/present-key.ts';
import { deleteQuotasOnKey } from '../delete-quotas-on-key.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findKeys, type KeyWish } from '../find-keys.ts';
import { findUnknownModels } from '../find-unknown-models.ts';
import { findUnknownOwners } from '../find-unknown-owners.ts';
import { describeFieldErrors, refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import { emptyBody } from '../schemas/fields.ts';
import { type KeyListQuery, keyListQuery, type UpdateKeyBody, updateKeyBody } from '../schemas/key-schemas.ts';
import { answerPage, readPage } from '../schemas/page-schemas.ts';
import { UNKNOWN } from '../unknown-details.ts';
import { addKeySecretRoutes } from './key-secret-routes.ts';

const tags = ['keys'];
const keyParams = Type.Object({ account_id: Type.String(), key_id: Type.String() });

export function addKeyRoutes(app: AdminApp, parts: AdminParts): void {
  addKeySecretRoutes(app, parts);
  addReadKeys(app, parts);
  addUpdateKey(app, parts);
  addRevokeKey(app, parts);
}

function addReadKeys(app: AdminApp, { directory, clock }: AdminParts): void {
  const listSchema = {
    operationId: 'listKeys',
    summary: 'List keys',
    tags,
    params: accountParams,
    querystring: keyListQuery,
    response: answers(200, 'KeyPage', 'In order of creation, never with a secret.'),
  };
  app.get(
    '/accounts/:account_id/keys',
    { schema: listSchema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const page = readPage(request.query);
      const wish = readKeyWish(request.query);
      const own = teamOf(request.caller);
      const unknown = await findUnknownOwners(
        directory,
        { accountId, ...own },
        { team: wish.teamId, member: wish.memberId },
      );
      if (unknown.length > 0) return refuse(reply, 'not_found', describeFieldErrors(unknown), unknown);
      const keys = await findKeys(directory, accountId, { ...wish, ...own }, page);
      const nowMs = clock();
      return answerPage(
        keys.map((key) => presentKey(key, nowMs)),
        page.limit,
      );
    },
  );
  const schema = {
    operationId: 'getKey',
    summary: 'Read a key',
    tags,
    params: keyParams,
    response: answers(200, 'Key', 'The key, without its secret.'),
  };
  app.get(
    '/accounts/:account_id/keys/:key_id',
    { schema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, key_id: keyId } = request.params;
      const key = await directory.findKey(accountId, keyId);
      return key === undefined ? refuse(reply, 'not_found', UNKNOWN.key) : presentKey(key, clock());
    },
  );
}

function readKeyWish({ team_id: teamId, member_id: memberId, q: text }: KeyListQuery): KeyWish {
  const named = Object.entries({ teamId, memberId, text }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named);
}

function addUpdateKey(app: AdminApp, { directory, rateCard }: AdminParts): void {
  const schema = {
    operationId: 'updateKey',
    summary: 'Change a key; null removes a field',
    tags,
    headers: writeHeaders,
    params: keyParams,
    body: updateKeyBody,
    response: answers(200, 'Key', 'The key as it is now.'),
  };
  app.patch(
    '/accounts/:account_id/keys/:key_id',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, key_id: keyId } = request.params;
      const { nowMs, resumed } = request.write;
      if ((await directory.findKey(accountId, keyId)) === undefined) return refuse(reply, 'not_found', UNKNOWN.key);
      const owners = await readOwners(directory, request.caller, { accountId, makes: false }, request.body);
      if (Array.isArray(owners)) return refuseFields(reply, owners);
      const change = composeChange(request.body, owners);
      if (typeof change.expiresAtMs === 'number' && change.expiresAtMs <= nowMs && !resumed) {
        return refuseFields(reply, [
          { field: 'expires_at', message: 'must be in the future; to end a key now, revoke it' },
        ]);
      }
      const unknown = findUnknownModels(rateCard(), change.allowedModels ?? []);
      if (unknown.length > 0 && !resumed) return refuseFields(reply, unknown);
      const key = await directory.updateKey(accountId, keyId, change);
      if (key !== undefined) return presentKey(key, nowMs);
      // At least one, since the directory refused them.
      const { teamId: team, memberId: member } = change;
      return refuseFields(reply, await findUnknownOwners(directory, { accountId }, { team, member }));
    },
  );
}

function composeChange(body: UpdateKeyBody, owners: Owners): KeyChange {
  const { name, expires_at: expiresAt, allowed_models: allowedModels } = body;
  return {
    ...owners,
    ...(name === undefined ? {} : { name }),
    ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt === null ? null : (parseTime(expiresAt) ?? null) }),
    ...(allowedModels === undefined ? {} : { allowedModels }),
  };
}

function addRevokeKey(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'revokeKey',
    summary: 'End a key at once and for good, the secret of a rotation and the quotas on it included',
    tags,
    headers: writeHeaders,
    params: keyParams,
    body: emptyBody,
    response: answers(200, 'Key', 'The revoked key.'),
  };
  app.post(
    '/accounts/:account_id/keys/:key_id/revoke',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, key_id: keyId } = request.params;
      const { nowMs } = request.write;
      const present: Key | undefined = await directory.findKey(accountId, keyId);
      const revoked =
        present?.revokedAtMs === undefined
          ? await directory.updateKey(accountId, keyId, { revokedAtMs: nowMs })
          : present;
      if (revoked === undefined) return refuse(reply, 'not_found', UNKNOWN.key);
      await deleteQuotasOnKey(directory, accountId, keyId);
      return presentKey(revoked, nowMs);
    },
  );
}
