import type { Principal } from '../directory/directory.ts';
import { formatUsd } from '../domain/money.ts';
import type { AdmissionRefusal } from '../metering/admission-refusal.ts';
import type { LoadRefusal } from './admission/admission-control.ts';
import { describeAccount, describeKey, showName } from './caller-names.ts';
import type { ErrorAnswer, ErrorType } from './envelope.ts';
import { answerQuota } from './quota-refusal.ts';

/** Every way in which the public listener itself says no. */
export type Refusal =
  | AdmissionRefusal
  | LoadRefusal
  | { kind: 'key_missing' | 'key_unknown' | 'key_expired' | 'key_revoked' }
  | { kind: 'route_not_found' }
  | { kind: 'method_not_allowed'; allow: string }
  | { kind: 'shutting_down' }
  | { kind: 'body_too_large'; limitBytes: number }
  | { kind: 'inflated_body_too_large'; limitBytes: number }
  /** `reason` is a sentence for a person and repeats nothing of the body but field names. */
  | { kind: 'malformed'; reason: string }
  /** Nowhere, or another account's: which of both is not told. */
  | { kind: 'file_not_found'; id: string; item?: number }
  | { kind: 'batch_not_found'; id: string }
  | { kind: 'request_timeout' }
  | { kind: 'headers_too_large' }
  | { kind: 'directory_unavailable' }
  | { kind: 'upstream_unreachable' }
  | { kind: 'upstream_slow' }
  | { kind: 'upstream_busy' }
  | { kind: 'upstream_unreadable' }
  | { kind: 'upstream_refused_operator'; cause: 'credit' | 'credential' }
  | { kind: 'upstream_rate_limited'; retryAfter: string | undefined }
  | { kind: 'internal' };

export interface RefusalContext {
  /** The caller, once known. */
  principal?: Principal;
  nowMs: number;
  /** What to do about missing credit, as a sentence. */
  topUpHint: string;
}

/** Default of {@link RefusalContext.topUpHint}. */
export const TOP_UP_HINT =
  "Ask your Tollgate operator to add credit to the account; sending the request again won't help until then.";

/** Clients obey this header before any rule of their own; without it Claude Code retries a 401 for minutes. */
const NO_RETRY = { 'x-should-retry': 'false' } as const;

/**
 * The answer to a refusal: status, type, headers and sentence. Exhaustive: a new kind does not compile before it has
 * its answer here. Statuses and headers are those that the SDKs and Claude Code were seen to understand.
 */
export function answerRefusal(refusal: Refusal, context: RefusalContext): ErrorAnswer {
  switch (refusal.kind) {
    case 'insufficient_credit':
      return answer(402, 'billing_error', describeCredit(refusal, context), NO_RETRY);
    case 'quota_exceeded':
      return answerQuota(refusal, context.principal, context.nowMs);
    case 'model_not_allowed':
      // Not 403: Claude Code says "Failed to authenticate" to that.
      return answer(
        400,
        'invalid_request_error',
        `${nameItem(refusal)}${describeKey(context.principal)} is not allowed to use model ${showName(refusal.model)}.`,
      );
    case 'model_not_priced':
      return answer(
        400,
        'invalid_request_error',
        `${nameItem(refusal)}model: ${showName(refusal.model)} has no price here and is not served.`,
      );
    case 'unbounded_cost':
      return answer(
        400,
        'invalid_request_error',
        `${nameItem(refusal)}The cost of this request cannot be bounded: ${refusal.reason}.`,
      );
    case 'account_frozen':
      return answer(
        402,
        'billing_error',
        `${describeAccount(context.principal)} is suspended. Ask your Tollgate operator.`,
        NO_RETRY,
      );
    case 'account_closed':
      return answer(402, 'billing_error', `${describeAccount(context.principal)} is closed.`, NO_RETRY);
    case 'ledger_unavailable':
    case 'spool_full':
    case 'directory_unavailable':
      return answer(503, 'api_error', 'The ledger does not answer at the moment. Please try again.', {
        'retry-after': '1',
      });
    case 'too_many_open':
      return answer(
        429,
        'rate_limit_error',
        `${refusal.owner === 'account' ? describeAccount(context.principal) : describeKey(context.principal)} has ${refusal.limit} requests open here, as many as are allowed at once.`,
        { 'retry-after': '1' },
      );
    case 'overloaded':
      return answer(529, 'overloaded_error', 'Overloaded', { 'retry-after': '1' });
    default:
      return answerTransportRefusal(refusal);
  }
}

