import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    public?: boolean;
  }
}

const BEARER_PATTERN = /^Bearer +([\x21-\x7e]{1,512}) *$/i;

/**
 * Whether an `authorization` header holds the admin token. Both sides are hashed first, so that the comparison takes
 * the same time whatever was sent, its length included.
 * @throws RangeError when the token is empty: an admin API without one must not start.
 */
export function hasAdminToken(adminToken: string): (authorization: string | undefined) => boolean {
  if (adminToken === '') throw new RangeError('the admin token is empty');
  const expected = hashToken(adminToken);
  return (authorization = '') => {
    const given = BEARER_PATTERN.exec(authorization)?.[1];
    return given !== undefined && timingSafeEqual(hashToken(given), expected);
  };
}

/** The hook that lets in who holds the admin token. Throws as {@link hasAdminToken}. */
export function authorizeAdmin(
  adminToken: string,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const isAdmin = hasAdminToken(adminToken);
  return async (request, reply) => {
    if (request.routeOptions.config.public === true) return undefined;
    if (isAdmin(request.headers.authorization)) return undefined;
    return refuse(reply, 'unauthorized', 'Send the admin token as "Authorization: Bearer <token>".');
  };
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
