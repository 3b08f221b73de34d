import type { Directory } from '../directory/directory.ts';
import { MAX_QUOTAS } from '../domain/quota-rules.ts';

/** Deletes the quotas on a key, which makes no more calls. Done again it finishes what was cut off. */
export async function deleteQuotasOnKey(
  directory: Pick<Directory, 'listQuotas' | 'deleteQuota'>,
  accountId: string,
  keyId: string,
): Promise<void> {
  const quotas = await directory.listQuotas(accountId, { limit: MAX_QUOTAS });
  for (const quota of quotas.filter(({ scope }) => scope.id === keyId))
    await directory.deleteQuota(accountId, quota.id);
}
