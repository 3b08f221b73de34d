import type { FastifyInstance } from 'fastify';
import type { Permission, ScopeType } from './permissions.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    public?: boolean;
    /**
     * What a token must be allowed for this route, or one of several; `any`: every token that works. Every route of
     * `/admin/v1` that is not public names one.
     */
    permission?: Permission | readonly Permission[] | 'any';
    /**
     * The narrowest scope whose tokens the route answers, because it keeps to what is theirs. Unless given it is
     * `account` where the path has `:account_id`, which the hook compares, and `installation` elsewhere: a route has to
     * say that it knows of teams, or of accounts that no path names.
     */
    narrowest?: ScopeType;
  }
}

/** A route was added without saying who may call it: the app must not start with it. */
export class RouteWithoutPermission extends Error {
  readonly code = 'ROUTE_WITHOUT_PERMISSION';
  override readonly name = 'RouteWithoutPermission';
}

/** Has every route that is added to this scope from now on say who may call it. */
export function requirePermissions(scope: FastifyInstance): void {
  scope.addHook('onRoute', ({ method, url, config = {} }) => {
    if (config.public !== true && config.permission === undefined) {
      throw new RouteWithoutPermission(`${method} ${url} names no permission`);
    }
  });
}

const BREADTH: { readonly [scope in ScopeType]: number } = { team: 0, account: 1, installation: 2 };

/** Whether a route answers tokens of this scope at all. */
export function isScopeServed(
  scope: ScopeType,
  route: { url?: string | undefined; config: { narrowest?: ScopeType } },
): boolean {
  const { narrowest = /\/:account_id(\/|$)/.test(route.url ?? '') ? 'account' : 'installation' } = route.config;
  return BREADTH[scope] >= BREADTH[narrowest];
}
