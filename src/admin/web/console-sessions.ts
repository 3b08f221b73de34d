import type { FastifyReply, FastifyRequest } from 'fastify';
import { createProblem, type Problem } from '../problem.ts';
import { createSessionId, createSessionSeal, type SessionClaims, type SessionKind } from './session-seal.ts';

/** Without a sign of its bearer for so long a session is over. */
export const SESSION_IDLE_MS = 30 * 60_000;
/** And after this in any case. */
export const SESSION_LIFE_MS = 12 * 3_600_000;
/** The cookie is written anew when its last sign of life is older. */
const RENEW_AFTER_MS = 60_000;
/** Sessions that were signed out and could still be shown again by a copy of their cookie. */
const ENDED_AT_MOST = 10_000;
/** Sent by the console's own script alone: a form or an image of another site cannot, and nothing allows it to ask. */
export const CONSOLE_HEADER = 'x-tollgate-console';
const COOKIE = /(?:^|;\s*)(tollgate_session_\w+)=([\w-]{1,1024})(?=;|$)/g;
const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** `none`: the reader typed the address or opened a bookmark. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

/** Sessions of people at the console: a sealed cookie each, nothing kept on the server but those that were ended. */
export interface ConsoleSessions {
  begin(request: FastifyRequest, reply: FastifyReply, who: { kind: SessionKind; secretHash: string }): SessionClaims;
  /**
   * The session that the request carries, still good by the clock; whether its credential is still good is the
   * caller's to look up. Undefined where there is none.
   */
  find(request: FastifyRequest): SessionClaims | undefined;
  /** Writes the cookie anew where its bearer does something; not for what the page asks by itself. */
  renew(request: FastifyRequest, reply: FastifyReply, claims: SessionClaims): void;
  end(request: FastifyRequest, reply: FastifyReply): void;
  /** Whether it is over, by the clock or because it was ended. */
  isOver(claims: SessionClaims, nowMs: number): boolean;
}

export function createConsoleSessions(parts: { adminToken: string; clock: () => number }): ConsoleSessions {
  const { open, seal } = createSessionSeal(parts.adminToken);
  const ended = new Map<string, number>();
  const isOver = ({ id, issuedAtMs, seenAtMs }: SessionClaims, nowMs: number): boolean =>
    nowMs - issuedAtMs >= SESSION_LIFE_MS || nowMs - seenAtMs >= SESSION_IDLE_MS || ended.has(id);
  const find = (request: FastifyRequest): SessionClaims | undefined => {
    const text = readCookie(request);
    const claims = text === undefined ? undefined : open(text);
    return claims === undefined || isOver(claims, parts.clock()) ? undefined : claims;
  };
  return {
    begin(request, reply, { kind, secretHash }) {
      const nowMs = parts.clock();
      const claims = { id: createSessionId(), kind, secretHash, issuedAtMs: nowMs, seenAtMs: nowMs };
      writeCookie(request, reply, seal(claims), SESSION_LIFE_MS);
      return claims;
    },
    find,
    renew(request, reply, claims) {
      const nowMs = parts.clock();
      if (request.headers[CONSOLE_HEADER] !== 'act' || nowMs - claims.seenAtMs < RENEW_AFTER_MS) return;
      const leftMs = claims.issuedAtMs + SESSION_LIFE_MS - nowMs;
      writeCookie(request, reply, seal({ ...claims, seenAtMs: nowMs }), leftMs);
    },
    end(request, reply) {
      const claims = find(request);
      if (claims !== undefined) noteEnded(ended, claims, parts.clock());
      writeCookie(request, reply, '', 0);
    },
    isOver,
  };
}

function noteEnded(ended: Map<string, number>, { id, issuedAtMs }: SessionClaims, nowMs: number): void {
  for (const [known, endsAtMs] of ended) if (endsAtMs <= nowMs) ended.delete(known);
  const [oldest] = ended.keys();
  if (ended.size >= ENDED_AT_MOST && oldest !== undefined) ended.delete(oldest);
  ended.set(id, issuedAtMs + SESSION_LIFE_MS);
}

/**
 * What is wrong with a request that a session would have to answer for: it comes from another site, or it writes and
 * was not sent by the console's own script. Undefined: nothing.
 */
export function findForgery(request: FastifyRequest): Problem | undefined {
  const { headers, method } = request;
  const site = headers['sec-fetch-site'];
  const isOwnSite = site === undefined ? isOwnOrigin(headers.origin, headers.host) : OWN_SITES.has(site as string);
  if (!isOwnSite) return createProblem('forbidden', 'A session answers to the console’s own pages only.');
  if (READING_METHODS.has(method)) return undefined;
  // Every browser sends the origin with what writes; without one it is no browser, and should send its token.
  const isOurs = headers[CONSOLE_HEADER] !== undefined && isOwnOrigin(headers.origin, headers.host);
  if (isOurs && headers.origin !== undefined) return undefined;
  return createProblem(
    'forbidden',
    'A session writes through the console’s own pages only; a program sends its token.',
  );
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Browsers share cookies among the ports of a host: each Tollgate on it has a name of its own. */
function nameCookie({ headers }: FastifyRequest): string {
  return `tollgate_session_${/:(\d{1,5})$/.exec(headers.host ?? '')?.[1] ?? 'web'}`;
}

function readCookie(request: FastifyRequest): string | undefined {
  const name = nameCookie(request);
  for (const [, found, value] of (request.headers.cookie ?? '').matchAll(COOKIE)) if (found === name) return value;
  return undefined;
}

function writeCookie(request: FastifyRequest, reply: FastifyReply, value: string, lifeMs: number): void {
  // Behind something that speaks TLS the cookie must not leave it again.
  const secure = request.headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
  const age = Math.max(0, Math.floor(lifeMs / 1_000));
  reply.header(
    'set-cookie',
    `${nameCookie(request)}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`,
  );
}
