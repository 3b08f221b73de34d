import type { Key } from '../../directory/directory.ts';
import type { KeyAnswer } from '../schemas/key-schemas.ts';
import { writeOptionalTime, writeTime } from './write-time.ts';

/** A key without its hashes. */
export function presentKey(key: Key, nowMs: number): KeyAnswer {
  return {
    id: key.id,
    account_id: key.accountId,
    team_id: key.teamId ?? null,
    member_id: key.memberId ?? null,
    name: key.name,
    status: findKeyStatus(key, nowMs),
    hint: key.hint,
    expires_at: writeOptionalTime(key.expiresAtMs),
    allowed_models: key.allowedModels === undefined ? null : [...key.allowedModels],
    previous_secret_expires_at: writeOptionalTime(key.previousSecret?.expiresAtMs),
    revoked_at: writeOptionalTime(key.revokedAtMs),
    created_at: writeTime(key.createdAtMs),
  };
}

export function findKeyStatus(key: Key, nowMs: number): KeyAnswer['status'] {
  if (key.revokedAtMs !== undefined) return 'revoked';
  return key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs ? 'expired' : 'active';
}
