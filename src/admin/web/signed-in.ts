import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionCallers } from '../access/authorize.ts';
import { PROBLEM_CONTENT_TYPE, refuse } from '../problem.ts';
import { type ConsoleSessions, findForgery } from './console-sessions.ts';
import type { SessionClaims } from './session-seal.ts';
import type { Viewer, Viewers } from './viewers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set where a session of the console answers for the request. */
    viewer: Viewer | undefined;
    viewerClaims: SessionClaims | undefined;
  }
}

export interface SignedInParts {
  sessions: ConsoleSessions;
  viewers: Viewers;
}

/**
 * Finds whose session a request carries and keeps it on the request. A request that carries none is nobody's, which is
 * no refusal.
 * @returns the reply where it was refused: a session answers for its own pages only.
 */
export async function readSession(
  { sessions, viewers }: SignedInParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const claims = sessions.find(request);
  if (claims === undefined) return undefined;
  const forgery = findForgery(request);
  if (forgery !== undefined) return reply.code(forgery.status).type(PROBLEM_CONTENT_TYPE).send(forgery);
  const viewer = await viewers.find(claims);
  if (viewer === undefined) {
    sessions.end(request, reply);
    return undefined;
  }
  sessions.renew(request, reply, claims);
  request.viewer = viewer;
  request.viewerClaims = claims;
  return undefined;
}

/** The part of it that the admin API asks: a holder of an API key is nobody there. */
export function findSessionCallers(parts: SignedInParts): SessionCallers {
  return {
    async findSessionCaller(request, reply) {
      await readSession(parts, request, reply);
      return request.viewer?.type === 'admin' ? request.viewer.caller : undefined;
    },
  };
}

/** The hook of what only a session sees. */
export function requireSession(parts: SignedInParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const refused = await readSession(parts, request, reply);
    if (refused !== undefined || request.viewer !== undefined) return refused;
    return refuse(reply, 'unauthorized', 'Sign in at the console.');
  };
}
