import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DirectoryUnavailable, type Principal } from '../../directory/directory.ts';
import { hashKeySecret, isKeySecret } from '../../directory/key-secret.ts';
import type { PublicParts } from '../public-parts.ts';
import type { PublicRouteId } from '../public-routes.ts';
import { readHeader } from '../read-header.ts';
import type { Refusal } from '../refusals.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';

type AuthParts = RefusalParts & Pick<PublicParts, 'principals'>;

const OPEN_ROUTES: ReadonlySet<PublicRouteId | undefined> = new Set<PublicRouteId>(['root', 'livez', 'readyz']);

/** Finds the caller of every route but the open ones; before the body is read, so that a stranger sends no 32 MiB. */
export function authenticateCallers(app: FastifyInstance, parts: AuthParts): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (OPEN_ROUTES.has(request.tollgate.route?.id)) {
      done();
      return;
    }
    const started = performance.now();
    const found = findCaller(parts, request.headers, request.tollgate.route?.id);
    if (found instanceof Promise) {
      found.then((later) => takeCaller(parts, request, reply, later, started) && done(), done);
    } else if (takeCaller(parts, request, reply, found, started)) done();
  });
}

/** @returns whether the request goes on. */
function takeCaller(
  parts: AuthParts,
  request: FastifyRequest,
  reply: FastifyReply,
  found: Principal | Refusal,
  started: number,
): boolean {
  request.tollgate.authMs = performance.now() - started;
  parts.metrics.observeOverhead('auth', request.tollgate.authMs);
  if ('kind' in found) {
    refuseRequest(parts, request, reply, found);
    return false;
  }
  request.tollgate.principal = found;
  return true;
}

/** At once where the caller is remembered, which is the rule; a promise where the store has to be asked. */
function findCaller(
  { principals, timers }: AuthParts,
  headers: IncomingHttpHeaders,
  route: PublicRouteId | undefined,
): Principal | Refusal | Promise<Principal | Refusal> {
  const secret = readKey(headers);
  if (secret === undefined) return { kind: 'key_missing' };
  if (!isKeySecret(secret)) return { kind: 'key_unknown' };
  const hash = hashKeySecret(secret);
  const found = principals.find(hash);
  if (found === 'busy') return { kind: 'overloaded', cause: 'key_look_ups' };
  if (!(found instanceof Promise)) return judgeCaller(found, timers.nowMs());
  return found.then(
    (principal) => judgeCaller(principal, timers.nowMs()),
    (error: unknown) => {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      // The grace budget lets metered calls go on, and nothing else.
      const known = route === 'messages' ? principals.findKnown(hash) : undefined;
      return known === undefined ? { kind: 'directory_unavailable' } : judgeCaller(known, timers.nowMs());
    },
  );
}

function judgeCaller(principal: Principal | undefined, nowMs: number): Principal | Refusal {
  if (principal === undefined) return { kind: 'key_unknown' };
  if (principal.key.revokedAtMs !== undefined) return { kind: 'key_revoked' };
  const { secretExpiresAtMs } = principal;
  if (secretExpiresAtMs !== undefined && secretExpiresAtMs <= nowMs) return { kind: 'key_expired' };
  return principal;
}

/**
 * The key from `x-api-key`, or else from `Authorization: Bearer`. When both are there the former counts, as at the
 * API itself: some clients send one key in both, and a program that keeps another service's bearer still works.
 */
export function readKey(headers: IncomingHttpHeaders): string | undefined {
  const apiKey = readHeader(headers, 'x-api-key')?.trim();
  if (apiKey !== undefined && apiKey !== '') return apiKey;
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  return KEY_IN_TOKEN.exec(bearer ?? '')?.[1] ?? bearer;
}

/**
 * A key in the place of a JSON Web Token's signature. Claude Code shows a limit that comes near only to those whose
 * token says that it is for a gateway, so a key can be given that form; nothing is read of it but the key.
 */
const KEY_IN_TOKEN = /^[\w-]+\.[\w-]+\.(tg_[\w-]+)$/;
