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

const CONNECTION = 'connection';

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

/** Names whose verdict is remembered: more than clients and the API have, and no more if someone makes names up. */
const NAMES_REMEMBERED = 1_000;

const isRequestDropped = rememberVerdicts((name) => REQUEST_DROPPED.has(name.toLowerCase()));
const isResponseDropped = rememberVerdicts(
  (name) => RESPONSE_DROPPED.has(name) || RESPONSE_DROPPED_PREFIXES.some((prefix) => name.startsWith(prefix)),
);

/**
 * The headers of the request to the upstream.
 * @param rawHeaders name, value, name, value, as they came: order, case and repetition are kept.
 * @param apiKey the operator's key, set as `x-api-key`.
 * @returns the same flat form.
 */
export function createUpstreamHeaders(rawHeaders: readonly string[], apiKey: string): string[] {
  const listed = findListedNames(rawHeaders);
  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (isRequestDropped(name) || listed?.has(name.toLowerCase())) continue;
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
  const listed = addListedNames(undefined, upstream.connection);
  const headers: OutgoingHttpHeaders = {};
  for (const name of Object.keys(upstream)) {
    const value = upstream[name];
    if (value === undefined || isResponseDropped(name) || listed?.has(name)) continue;
    if (isWritable(value)) headers[name] = value;
  }
  return headers;
}

/** A verdict on a name is the same for every request: each is found once. */
function rememberVerdicts(judge: (name: string) => boolean): (name: string) => boolean {
  const verdicts = new Map<string, boolean>();
  return (name) => {
    const known = verdicts.get(name);
    if (known !== undefined) return known;
    const verdict = judge(name);
    if (verdicts.size < NAMES_REMEMBERED) verdicts.set(name, verdict);
    return verdict;
  };
}

type Value = string | string[];

function isWritable(value: Value): boolean {
  return typeof value === 'string' ? WRITABLE_VALUE.test(value) : value.every((text) => WRITABLE_VALUE.test(text));
}

function findListedNames(rawHeaders: readonly string[]): Set<string> | undefined {
  let listed: Set<string> | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length !== CONNECTION.length || name.toLowerCase() !== CONNECTION) continue;
    listed = addListedNames(listed, rawHeaders[index + 1]);
  }
  return listed;
}

/** @returns undefined where none is listed, which is the rule: `keep-alive` alone names what is dropped anyway. */
function addListedNames(listed: Set<string> | undefined, value: Value | undefined): Set<string> | undefined {
  if (value === undefined || value === 'keep-alive') return listed;
  const names = listed ?? new Set<string>();
  for (const name of `${value}`.split(',')) names.add(name.trim().toLowerCase());
  return names;
}
