import {
  type TokenBearer,
  type TokenRole,
  type TokenScope,
  tokenAccountId,
  tokenTeamId,
} from '../../directory/access-token.ts';
import { nameActor } from './name-actor.ts';
import { type Permission, permissionsOf } from './permissions.ts';

/** Who calls the admin API, and what he may do. */
export interface Caller {
  /** `root`: by the `ADMIN_TOKEN` of the settings, which no store has to know. */
  type: 'root' | 'token';
  /** Of the token; undefined for root. */
  id: string | undefined;
  name: string | undefined;
  role: TokenRole;
  scope: TokenScope;
  permissions: readonly Permission[];
  /** The account he is bound to; undefined: every account. */
  accountId: string | undefined;
  /** The team he is bound to; undefined: every team of his accounts. */
  teamId: string | undefined;
  /** When the very secret presented stops working; undefined: never. */
  expiresAtMs: number | undefined;
  /** His account is closed: he reads on and changes nothing. */
  isAccountClosed: boolean;
  /** How the audit names him: a token's id, or a part of a hash of the root token. */
  actor: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that is not public. */
    caller: Caller;
  }
}

export function createRootCaller(adminToken: string): Caller {
  return {
    type: 'root',
    id: undefined,
    name: undefined,
    role: 'owner',
    scope: { type: 'installation' },
    permissions: permissionsOf('owner', 'installation'),
    accountId: undefined,
    teamId: undefined,
    expiresAtMs: undefined,
    isAccountClosed: false,
    actor: nameActor(adminToken),
  };
}

export function createTokenCaller({ token, isAccountClosed, secretExpiresAtMs }: TokenBearer): Caller {
  const { id, name, role, scope } = token;
  return {
    type: 'token',
    id,
    name,
    role,
    scope,
    permissions: permissionsOf(role, scope.type),
    accountId: tokenAccountId(token),
    teamId: tokenTeamId(token),
    expiresAtMs: secretExpiresAtMs,
    isAccountClosed,
    actor: id,
  };
}

/** Whether he may do it wherever his scope reaches. */
export function mayDo({ permissions }: Pick<Caller, 'permissions'>, permission: Permission): boolean {
  return permissions.includes(permission);
}

/** The part of a list that is his. */
export function teamOf({ teamId }: Pick<Caller, 'teamId'>): { teamId?: string } {
  return teamId === undefined ? {} : { teamId };
}

/** Whether an account is one of his. */
export function reachesAccount({ accountId }: Pick<Caller, 'accountId'>, other: string): boolean {
  return accountId === undefined || accountId === other;
}
