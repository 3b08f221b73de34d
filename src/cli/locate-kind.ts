import type { Kind } from '../organisation/kind.ts';
import { accountKind } from '../organisation/kinds/account-kind.ts';

/**
 * Where the admin API has the records of a kind: below their account, or beside it with the account in a field.
 * @param accountId undefined: they are the installation's.
 */
export function locateKind(
  { section, step = section, owner }: Kind,
  accountId: string | undefined,
): { path: string[]; query: { account_id?: string } } {
  if (owner === 'account') return { path: [accountKind.section, accountId ?? '', step], query: {} };
  return { path: [step], query: owner === 'account_id' ? { account_id: accountId ?? '' } : {} };
}
