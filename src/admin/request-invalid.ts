import type { FieldError } from './problem.ts';

/** A request that its schema refuses. Thrown because Fastify's validation has no other way out. */
export class RequestInvalid extends Error {
  readonly code = 'REQUEST_INVALID';
  override readonly name = 'RequestInvalid';
  readonly statusCode = 400;
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super('the request does not fit its schema');
    this.errors = errors;
  }
}

/** A body that is no JSON we accept. */
export class BodyMalformed extends Error {
  readonly code = 'BODY_MALFORMED';
  override readonly name = 'BodyMalformed';
  readonly statusCode = 400;
}
