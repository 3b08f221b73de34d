import { orderQuotas, type Quota } from '../domain/quota.ts';
import type { Account, Key, Member, Principal, Team } from './directory.ts';

type WithSecret = Pick<Key, 'secretHash' | 'previousSecret' | 'expiresAtMs'>;

/** Every hash that finds the key or token: of its secret, and of the one before its last rotation. */
export function secretHashesOf({ secretHash, previousSecret }: WithSecret): string[] {
  return previousSecret === undefined ? [secretHash] : [secretHash, previousSecret.secretHash];
}

/** The team whose caller this is: the key's own, or else its member's. */
export function teamIdOf(key: Pick<Key, 'teamId'>, member: Pick<Member, 'teamId'> | undefined): string | undefined {
  return key.teamId ?? member?.teamId;
}

/**
 * Puts the caller together from what a store found under `secretHash`.
 * @param found.quotas those of each scope in order of creation.
 */
export function createPrincipal(found: {
  account: Account;
  team: Team | undefined;
  member: Member | undefined;
  key: Key;
  quotas: readonly Quota[];
  secretHash: string;
}): Principal {
  const { account, team, member, key } = found;
  const secretExpiresAtMs = secretExpiry(key, found.secretHash);
  return {
    account,
    key,
    quotas: orderQuotas(found.quotas),
    ...(team === undefined ? {} : { team }),
    ...(member === undefined ? {} : { member }),
    ...(secretExpiresAtMs === undefined ? {} : { secretExpiresAtMs }),
  };
}

/** When the very secret presented stops working; undefined: never. */
export function secretExpiry({ previousSecret, expiresAtMs }: WithSecret, secretHash: string): number | undefined {
  if (previousSecret?.secretHash !== secretHash) return expiresAtMs;
  return Math.min(previousSecret.expiresAtMs, expiresAtMs ?? Number.POSITIVE_INFINITY);
}
