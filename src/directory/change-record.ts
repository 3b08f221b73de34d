import type { Quota } from '../domain/quota.ts';
import type { AccessToken, TokenRotation } from './access-token.ts';
import type { Key, KeyRotation, QuotaChange } from './directory.ts';

/** Fields set to `null` are removed, fields not named stay. */
type Change<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** The record after a change; the record itself stays as it is. */
export function applyChange<T extends object>(record: T, change: Change<T>): T {
  const fields = new Map<string, unknown>(Object.entries(record));
  for (const [name, value] of Object.entries(change)) {
    if (value === null) fields.delete(name);
    else if (value !== undefined) fields.set(name, value);
  }
  return Object.fromEntries(fields) as T;
}

/** The quota after a change. */
export function changeQuota(quota: Quota, { raises, ...change }: QuotaChange): Quota {
  return applyChange(quota, { ...change, ...(raises === null ? { raises: [] } : {}) });
}

/** What is rotated: a key or an access token. */
type WithSecret = Pick<Key, 'secretHash' | 'hint' | 'rotationId' | 'previousSecret'>;

/** The record after a rotation. Done again under the same `rotationId`, it leaves the secret before the first as it was. */
export function rotateSecret<T extends WithSecret>(record: T, rotation: KeyRotation): T {
  const { secretHash, hint, rotationId = null, oldExpiresAtMs } = rotation;
  if (record.secretHash === secretHash) return record;
  const retried = rotationId !== null && rotationId === record.rotationId;
  const before = retried ? record.previousSecret : { secretHash: record.secretHash, expiresAtMs: oldExpiresAtMs };
  return applyChange<WithSecret>(record, { secretHash, hint, rotationId, previousSecret: before ?? null }) as T;
}

/** The token after a rotation. Its old secret does not outlive the term it had. */
export function rotateToken(token: AccessToken, rotation: TokenRotation): AccessToken {
  const { expiresAtMs, ...secret } = rotation;
  const oldExpiresAtMs = Math.min(secret.oldExpiresAtMs, token.expiresAtMs ?? Number.POSITIVE_INFINITY);
  return applyChange(rotateSecret(token, { ...secret, oldExpiresAtMs }), { expiresAtMs });
}
