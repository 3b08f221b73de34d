import type { Permission } from './permissions.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token must be allowed for this route; every route of `/admin/v1` that is not public names one. */
    permission?: Permission;
  }
}
