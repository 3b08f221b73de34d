/** What the public listener serves. Every other (method, path) pair is refused. */
export type PublicRouteId =
  | 'messages'
  | 'count_tokens'
  | 'models'
  | 'model'
  | 'files'
  | 'file'
  | 'file_content'
  | 'batches'
  | 'batch'
  | 'batch_cancel'
  | 'batch_results'
  | 'balance'
  | 'root'
  | 'livez'
  | 'readyz';

export interface PublicRoute {
  id: PublicRouteId;
  /** The path to ask of the upstream; undefined for our own routes. A constant but for an id. */
  upstreamPath?: string;
}

export type RouteMatch =
  | { result: 'found'; route: PublicRoute }
  | { result: 'method_not_allowed'; allow: string }
  | { result: 'not_found' };

interface RouteEntry {
  id: PublicRouteId;
  methods: readonly string[];
  /** Asked of the upstream under the same path. */
  forwarded?: true;
}

/**
 * Routes are an allow-list: behind the upstream's key lie routes that bill outside the request (sessions) or
 * administer the operator's organisation.
 */
const ROUTES: ReadonlyMap<string, RouteEntry> = new Map<string, RouteEntry>([
  ['/v1/messages', { id: 'messages', methods: ['POST'], forwarded: true }],
  ['/v1/messages/count_tokens', { id: 'count_tokens', methods: ['POST'], forwarded: true }],
  ['/v1/models', { id: 'models', methods: ['GET'], forwarded: true }],
  ['/v1/files', { id: 'files', methods: ['GET', 'POST'], forwarded: true }],
  ['/v1/messages/batches', { id: 'batches', methods: ['GET', 'POST'], forwarded: true }],
  ['/v1/balance', { id: 'balance', methods: ['GET'] }],
  ['/', { id: 'root', methods: ['HEAD'] }],
  ['/livez', { id: 'livez', methods: ['GET', 'HEAD'] }],
  ['/readyz', { id: 'readyz', methods: ['GET', 'HEAD'] }],
]);
const BATCH_ENTRY: RouteEntry = { id: 'batch', methods: ['GET', 'DELETE'], forwarded: true };
const MODEL_ENTRY: RouteEntry = { id: 'model', methods: ['GET'], forwarded: true };
/** Letters that mean themselves in a path; the first is a letter or digit, so `.` and `..` are not among them. */
const NAMED_ROUTES: readonly [path: RegExp, entry: RouteEntry][] = [
  [/^\/v1\/messages\/batches\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, BATCH_ENTRY],
  [
    /^\/v1\/messages\/batches\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}\/cancel$/,
    { id: 'batch_cancel', methods: ['POST'], forwarded: true },
  ],
  [
    /^\/v1\/messages\/batches\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}\/results$/,
    { id: 'batch_results', methods: ['GET'], forwarded: true },
  ],
  [/^\/v1\/models\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, MODEL_ENTRY],
  [/^\/v1\/files\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, { id: 'file', methods: ['GET', 'DELETE'], forwarded: true }],
  [
    /^\/v1\/files\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}\/content$/,
    { id: 'file_content', methods: ['GET'], forwarded: true },
  ],
];

/**
 * Finds the route of a raw request target.
 *
 * The only normalisation is that the query string is cut off. Nothing is decoded, joined or resolved: a path that
 * needs it (`/v1/./messages`, `/%76%31/messages`, `//v1/messages`, `;a=b`, the absolute form) is not found, because a
 * proxy and an upstream that decode differently would serve two different routes for one request.
 */
export function findPublicRoute(method: string, target: string): RouteMatch {
  const path = cutQuery(target);
  const entry = ROUTES.get(path) ?? NAMED_ROUTES.find(([named]) => named.test(path))?.[1];
  if (entry === undefined) return { result: 'not_found' };
  if (!entry.methods.includes(method)) return { result: 'method_not_allowed', allow: entry.methods.join(', ') };
  return { result: 'found', route: entry.forwarded ? { id: entry.id, upstreamPath: path } : { id: entry.id } };
}

/** The query string as it came, with its `?`; empty when there is none. */
export function readQuery(target: string): string {
  return target.slice(cutQuery(target).length);
}

function cutQuery(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}
