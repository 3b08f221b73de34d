import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Directory, Key } from '../../directory/directory.ts';
import { createKeySecret, type KeySecret } from '../../directory/key-secret.ts';
import { parseTime } from '../../domain/parse-time.ts';
import { type Owners, readOwners } from '../access/read-owners.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { findKeyStatus, presentKey } from '../answers/present-key.ts';
import { findOpenAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findUnknownModels } from '../find-unknown-models.ts';
import type { WriteContext } from '../idempotent-writes.ts';
import { refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, writeHeaders } from '../route-schemas.ts';
import { type CreateKeyBody, createKeyBody, rotateKeyBody } from '../schemas/key-schemas.ts';
import { describeUnknown, UNKNOWN } from '../unknown-details.ts';

const tags = ['keys'];
const keyParams = Type.Object({ account_id: Type.String(), key_id: Type.String() });

/** The two calls whose answer carries a secret: it exists nowhere else, so a retry makes another. */
export function addKeySecretRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateKey(app, parts);
  addRotateKey(app, parts);
}

function addCreateKey(app: AdminApp, { directory, rateCard }: AdminParts): void {
  const schema = {
    operationId: 'createKey',
    summary: 'Create a key; its secret is shown this once',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: createKeyBody,
    response: answers(201, 'KeyWithSecret', 'The key with its secret.'),
  };
  app.post(
    '/accounts/:account_id/keys',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      const { write } = request;
      if ((await findOpenAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const owners = await readOwners(directory, request.caller, { accountId, makes: true }, request.body);
      if (Array.isArray(owners)) return refuseFields(reply, owners);
      const fresh = createKeySecret();
      const key = composeKey(request.body, { accountId, ...owners }, fresh, write);
      if (key.expiresAtMs !== undefined && key.expiresAtMs <= write.nowMs) {
        return refuseFields(reply, [{ field: 'expires_at', message: 'must be in the future' }]);
      }
      const unknown = findUnknownModels(rateCard(), key.allowedModels ?? []);
      if (unknown.length > 0 && !write.resumed) return refuseFields(reply, unknown);
      const created = await directory.createKey(key);
      if (created.result === 'no_reference') return refuseReference(reply, created.what);
      const record = created.result === 'conflict' ? await replaceUnseen(directory, key, write) : created.record;
      if (record === undefined) return refuse(reply, 'idempotency_conflict', 'A key was made by it before.');
      reply.code(201).header('cache-control', 'no-store');
      return { ...presentKey(record, write.nowMs), secret: fresh.secret };
    },
  );
}

function composeKey(
  body: CreateKeyBody,
  { accountId, teamId, memberId }: Owners & { accountId: string },
  fresh: KeySecret,
  write: WriteContext,
): Key {
  const expiresAtMs = body.expires_at === undefined ? undefined : parseTime(body.expires_at);
  return {
    id: write.newId('key'),
    accountId,
    ...(teamId ? { teamId } : {}),
    ...(memberId ? { memberId } : {}),
    name: body.name,
    secretHash: fresh.secretHash,
    hint: fresh.hint,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(body.allowed_models === undefined ? {} : { allowedModels: body.allowed_models }),
    createdAtMs: write.nowMs,
  };
}

/** A first try made the key and was cut off before its answer: nobody has its secret, so it gives way at once. */
async function replaceUnseen(directory: Directory, key: Key, write: WriteContext): Promise<Key | undefined> {
  if (!write.resumed) return undefined;
  const { secretHash, hint } = key;
  return directory.rotateKey(key.accountId, key.id, { secretHash, hint, oldExpiresAtMs: write.nowMs });
}

function refuseReference(reply: FastifyReply, what: 'account' | 'team' | 'member'): FastifyReply {
  if (what === 'account') return refuse(reply, 'not_found', UNKNOWN.account);
  return refuseFields(reply, [{ field: `${what}_id`, message: describeUnknown(what) }]);
}

function addRotateKey(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'rotateKey',
    summary: 'Give a key a new secret, shown this once; the old one works on for the grace',
    tags,
    headers: writeHeaders,
    params: keyParams,
    body: rotateKeyBody,
    response: answers(200, 'KeyWithSecret', 'The key with its new secret.'),
  };
  app.post(
    '/accounts/:account_id/keys/:key_id/rotate',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, key_id: keyId } = request.params;
      const { nowMs, repeatId } = request.write;
      const present = await directory.findKey(accountId, keyId);
      if (present === undefined) return refuse(reply, 'not_found', UNKNOWN.key);
      if (findKeyStatus(present, nowMs) !== 'active') {
        return refuse(reply, 'key_not_active', 'A new secret would not work either. Create a new key.');
      }
      const fresh = createKeySecret();
      const rotated = await directory.rotateKey(accountId, keyId, {
        secretHash: fresh.secretHash,
        hint: fresh.hint,
        oldExpiresAtMs: nowMs + (request.body.grace_seconds ?? 0) * 1_000,
        ...(repeatId === undefined ? {} : { rotationId: repeatId }),
      });
      if (rotated === undefined) return refuse(reply, 'not_found', UNKNOWN.key);
      return { ...presentKey(rotated, nowMs), secret: fresh.secret };
    },
  );
}
