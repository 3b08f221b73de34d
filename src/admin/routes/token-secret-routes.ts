import { Type } from 'typebox';
import { type AccessToken, MAX_ACTIVE_TOKENS, type TokenScope } from '../../directory/access-token.ts';
import type { Directory } from '../../directory/directory.ts';
import { createTokenSecret } from '../../directory/key-secret.ts';
import { daysAfter } from '../../domain/grant-term.ts';
import { parseTime } from '../../domain/parse-time.ts';
import { type Caller, mayDo, reachesAccount } from '../access/caller.ts';
import { permissionsOf, TEAM_ROLES } from '../access/permissions.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import type { WriteContext } from '../idempotent-writes.ts';
import { presentTokenNow } from '../present-token-now.ts';
import { type FieldError, refuse, refuseFields } from '../problem.ts';
import { answers, writeHeaders } from '../route-schemas.ts';
import {
  type CreateTokenBody,
  createTokenBody,
  DEFAULT_VALID_DAYS,
  type RotateTokenBody,
  rotateTokenBody,
} from '../schemas/token-schemas.ts';
import { describeUnknown, UNKNOWN } from '../unknown-details.ts';

const tags = ['tokens'];
export const tokenParams = Type.Object({ token_id: Type.String() });
/** A token that the path names and that is another account's, the bounds have answered already. */
export const TOKENS = { permission: 'tokens.write', narrowest: 'account' } as const;

/** The two calls whose answer carries a secret: it exists nowhere else, so a retry makes another. */
export function addTokenSecretRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateToken(app, parts);
  addRotateToken(app, parts);
}

function addCreateToken(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'createToken',
    summary: 'Create an access token of the admin API; its secret is shown this once',
    tags,
    headers: writeHeaders,
    body: createTokenBody,
    response: answers(201, 'TokenWithSecret', 'The token with its secret.'),
  };
  app.post('/tokens', { schema, config: TOKENS }, async (request, reply) => {
    const { body, caller, write } = request;
    const scope = await readScope(directory, caller, body);
    if (Array.isArray(scope)) return refuseFields(reply, scope);
    if (exceedsCaller(caller, body.role, scope)) {
      return refuse(reply, 'forbidden', 'Nobody makes a token that may do more than his own.');
    }
    if (scope.type !== 'installation' && (await directory.findAccount(scope.accountId))?.closedAtMs !== undefined) {
      return refuse(reply, 'account_closed', 'A closed account takes nothing new.');
    }
    const term = readTerm(body, write.nowMs) ?? { expiresAtMs: daysAfter(write.nowMs, DEFAULT_VALID_DAYS) };
    if (isOver(term, write)) return refuseFields(reply, [{ field: 'expires_at', message: 'must be in the future' }]);
    const { secret, secretHash, hint } = createTokenSecret();
    const token: AccessToken = {
      ...{ id: write.newId('token'), name: body.name, role: body.role, scope, secretHash, hint },
      ...(term.expiresAtMs === null ? {} : { expiresAtMs: term.expiresAtMs }),
      createdAtMs: write.nowMs,
    };
    const created = await directory.createToken(token);
    if (created.result === 'no_reference') return refuseFields(reply, [unknownInScope(created.what)]);
    if (created.result === 'too_many') return refuse(reply, 'too_many', TOO_MANY);
    const record = created.result === 'conflict' ? await replaceUnseen(directory, token, write) : created.record;
    if (record === undefined) return refuse(reply, 'idempotency_conflict', 'A token was made by it before.');
    reply.code(201);
    return { ...(await presentTokenNow(directory, record, write.nowMs)), secret };
  });
}

const TOO_MANY = `There are ${MAX_ACTIVE_TOKENS} active tokens of an account or of the installation at most: revoke one.`;

