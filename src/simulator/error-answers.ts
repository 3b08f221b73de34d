import { isObject } from './json-value.ts';
import type { SimulatedError, SimulatedErrorName } from './scenario-types.ts';

/** An error answer ready to be sent; the API's envelope gets its `request_id` when it is. */
export interface ErrorAnswer {
  kind: 'error_answer';
  status: number;
  headers: Readonly<Record<string, string>>;
  /** An object is the envelope's `error`, or the whole body where `bare`. A string is sent as HTML. */
  body: string | Record<string, unknown>;
  bare: boolean;
}

export function isErrorAnswer(value: unknown): value is ErrorAnswer {
  return isObject(value) && value.kind === 'error_answer';
}

/** The envelope's `error`. @param errorCode stands in `details.error_code`. */
export function createErrorAnswer(
  status: number,
  type: string,
  message: string,
  options: { headers?: Readonly<Record<string, string>>; errorCode?: string } = {},
): ErrorAnswer {
  const details = options.errorCode === undefined ? null : { error_code: options.errorCode };
  // Recorded answers carry this header on every 400, 401 and 404.
  const retry: Record<string, string> = [400, 401, 404].includes(status) ? { 'x-should-retry': 'false' } : {};
  return {
    kind: 'error_answer',
    status,
    headers: { ...retry, ...options.headers },
    body: { details, type, message },
    bare: false,
  };
}

export function invalidRequest(message: string, errorCode?: string): ErrorAnswer {
  return createErrorAnswer(400, 'invalid_request_error', message, errorCode === undefined ? {} : { errorCode });
}

/** A body over the limit never reaches the API: Cloudflare answers, without the envelope's outer `type`. */
export function requestTooLarge(): ErrorAnswer {
  const body = { error: { type: 'request_too_large', message: 'Request exceeds the maximum size' } };
  return { kind: 'error_answer', status: 413, headers: {}, body, bare: true };
}

/** The answer of a scenario. @param organizationId stands in the text of a rate limit, as it does in the real one. */
export function readErrorScenario(error: SimulatedErrorName | SimulatedError, organizationId: string): ErrorAnswer {
  if (typeof error === 'string') return NAMED_ERRORS[error](organizationId);
  return { kind: 'error_answer', status: error.status, headers: error.headers ?? {}, body: error.body, bare: true };
}

const LIMITS_PAGE = 'https://docs.claude.com/en/api/rate-limits';

const NAMED_ERRORS: Record<SimulatedErrorName, (organizationId: string) => ErrorAnswer> = {
  invalid_request: () => invalidRequest('messages.0.content: Field required'),
  credit_too_low: () =>
    invalidRequest(
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    ),
  spend_limit: () =>
    invalidRequest(
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    ),
  workspace_spend_limit: () =>
    invalidRequest(
      'You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    ),
  authentication: () => createErrorAnswer(401, 'authentication_error', 'invalid x-api-key'),
  billing: () =>
    createErrorAnswer(402, 'billing_error', 'There is a problem with your payment method.', {
      errorCode: 'linked_organization_billing_unavailable',
    }),
  permission: () =>
    createErrorAnswer(403, 'permission_error', 'Your API key does not have permission to use the specified resource.'),
  not_found: () => createErrorAnswer(404, 'not_found_error', 'model: claude-unknown-1'),
  request_too_large: () => requestTooLarge(),
  rate_limit: (organizationId) =>
    createErrorAnswer(
      429,
      'rate_limit_error',
      `This request would exceed the rate limit for your organization (${organizationId}) of 50,000 input tokens per minute. For details, refer to: ${LIMITS_PAGE}. You can see the response headers for current usage.`,
      { headers: { 'retry-after': '12' } },
    ),
  tier_limit: () =>
    createErrorAnswer(
      429,
      'rate_limit_error',
      "You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set based on your organization's API tier. You will regain access on 2026-12-01 at 00:00 UTC.",
      { errorCode: 'enforced_spend_limit_reached' },
    ),
  api_error: () => createErrorAnswer(500, 'api_error', 'Internal server error'),
  service_unavailable: () => createErrorAnswer(503, 'api_error', 'Service temporarily unavailable'),
  timeout: () => createErrorAnswer(504, 'timeout_error', 'Request timed out'),
  overloaded: () => createErrorAnswer(529, 'overloaded_error', 'Overloaded'),
  bad_gateway_html: () => ({
    kind: 'error_answer',
    status: 502,
    headers: {},
    body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n',
    bare: true,
  }),
};
