import type { TokenRole, TokenScope } from '../../directory/access-token.ts';

/**
 * What a token may do, by its role and its scope.
 *
 * Money is made, taken back or set right (`money.write`) by tokens of the whole installation only: an account's own
 * token cannot give its account credit. A team's token sees and changes its team alone, and of money nothing.
 */

export const PERMISSIONS = [
  /** Teams, members, keys without secrets, quotas with their use, calls in flight, usage and cost. */
  'usage.read',
  /** Balance, grants, journal, statements, runway, auto-reload, alerts. */
  'money.read',
  /** Members and keys: make, change, rotate, revoke, delete. */
  'people.write',
  'quotas.write',
  /** Teams, and what of an account its owner decides. */
  'account.write',
  /** Auto-reload and alerts. */
  'billing.write',
  /** Accounts made, frozen and closed; grants, voids, refunds, corrections, credit limits, prices. */
  'money.write',
  /** Access tokens, to read as to make: what they are and when they end is their maker's. */
  'tokens.write',
  'audit.read',
  /** The process, its store and its upstream. */
  'system.read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export type ScopeType = TokenScope['type'];

const BY_ROLE: { readonly [role in TokenRole]: readonly Permission[] } = {
  owner: PERMISSIONS,
  billing: ['usage.read', 'money.read', 'billing.write', 'money.write', 'system.read'],
  admin: ['usage.read', 'people.write', 'quotas.write'],
  viewer: ['usage.read', 'money.read', 'system.read'],
};

const BY_SCOPE: { readonly [scope in ScopeType]: readonly Permission[] } = {
  installation: PERMISSIONS,
  account: PERMISSIONS.filter((permission) => permission !== 'money.write' && permission !== 'system.read'),
  team: ['usage.read', 'people.write', 'quotas.write'],
};

/** Roles that a token of a team can have: it has nothing to own, and no money. */
export const TEAM_ROLES: readonly TokenRole[] = ['admin', 'viewer'];

/** What the role and the scope both allow, in the order of {@link PERMISSIONS}. */
export function permissionsOf(role: TokenRole, scope: ScopeType): Permission[] {
  return PERMISSIONS.filter((permission) => BY_ROLE[role].includes(permission) && BY_SCOPE[scope].includes(permission));
}
