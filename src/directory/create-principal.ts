import type { Account, Key, Member, Principal, Team } from './directory.ts';

/** Every hash that finds the key: of its secret, and of the one before its last rotation. */
export function secretHashesOf({ secretHash, previousSecret }: Key): string[] {
  return previousSecret === undefined ? [secretHash] : [secretHash, previousSecret.secretHash];
}

/** Puts the caller together from what a store found under `secretHash`. */
export function createPrincipal(found: {
  account: Account;
  team: Team | undefined;
  member: Member | undefined;
  key: Key;
  secretHash: string;
}): Principal {
  const { account, team, member, key } = found;
  const secretExpiresAtMs = secretExpiry(key, found.secretHash);
  return {
    account,
    key,
    ...(team === undefined ? {} : { team }),
    ...(member === undefined ? {} : { member }),
    ...(secretExpiresAtMs === undefined ? {} : { secretExpiresAtMs }),
  };
}

/** When the very secret presented stops working; undefined: never. */
function secretExpiry({ previousSecret, expiresAtMs }: Key, secretHash: string): number | undefined {
  if (previousSecret?.secretHash !== secretHash) return expiresAtMs;
  return Math.min(previousSecret.expiresAtMs, expiresAtMs ?? Number.POSITIVE_INFINITY);
}