/** A caller of one account may leave it out, and another's is as if it were not there. */
async function readScope(
  directory: Pick<Directory, 'findAccount' | 'findTeam'>,
  caller: Caller,
  { role, scope }: CreateTokenBody,
): Promise<TokenScope | FieldError[]> {
  const { type, account_id: accountId = caller.accountId, team_id: teamId } = scope;
  if (type === 'installation') return findSurplus(scope, ['account_id', 'team_id']) ?? { type };
  const surplus = type === 'account' ? findSurplus(scope, ['team_id']) : undefined;
  if (surplus !== undefined) return surplus;
  if (accountId === undefined) return [{ field: 'scope.account_id', message: `is required for ${type}` }];
  const isThere = reachesAccount(caller, accountId) && (await directory.findAccount(accountId)) !== undefined;
  if (!isThere) return [unknownInScope('account')];
  if (type === 'account') return { type, accountId };
  if (!TEAM_ROLES.includes(role)) return [{ field: 'role', message: `must be ${TEAM_ROLES.join(' or ')} for a team` }];
  if (teamId === undefined) return [{ field: 'scope.team_id', message: 'is required for team' }];
  const team = await directory.findTeam(accountId, teamId);
  return team === undefined ? [unknownInScope('team')] : { type, accountId, teamId };
}

function findSurplus(scope: CreateTokenBody['scope'], names: readonly ('account_id' | 'team_id')[]) {
  const errors = names
    .filter((name) => scope[name] !== undefined)
    .map((name) => ({ field: `scope.${name}`, message: `is not for ${scope.type}` }));
  return errors.length === 0 ? undefined : errors;
}

function unknownInScope(what: 'account' | 'team'): FieldError {
  return { field: `scope.${what}_id`, message: describeUnknown(what) };
}

function exceedsCaller(caller: Caller, role: AccessToken['role'], scope: TokenScope): boolean {
  const isWider = caller.accountId !== undefined && scope.type === 'installation';
  return isWider || !permissionsOf(role, scope.type).every((permission) => mayDo(caller, permission));
}

/** `null`: none. Undefined where the body says nothing of it. */
function readTerm(
  { expires_at: expiresAt, valid_days: validDays }: Pick<RotateTokenBody, 'expires_at' | 'valid_days'>,
  nowMs: number,
): { expiresAtMs: number | null } | undefined {
  if (validDays !== undefined) return { expiresAtMs: daysAfter(nowMs, validDays) };
  if (expiresAt === undefined) return undefined;
  return { expiresAtMs: expiresAt === null ? null : (parseTime(expiresAt) ?? nowMs) };
}

function isOver({ expiresAtMs }: { expiresAtMs: number | null }, { nowMs, resumed }: WriteContext): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs && !resumed;
}

/** A first try made the token and was cut off before its answer: nobody has its secret, so it gives way at once. */
async function replaceUnseen(
  directory: Directory,
  { id, secretHash, hint }: AccessToken,
  write: WriteContext,
): Promise<AccessToken | undefined> {
  return write.resumed ? directory.rotateToken(id, { secretHash, hint, oldExpiresAtMs: write.nowMs }) : undefined;
}

function addRotateToken(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'rotateToken',
    summary: 'Give a token a new secret, shown this once; the old one works on for the grace',
    tags,
    headers: writeHeaders,
    params: tokenParams,
    body: rotateTokenBody,
    response: answers(200, 'TokenWithSecret', 'The token with its new secret.'),
  };
  app.post('/tokens/:token_id/rotate', { schema, config: TOKENS }, async (request, reply) => {
    const { body, params, write } = request;
    const { nowMs, repeatId } = write;
    const present = await directory.findToken(params.token_id);
    if (present === undefined) return refuse(reply, 'not_found', UNKNOWN.token);
    if ((await presentTokenNow(directory, present, nowMs)).status !== 'active') {
      return refuse(reply, 'token_not_active', 'A new secret would not work either. Create a new token.');
    }
    const term = readTerm(body, nowMs);
    if (term !== undefined && isOver(term, write)) {
      return refuseFields(reply, [{ field: 'expires_at', message: 'must be in the future; to end it now, revoke it' }]);
    }
    const { secret, secretHash, hint } = createTokenSecret();
    const rotated = await directory.rotateToken(present.id, {
      ...{ secretHash, hint, ...term },
      oldExpiresAtMs: nowMs + (body.grace_seconds ?? 0) * 1_000,
      ...(repeatId === undefined ? {} : { rotationId: repeatId }),
    });
    if (rotated === undefined) return refuse(reply, 'not_found', UNKNOWN.token);
    return { ...(await presentTokenNow(directory, rotated, nowMs)), secret };
  });
}
