import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RefusalReason, RefusalScope } from '../observability/admission-metrics.ts';
import type { Route } from '../observability/finished-call.ts';
import { logCall } from '../observability/log-call.ts';
import { type ErrorAnswer, writeEnvelope } from './envelope.ts';
import type { PublicParts } from './public-parts.ts';
import type { PublicRouteId } from './public-routes.ts';
import { answerRefusal, type Refusal, TOP_UP_HINT } from './refusals.ts';
import type { RequestState } from './request-state.ts';

export type RefusalParts = Pick<PublicParts, 'timers' | 'metrics' | 'logger' | 'topUpHint'>;

/** Answers a request with a refusal, counts it and writes its line of log. */
export function refuseRequest(
  parts: RefusalParts,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  const answer = createRefusalAnswer(parts, request.tollgate, refusal);
  noteRefusal(parts, request.tollgate, refusal, answer.status);
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, 'content-type': 'application/json', 'request-id': request.tollgate.requestId })
    .send(Buffer.from(writeEnvelope(answer, request.tollgate.requestId)));
}

/** The answer to a refusal, in the words of this caller. */
export function createRefusalAnswer(parts: RefusalParts, state: RequestState, refusal: Refusal): ErrorAnswer {
  return answerRefusal(refusal, {
    ...(state.principal === undefined ? {} : { principal: state.principal }),
    nowMs: parts.timers.nowMs(),
    topUpHint: parts.topUpHint ?? TOP_UP_HINT,
  });
}

function noteRefusal(parts: RefusalParts, state: RequestState, refusal: Refusal, status: number): void {
  const reason = refusalReason(refusal);
  if (reason !== undefined) parts.metrics.admissionRefused(reason, refusalScope(refusal, reason));
  const route = routeLabel(state.route?.id);
  parts.metrics.requestRefused({
    route,
    status,
    ...(state.model === undefined || route !== 'messages' ? {} : { model: state.model }),
  });
  const { principal } = state;
  logCall(parts.logger, {
    requestId: state.requestId,
    route,
    status,
    outcome: 'refused',
    reason: refusal.kind,
    durationMs: parts.timers.nowMs() - state.arrivedAtMs,
    ...(state.model === undefined ? {} : { model: state.model }),
    ...(principal === undefined ? {} : { accountId: principal.account.id, keyId: principal.key.id }),
    ...(principal?.team === undefined ? {} : { teamId: principal.team.id }),
  });
}

/** The label of a route in the metrics. */
export function routeLabel(id: PublicRouteId | undefined): Route {
  if (id === 'model') return 'models';
  if (id === 'files' || id === 'file' || id === 'file_content') return 'files';
  if (id === 'batches' || id === 'batch' || id === 'batch_cancel' || id === 'batch_results') return 'batches';
  return id === 'messages' || id === 'count_tokens' || id === 'models' || id === 'balance' ? id : 'other';
}

/** The label of a refusal's reason; undefined for faults, which are no refusals of admission. */
function refusalReason(refusal: Refusal): RefusalReason | undefined {
  switch (refusal.kind) {
    case 'insufficient_credit':
      return 'credit';
    case 'quota_exceeded':
      return refusal.quota.window === 'minute' || refusal.quota.measure === 'concurrency' ? 'rate_limit' : 'quota';
    case 'key_missing':
    case 'key_unknown':
      return 'unknown_key';
    case 'key_expired':
      return 'expired_key';
    case 'key_revoked':
      return 'revoked_key';
    case 'model_not_allowed':
    case 'model_not_priced':
    case 'account_frozen':
    case 'account_closed':
    case 'ledger_unavailable':
    case 'spool_full':
    case 'shutting_down':
    case 'malformed':
      return refusal.kind;
    case 'directory_unavailable':
      return 'ledger_unavailable';
    case 'unbounded_cost':
      return 'credit';
    case 'route_not_found':
    case 'method_not_allowed':
      return 'route_not_allowed';
    case 'body_too_large':
    case 'inflated_body_too_large':
    case 'headers_too_large':
      return 'too_large';
    case 'upstream_busy':
      return 'overloaded';
    case 'overloaded':
      return refusal.cause;
    case 'too_many_open':
      return 'concurrency';
    case 'file_not_found':
    case 'batch_not_found':
      return 'malformed';
    case 'request_timeout':
    case 'upstream_unreachable':
    case 'upstream_slow':
    case 'upstream_unreadable':
    case 'upstream_refused_operator':
    case 'upstream_rate_limited':
    case 'internal':
      return undefined;
  }
}

/** Whose limit refused: a quota's own scope, and the account for credit. */
function refusalScope(refusal: Refusal, reason: RefusalReason): RefusalScope {
  if (refusal.kind === 'quota_exceeded') return refusal.quota.scope.type;
  if (refusal.kind === 'too_many_open') return refusal.owner;
  return reason === 'credit' ? 'account' : 'none';
}
