import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { DirectoryUnavailable, type Principal } from '../../directory/directory.ts';
import { hashKeySecret, isKeySecret } from '../../directory/key-secret.ts';
import type { PublicParts } from '../public-parts.ts';
import type { PublicRouteId } from '../public-routes.ts';
import type { Refusal } from '../refusals.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';

const OPEN_ROUTES: ReadonlySet<PublicRouteId | undefined> = new Set<PublicRouteId>(['root', 'livez', 'readyz']);

/** Finds the caller of every route but the open ones; before the body is read, so that a stranger sends no 32 MiB. */
export function authenticateCallers(app: FastifyInstance, parts: RefusalParts & Pick<PublicParts, 'principals'>): void {
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN_ROUTES.has(request.tollgate.route?.id)) return;
    const started = performance.now();
    const found = await findCaller(parts, request.headers, request.tollgate.route?.id);
    request.tollgate.authMs = performance.now() - started;
    parts.metrics.observeOverhead('auth', request.tollgate.authMs);
    if ('kind' in found) return refuseRequest(parts, request, reply, found);
    request.tollgate.principal = found;
  });
}

async function findCaller(
  { principals, timers }: RefusalParts & Pick<PublicParts, 'principals'>,
  headers: IncomingHttpHeaders,
  route: PublicRouteId | undefined,
): Promise<Principal | Refusal> {
  const secret = readKey(headers);
  if (secret === undefined) return { kind: 'key_missing' };
  if (!isKeySecret(secret)) return { kind: 'key_unknown' };
  const hash = hashKeySecret(secret);
  let principal: Principal | undefined;
  try {
    principal = await principals.find(hash);
  } catch (error) {
    if (!(error instanceof DirectoryUnavailable)) throw error;
    // The grace budget lets metered calls go on, and nothing else.
    principal = route === 'messages' ? principals.findKnown(hash) : undefined;
    if (principal === undefined) return { kind: 'directory_unavailable' };
  }
  if (principal === undefined) return { kind: 'key_unknown' };
  if (principal.key.revokedAtMs !== undefined) return { kind: 'key_revoked' };
  const { secretExpiresAtMs } = principal;
  if (secretExpiresAtMs !== undefined && secretExpiresAtMs <= timers.nowMs()) return { kind: 'key_expired' };
  return principal;
}

/**
 * The key from `x-api-key`, or else from `Authorization: Bearer`. When both are there the former counts, as at the
 * API itself: some clients send one key in both, and a program that keeps another service's bearer still works.
 */
export function readKey(headers: IncomingHttpHeaders): string | undefined {
  const apiKey = [headers['x-api-key']].flat()[0]?.trim();
  if (apiKey !== undefined && apiKey !== '') return apiKey;
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  return KEY_IN_TOKEN.exec(bearer ?? '')?.[1] ?? bearer;
}

/**
 * A key in the place of a JSON Web Token's signature. Claude Code shows a limit that comes near only to those whose
 * token says that it is for a gateway, so a key can be given that form; nothing is read of it but the key.
 */
const KEY_IN_TOKEN = /^[\w-]+\.[\w-]+\.(tg_[\w-]+)$/;
