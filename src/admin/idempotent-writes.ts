import type { FastifyReply, FastifyRequest } from 'fastify';
import { createId, deriveId, type IdPrefix } from '../directory/create-id.ts';
import type { Directory } from '../directory/directory.ts';
import type { AdminApp } from './admin-parts.ts';
import { fingerprintBody } from './fingerprint-body.ts';
import { refuse, refuseFields } from './problem.ts';

/** What a write needs to be done again safely. */
export interface WriteContext {
  nowMs: number;
  /** A first try under its key may have been cut off after a part of its effects. */
  resumed: boolean;
  /** The name of this write, the same in every try; absent without an idempotency key. */
  repeatId: string | undefined;
  /** The id of what is written: the same in every try under one idempotency key. One per prefix and call. */
  newId(prefix: IdPrefix): string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for every call that writes. */
    write: WriteContext;
    /** The claim this request has to complete. */
    claimed: { scope: string; key: string } | undefined;
  }
}

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;
const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Makes every write idempotent under the `Idempotency-Key` header. The answer is stored before it is sent; a write cut
 * off before that is done again with the ids it had. A refusal is stored like a success, a fault is not.
 *
 * The scope names the method, the path and the account or team to which the caller is bound, and not his token: a
 * retry after the token was changed must still not grant twice, and a key that two accounts choose must not give one of
 * them the other's answer.
 */
export function addIdempotentWrites(app: AdminApp, parts: { directory: Directory; clock: () => number }): void {
  const running = new Set<string>();
  app.decorateRequest('write');
  app.decorateRequest('claimed');
  app.addHook('preHandler', async (request, reply) => {
    if (READING_METHODS.has(request.method)) return undefined;
    return claimWrite(parts, running, request, reply);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { claimed } = request;
    if (claimed === undefined) return payload;
    request.claimed = undefined;
    await completeWrite(parts.directory, request, reply, claimed, payload);
    running.delete(nameClaim(claimed));
    return payload;
  });
}

async function claimWrite(
  parts: { directory: Directory; clock: () => number },
  running: Set<string>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const nowMs = parts.clock();
  const key = request.headers['idempotency-key'];
  if (key === undefined) {
    request.write = { nowMs, resumed: false, repeatId: undefined, newId: (prefix) => createId(prefix, nowMs) };
    return undefined;
  }
  if (typeof key !== 'string' || !KEY_PATTERN.test(key)) {
    return refuseFields(reply, [{ field: 'idempotency-key', message: 'must be 1 to 255 visible ASCII characters' }]);
  }
  const claim = { scope: nameScope(request), key };
  if (running.has(nameClaim(claim))) {
    return refuse(reply, 'idempotency_in_progress', 'Wait for its answer, or send it again later.');
  }
  running.add(nameClaim(claim));
  try {
    return await startClaimed(parts.directory, nowMs, claim, request, reply);
  } finally {
    if (request.claimed === undefined) running.delete(nameClaim(claim));
  }
}

async function startClaimed(
  directory: Directory,
  nowMs: number,
  claim: { scope: string; key: string },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const state = await directory.claimIdempotencyKey({
    ...claim,
    fingerprint: fingerprintBody(request.body),
    atMs: nowMs,
  });
  if (state.result === 'conflict') {
    return refuse(reply, 'idempotency_conflict', 'Its first body was another. Take a new key for a new request.');
  }
  if (state.result === 'replay') {
    const { status, body } = state.response;
    reply.code(status).header('idempotent-replayed', 'true');
    if (body === '') return reply.send();
    return reply.type(status < 400 ? 'application/json' : 'application/problem+json').send(JSON.parse(body));
  }
  request.claimed = claim;
  request.write = {
    nowMs,
    resumed: state.result === 'resume',
    repeatId: deriveId('req', claim.scope, claim.key),
    newId: (prefix) => deriveId(prefix, claim.scope, claim.key),
  };
  return undefined;
}

/**
 * A failure here is logged and not answered: the write is done, and its answer, which may carry a secret shown once,
 * must reach the client. A retry then finds the claim uncompleted and resumes it with the same ids.
 */
async function completeWrite(
  directory: Directory,
  request: FastifyRequest,
  reply: FastifyReply,
  claimed: { scope: string; key: string },
  payload: unknown,
): Promise<void> {
  if (reply.statusCode >= 500) return;
  try {
    const body = typeof payload === 'string' ? withoutSecret(payload) : '';
    await directory.completeIdempotencyKey(claimed.scope, claimed.key, { status: reply.statusCode, body });
  } catch (error) {
    request.log.warn({ err: error }, 'idempotency key not completed');
  }
}

function withoutSecret(body: string): string {
  if (body === '') return '';
  const answer = JSON.parse(body) as { secret?: unknown };
  return 'secret' in answer ? JSON.stringify({ ...answer, secret: null }) : body;
}

function nameScope({ method, url, caller }: FastifyRequest): string {
  const bound = caller.teamId ?? caller.accountId;
  return `${method} ${url.split('?')[0]}${bound === undefined ? '' : ` ${bound}`}`;
}

function nameClaim(claim: { scope: string; key: string }): string {
  return `${claim.scope} ${claim.key}`;
}
