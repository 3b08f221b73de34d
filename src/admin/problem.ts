import type { FastifyReply } from 'fastify';

/** One thing wrong with a request. `field` is the path of it in the body or query ("low_balance_usd[1]"); "" is the whole. */
export interface FieldError {
  field: string;
  message: string;
}

/** RFC 9457 problem details, the body of every refusal and fault. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: FieldError[];
}

/** Every way a call can be refused or fail: HTTP status and title. */
export const PROBLEMS = {
  malformed_body: [400, 'The body cannot be read'],
  invalid_request: [400, 'The request is not valid'],
  unauthorized: [401, 'The admin token is missing or does not work'],
  forbidden: [403, 'The token may not do this'],
  not_found: [404, 'Not found'],
  account_closed: [409, 'The account is closed'],
  account_frozen: [409, 'The account is frozen'],
  account_without_books: [409, 'The ledger has lost the books of the account'],
  in_use: [409, 'Still in use'],
  built_in: [409, 'It is built in'],
  reload_answered: [409, 'The request was answered otherwise before'],
  key_not_active: [409, 'The key is revoked or expired'],
  token_not_active: [409, 'The token is revoked or expired'],
  too_many: [409, 'There are as many as there may be'],
  out_of_range: [409, 'A bound of the ledger would be passed'],
  idempotency_conflict: [409, 'The idempotency key was used for another request'],
  idempotency_in_progress: [409, 'A request with this idempotency key is still running'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body must be JSON'],
  internal: [500, 'Internal error'],
  store_unacknowledged: [503, 'The store has not acknowledged the write as safe'],
  store_unavailable: [503, 'The store does not answer'],
} as const satisfies { readonly [kind: string]: readonly [status: number, title: string] };

export type ProblemKind = keyof typeof PROBLEMS;

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** Seconds after which a caller may try again, for the kinds that pass by themselves. */
const RETRY_AFTER_SECONDS = 1;

export function createProblem(kind: ProblemKind, detail: string, errors?: readonly FieldError[]): Problem {
  const [status, title] = PROBLEMS[kind];
  return {
    type: `urn:tollgate:problem:${kind.replaceAll('_', '-')}`,
    title,
    status,
    detail,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
}

/** Answers with a problem; the handler returns what this returns. */
export function refuse(
  reply: FastifyReply,
  kind: ProblemKind,
  detail: string,
  errors?: readonly FieldError[],
): FastifyReply {
  const problem = createProblem(kind, detail, errors);
  reply.code(problem.status).type(PROBLEM_CONTENT_TYPE);
  if (['store_unavailable', 'store_unacknowledged', 'idempotency_in_progress'].includes(kind))
    reply.header('retry-after', RETRY_AFTER_SECONDS);
  if (kind === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="tollgate-admin"');
  return reply.send(problem);
}

/** Answers 400 for fields that the schema alone could not judge. */
export function refuseFields(reply: FastifyReply, errors: readonly FieldError[]): FastifyReply {
  return refuse(reply, 'invalid_request', describeFieldErrors(errors), errors);
}

export function describeFieldErrors(errors: readonly FieldError[]): string {
  const first = errors[0];
  if (first === undefined) return 'The request is not valid.';
  const named = first.field === '' ? first.message : `${first.field} ${first.message}`;
  return errors.length === 1 ? `${named}.` : `${named}, and ${errors.length - 1} more.`;
}
