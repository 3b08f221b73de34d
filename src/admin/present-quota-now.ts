import type { Account } from '../directory/directory.ts';
import type { Quota } from '../domain/quota.ts';
import { readQuotaUse } from '../ledger/read-quota-use.ts';
import type { AdminParts } from './admin-parts.ts';
import { presentQuota } from './answers/present-quota.ts';

/** A quota as the API shows it, with its use in the window of now. */
export async function presentQuotaNow(
  { ledger, clock }: Pick<AdminParts, 'ledger' | 'clock'>,
  { id, timezone }: Account,
  quota: Quota,
) {
  const uses = await readQuotaUse(ledger, id, [quota], { atMs: clock(), timezone });
  const [shown] = uses.map(presentQuota);
  if (shown === undefined) throw new RangeError('the use of one quota was asked for and none was answered');
  return shown;
}
