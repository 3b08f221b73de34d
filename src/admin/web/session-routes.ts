import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AdminApp } from '../admin-parts.ts';
import { presentScope } from '../answers/present-token.ts';
import { writeTime } from '../answers/write-time.ts';
import { PROBLEM_CONTENT_TYPE, refuse } from '../problem.ts';
import { addBodyReading } from '../read-body.ts';
import { findForgery, SESSION_IDLE_MS, SESSION_LIFE_MS } from './console-sessions.ts';
import type { SessionClaims } from './session-seal.ts';
import { readSession, type SignedInParts } from './signed-in.ts';
import type { Viewer } from './viewers.ts';

const signInBody = Type.Object(
  { secret: Type.String({ minLength: 1, maxLength: 512 }) },
  { additionalProperties: false },
);

/** Signing in by a token or an API key, out, and who is signed in. */
export function addSessionRoutes(
  app: AdminApp,
  parts: SignedInParts & { publicUrl: () => string; version: string },
): void {
  const { sessions, viewers } = parts;
  addBodyReading(app);
  const about = { version: parts.version };
  app.post('/console/session', { schema: { hide: true, body: signInBody } }, async (request, reply) => {
    const forgery = findForgery(request);
    if (forgery !== undefined) return reply.code(forgery.status).type(PROBLEM_CONTENT_TYPE).send(forgery);
    const found = await viewers.identify(request.body.secret.trim());
    if (found === undefined) {
      request.log.warn({ event: 'sign_in_refused' }, 'somebody could not sign in to the console');
      return refuse(reply, 'unauthorized', 'This is no token and no API key that works here.');
    }
    const claims = sessions.begin(request, reply, found);
    request.log.info({ event: 'signed_in', kind: found.kind }, 'somebody signed in to the console');
    return { ...about, public_url: parts.publicUrl(), ...presentViewer(found.viewer, claims) };
  });
  app.get('/console/session', { schema: { hide: true } }, async (request, reply) => {
    const refused = await readSession(parts, request, reply);
    if (refused !== undefined) return refused;
    const { viewer, viewerClaims } = request;
    if (viewer === undefined || viewerClaims === undefined) return { ...about, type: null };
    return { ...about, public_url: parts.publicUrl(), ...presentViewer(viewer, viewerClaims) };
  });
  app.delete('/console/session', { schema: { hide: true } }, async (request: FastifyRequest, reply) => {
    const forgery = findForgery(request);
    if (forgery !== undefined) return reply.code(forgery.status).type(PROBLEM_CONTENT_TYPE).send(forgery);
    sessions.end(request, reply);
    return reply.code(204).send();
  });
}

function presentViewer(viewer: Viewer, claims: SessionClaims) {
  const life = {
    idle_seconds: SESSION_IDLE_MS / 1_000,
    expires_at: writeTime(claims.issuedAtMs + SESSION_LIFE_MS),
  };
  if (viewer.type === 'key') {
    const { account, key } = viewer.principal;
    const scope = { type: 'key', account_id: account.id, key_id: key.id };
    return { type: 'key', name: key.name, scope, permissions: [], ...life };
  }
  const { type, name = 'admin token', role, scope, permissions } = viewer.caller;
  return { type, name, role, scope: presentScope(scope), permissions, ...life };
}
