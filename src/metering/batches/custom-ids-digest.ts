import { createHash } from 'node:crypto';

/** Tells one set of custom ids from another, in whatever order they come: results come in any. */
export interface CustomIdsDigest {
  add(customId: string): void;
  /** In hex. */
  digest(): string;
}

const MODULUS = 1n << 256n;

/** The sum of the ids' SHA-256, modulo 2^256. */
export function createCustomIdsDigest(): CustomIdsDigest {
  let sum = 0n;
  return {
    add(customId) {
      sum = (sum + BigInt(`0x${createHash('sha256').update(customId).digest('hex')}`)) % MODULUS;
    },
    digest: () => sum.toString(16).padStart(64, '0'),
  };
}
