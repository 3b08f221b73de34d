import type { Directory, Key } from '../directory/directory.ts';
import type { Quota } from '../domain/quota.ts';
import { findQuotaFaults } from '../domain/quota-rules.ts';
import { findModel, modelLabels, type RateCard } from '../domain/rate-card.ts';
import { findUnknownLabels } from './find-unknown-models.ts';
import type { FieldError } from './problem.ts';

export interface QuotaCheckParts {
  directory: Pick<Directory, 'findTeam' | 'findMember' | 'findKey'>;
  rateCard: () => RateCard;
}

type CheckedQuota = Omit<Quota, 'id' | 'raises' | 'mode' | 'createdAtMs'>;

/**
 * What keeps a quota from ever counting a call, by field: a limit nobody notices is worse than none. Every mistake at
 * once.
 */
export async function findQuotaErrors(
  { directory, rateCard }: QuotaCheckParts,
  quota: CheckedQuota,
  nowMs: number,
): Promise<FieldError[]> {
  const frame = findQuotaFaults(quota).map(({ field, message }) => ({
    field: { window: 'window', anchorDay: 'anchor_day', limit: `limit_${quota.measure}` }[field],
    message,
  }));
  return [
    ...frame,
    ...(await findScopeErrors(directory, quota, nowMs)),
    ...(await findModelErrors({ directory, rateCard }, quota)),
  ];
}

async function findScopeErrors(
  directory: QuotaCheckParts['directory'],
  { accountId, scope }: CheckedQuota,
  nowMs: number,
): Promise<FieldError[]> {
  const refuse = (message: string): FieldError[] => [{ field: 'scope.id', message }];
  if (scope.type === 'account') {
    return scope.id === accountId ? [] : refuse("is not needed for account, or must be the account's own");
  }
  if (scope.id === '') return refuse(`is required for ${scope.type}`);
  if (scope.type === 'key') {
    const key = await directory.findKey(accountId, scope.id);
    const end = key === undefined ? undefined : findKeyEnd(key, nowMs);
    if (end !== undefined) return refuse(`names a key that ${end}: it makes no more calls`);
    return key === undefined ? refuse('is no key of this account') : [];
  }
  const record =
    scope.type === 'team'
      ? await directory.findTeam(accountId, scope.id)
      : await directory.findMember(accountId, scope.id);
  return record === undefined ? refuse(`is no ${scope.type} of this account`) : [];
}

function findKeyEnd({ revokedAtMs, expiresAtMs }: Key, nowMs: number): string | undefined {
  if (revokedAtMs !== undefined) return 'is revoked';
  return expiresAtMs !== undefined && expiresAtMs <= nowMs ? 'has expired' : undefined;
}

/** Names that no call goes by, and a key's quota on models that the key may not call. */
export async function findModelErrors(
  { directory, rateCard }: QuotaCheckParts,
  { accountId, scope, models }: Pick<Quota, 'accountId' | 'scope' | 'models'>,
): Promise<FieldError[]> {
  if (models === undefined) return [];
  const unknown = findUnknownLabels(rateCard(), models);
  if (unknown.length > 0 || scope.type !== 'key') return unknown;
  const allowed = (await directory.findKey(accountId, scope.id))?.allowedModels;
  const labels = allowed?.flatMap((name) => {
    const model = findModel(rateCard(), name);
    return model === undefined ? [] : modelLabels(model);
  });
  if (labels === undefined || models.some((name) => labels.includes(name))) return [];
  return [{ field: 'models', message: 'names none that this key is allowed to call' }];
}