function answerTransportRefusal(
  refusal: Exclude<Refusal, AdmissionRefusal | LoadRefusal | { kind: 'directory_unavailable' }>,
): ErrorAnswer {
  switch (refusal.kind) {
    case 'key_missing':
      return answer(401, 'authentication_error', 'x-api-key or Authorization: Bearer header is required.', NO_RETRY);
    case 'key_unknown':
      return answer(401, 'authentication_error', 'invalid x-api-key', NO_RETRY);
    case 'key_expired':
      return answer(401, 'authentication_error', 'This API key has expired.', NO_RETRY);
    case 'key_revoked':
      return answer(401, 'authentication_error', 'This API key has been revoked.', NO_RETRY);
    case 'route_not_found':
      return answer(404, 'not_found_error', 'Not found: this route is not served here.', NO_RETRY);
    case 'method_not_allowed':
      // RFC 9110 section 15.5.6: a 405 names the methods that are allowed.
      return answer(405, 'invalid_request_error', 'Method not allowed.', { ...NO_RETRY, allow: refusal.allow });
    case 'shutting_down':
      return answer(503, 'api_error', 'This server is shutting down. Please try again.', { 'retry-after': '1' });
    case 'body_too_large':
    case 'inflated_body_too_large':
      return answer(
        413,
        'request_too_large',
        `Request exceeds the maximum size of ${refusal.limitBytes} bytes${refusal.kind === 'inflated_body_too_large' ? ' after decoding' : ''}.`,
      );
    case 'malformed':
      return answer(400, 'invalid_request_error', refusal.reason);
    case 'file_not_found':
      return answer(404, 'not_found_error', `${nameItem(refusal)}File not found: ${showName(refusal.id)}.`, NO_RETRY);
    case 'batch_not_found':
      return answer(404, 'not_found_error', `Message Batch not found: ${showName(refusal.id)}.`, NO_RETRY);
    case 'request_timeout':
      return answer(408, 'timeout_error', 'The request was not received in time.');
    case 'headers_too_large':
      return answer(431, 'invalid_request_error', 'The request headers are too large.');
    case 'internal':
      return answer(500, 'api_error', 'Internal server error');
    default:
      return answerUpstreamFault(refusal);
  }
}

function answerUpstreamFault(refusal: Extract<Refusal, { kind: `upstream_${string}` }>): ErrorAnswer {
  switch (refusal.kind) {
    case 'upstream_unreachable':
      return answer(502, 'api_error', 'The upstream API could not be reached.');
    case 'upstream_unreadable':
      return answer(502, 'api_error', 'The upstream API gave an answer that could not be understood.');
    case 'upstream_slow':
      return answer(504, 'timeout_error', 'The upstream API did not answer in time.');
    case 'upstream_busy':
      return answer(529, 'overloaded_error', 'Overloaded');
    case 'upstream_refused_operator':
      // The operator's account is none of the customer's business: nothing here may send them to top it up.
      return refusal.cause === 'credit'
        ? answer(529, 'overloaded_error', 'Overloaded')
        : answer(503, 'api_error', 'The service is temporarily unavailable.');
    case 'upstream_rate_limited':
      return answer(
        429,
        'rate_limit_error',
        'The rate limit of the upstream API has been reached. Please try again later.',
        refusal.retryAfter === undefined ? {} : { 'retry-after': refusal.retryAfter },
      );
  }
}

/** Of a batch, the request that it is about, as the API names it. */
function nameItem({ item }: { item?: number }): string {
  return item === undefined ? '' : `requests.${item}.params: `;
}

function answer(status: number, type: ErrorType, message: string, headers: ErrorAnswer['headers'] = {}): ErrorAnswer {
  return { status, type, message, headers };
}

function describeCredit(
  refusal: Extract<AdmissionRefusal, { kind: 'insufficient_credit' }>,
  context: RefusalContext,
): string {
  const left = `$${formatUsd(refusal.availableNanoUsd)}`;
  const needed = `$${formatUsd(refusal.neededNanoUsd)}`;
  const { elsewhereNanoUsd } = refusal;
  const forModel =
    elsewhereNanoUsd === undefined
      ? ''
      : ` for this model (and $${formatUsd(elsewhereNanoUsd)} that is for other models only)`;
  return `${describeAccount(context.principal)} has ${left} of credit left${forModel}, and this request may need up to ${needed} (${describeKey(context.principal)}). ${context.topUpHint}`;
}
