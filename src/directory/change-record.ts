import type { Quota } from '../domain/quota.ts';
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

/** The key after a rotation. Done again under the same `rotationId`, it leaves the secret before the first as it was. */
export function rotateKey(key: Key, rotation: KeyRotation): Key {
  const { oldExpiresAtMs, ...present } = rotation;
  const { rotationId: _, previousSecret, ...rest } = key;
  if (key.secretHash === rotation.secretHash) return key;
  const retried = rotation.rotationId !== undefined && rotation.rotationId === key.rotationId;
  const before = retried ? previousSecret : { secretHash: key.secretHash, expiresAtMs: oldExpiresAtMs };
  return { ...rest, ...present, ...(before === undefined ? {} : { previousSecret: before }) };
}
