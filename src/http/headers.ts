import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/**
 * Which headers cross the proxy, in each direction, and why. Everything not named here passes unchanged: the API and
 * its clients add headers at any time, and an unknown one must not be lost.
 */

/** They describe one connection, not the message (RFC 9110 section 7.6.1), as do the names listed in `Connection`. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
];

const REQUEST_DROPPED = new Set([
  ...HOP_BY_HOP,
  // The client's credentials are ours to check. Upstream an API key wins over a bearer, so both must go.
  'x-api-key',
  'authorization',
  // The operator's workspaces are not the caller's to choose from; and a batch made in another could not be charged.
  'anthropic-workspace-id',
  // Cookies were set for our origin, not for the upstream's.
  'cookie',
  // Written anew for the upstream's origin and for the body as it is sent.
  'host',
  'content-length',
  // Answered by our own listener; undici refuses to send it.
  'expect',
  // Replaced by `identity`: usage is read from the bytes as they pass.
  'accept-encoding',
]);

const RESPONSE_DROPPED = new Set([
  ...HOP_BY_HOP,
  // They name the operator's own account.
  'anthropic-organization-id',
  'anthropic-workspace-id',
  // Addressed to the upstream's origin, or about its servers.
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'alt-svc',
  'nel',
  'report-to',
  'server',
  'server-timing',
  'via',
  // A redirect would take the client and its key elsewhere.
  'location',
]);

const RESPONSE_DROPPED_PREFIXES = [
  // The limits and their use are the operator's; shown on, they would pass for the customer's own.
  'anthropic-ratelimit-',
  'anthropic-priority-',
  'anthropic-fast-',
  'cf-',
  'x-envoy-',
  // Ours alone to set.
  'tollgate-',
];

/** What Node's writer accepts in a value: anything else would make it throw. */
const WRITABLE_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The headers of the request to the upstream.
 * @param rawHeaders name, value, name, value, as they came: order, case and repetition are kept.
 * @param apiKey the operator's key, set as `x-api-key`.
 * @returns the same flat form.
 */
export function createUpstreamHeaders(rawHeaders: readonly string[], apiKey: string): string[] {
  const listed = listConnectionNames(valuesOf(rawHeaders, 'connection'));
  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (REQUEST_DROPPED.has(lower) || listed.has(lower)) continue;
    headers.push(name, rawHeaders[index + 1] ?? '');
  }
  headers.push('accept-encoding', 'identity', 'x-api-key', apiKey);
  return headers;
}

/**
 * The headers of the answer to the client, from those of the upstream (lower-case names).
 * `content-length` is kept: the bytes of the body are. Whoever changes the body removes it.
 */
export function createClientHeaders(upstream: Readonly<IncomingHttpHeaders>): OutgoingHttpHeaders {
  const listed = listConnectionNames([upstream.connection ?? ''].flat());
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(upstream)) {
    if (value === undefined || isResponseDropped(name) || listed.has(name)) continue;
    if ([value].flat().every((text) => WRITABLE_VALUE.test(text))) headers[name] = value;
  }
  return headers;
}

function isResponseDropped(name: string): boolean {
  return RESPONSE_DROPPED.has(name) || RESPONSE_DROPPED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function valuesOf(rawHeaders: readonly string[], wanted: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted);
}

function listConnectionNames(values: readonly string[]): Set<string> {
  return new Set(values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase()));
}
