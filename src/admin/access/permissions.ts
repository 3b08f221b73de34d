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
  'tokens.write',
  'audit.read',
  /** The process, its store and its upstream. */
  'system.read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export const ROLES = ['owner', 'billing', 'admin', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Where a token holds: `installation` is every account. */
export type ScopeType = 'installation' | 'account' | 'team';

const BY_ROLE: { readonly [role in Role]: readonly Permission[] } = {
  owner: PERMISSIONS,
  billing: ['usage.read', 'money.read', 'billing.write', 'money.write'],
  admin: ['usage.read', 'people.write', 'quotas.write'],
  viewer: ['usage.read', 'money.read'],
};

const BY_SCOPE: { readonly [scope in ScopeType]: readonly Permission[] } = {
  installation: PERMISSIONS,
  account: PERMISSIONS.filter((permission) => permission !== 'money.write' && permission !== 'system.read'),
  team: ['usage.read', 'people.write', 'quotas.write'],
};

/** Both the role and the scope must allow it. */
export function mayDo(role: Role, scope: ScopeType, permission: Permission): boolean {
  return BY_ROLE[role].includes(permission) && BY_SCOPE[scope].includes(permission);
}
