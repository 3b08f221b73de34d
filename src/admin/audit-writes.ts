import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditAct, AuditLog, AuditOutcome } from '../directory/audit-log.ts';
import type { Caller } from './access/caller.ts';
import type { AdminApp } from './admin-parts.ts';
import { findAuditChanges, presentRequested } from './find-audit-changes.ts';
import { type AuditedParts, readAudited } from './read-audited.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The record that this act has to finish. */
    audited: { sequence: number; before: object | undefined } | undefined;
  }
}

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const PARAM_PATTERN = /:(\w+)/g;

export interface AuditWritesParts extends AuditedParts {
  audit: AuditLog;
}

/**
 * Leaves a record of every act of an administrator: what is about to be done before it is done, so that a store that
 * does not take the record keeps the act from being done, and what came of it before it is answered. What is refused
 * before it could do anything (no token, a body that does not fit, a repeated answer) is no act.
 *
 * Call after {@link addIdempotentWrites}, whose hook answers repeats.
 */
export function addAuditedWrites(app: AdminApp, parts: AuditWritesParts): void {
  app.decorateRequest('audited');
  app.addHook('preHandler', async (request) => {
    if (READING_METHODS.has(request.method)) return;
    const route = routeOf(request);
    const ids = request.params as { [name: string]: string };
    const before = await readAudited(parts, route, ids);
    // A caller who is bound acts on his account alone, whatever his body names.
    const accountId =
      request.caller.accountId ?? ids.account_id ?? findAccountId(before) ?? findAccountId(request.body);
    const sequence = await parts.audit.begin({
      atMs: parts.clock(),
      ...describeActor(request.caller),
      method: request.method,
      route,
      ids,
      ...(accountId === undefined ? {} : { accountId }),
      requestId: request.id,
      requested: presentRequested(request.body),
    });
    request.audited = { sequence, before };
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { audited } = request;
    if (audited === undefined) return payload;
    request.audited = undefined;
    await finishAct(parts.audit, request, audited.sequence, describeOutcome(reply, audited.before, payload));
    return payload;
  });
}

function describeActor({ actor, name, accountId }: Caller): Pick<AuditAct, 'actor' | 'actorName' | 'actorAccountId'> {
  return {
    actor,
    ...(name === undefined ? {} : { actorName: name }),
    ...(accountId === undefined ? {} : { actorAccountId: accountId }),
  };
}

/** Of what has a scope of its own, as access tokens have, or an account that no path names, as channels of alerts. */
function findAccountId(record: unknown): string | undefined {
  const { scope, account_id: own } = (record ?? {}) as { scope?: { account_id?: unknown }; account_id?: unknown };
  const accountId = scope?.account_id ?? own;
  return typeof accountId === 'string' ? accountId : undefined;
}

/** The path as the documents write it: `/admin/v1/accounts/{account_id}`. */
function routeOf(request: FastifyRequest): string {
  return (request.routeOptions.url ?? '').replace(PARAM_PATTERN, '{$1}');
}

function describeOutcome(reply: FastifyReply, before: object | undefined, payload: unknown): AuditOutcome {
  const status = reply.statusCode;
  if (status >= 500) return { outcome: 'failed', status, changes: [] };
  if (status >= 400) return { outcome: 'refused', status, changes: [] };
  const answer: unknown = typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : undefined;
  return { outcome: 'done', status, changes: findAuditChanges(before, answer) };
}

/** The act is done by now: a failure is logged, and its record goes on saying that the outcome is not known. */
async function finishAct(
  audit: AuditLog,
  request: FastifyRequest,
  sequence: number,
  result: AuditOutcome,
): Promise<void> {
  try {
    await audit.finish(sequence, result);
  } catch (error) {
    request.log.error({ err: error, audit_sequence: sequence, outcome: result.outcome }, 'audit record not finished');
  }
}
