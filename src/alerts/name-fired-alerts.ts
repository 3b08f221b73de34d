import type { FiredAlert } from '../observability/account-figures.ts';
import type { AlertBook } from './alert-book.ts';
import { LOW_BALANCE_ID } from './alert-rule.ts';
import type { FiredLevel } from './alert-store.ts';

/** What fired levels are alerts of. Those of rules that are gone, which are about to be forgotten, are left out. */
export async function nameFiredAlerts(
  fired: readonly FiredLevel[],
  book: Pick<AlertBook, 'findAccountRules' | 'listInstallationRules'>,
): Promise<FiredAlert[]> {
  const named = await Promise.all(
    fired.map(async ({ ruleId, accountId, level }): Promise<FiredAlert[]> => {
      const account = accountId === undefined ? {} : { accountId };
      const amount = /^\d{1,16}$/.test(level) ? { levelNanoUsd: BigInt(level) } : {};
      if (ruleId === LOW_BALANCE_ID) return [{ alert: 'balance_low', ...account, ...amount }];
      const ofAccount = accountId === undefined ? [] : await book.findAccountRules(accountId);
      const rules = [...ofAccount, ...(await book.listInstallationRules())];
      const condition = rules.find(({ id }) => id === ruleId)?.condition;
      if (condition === undefined) return [];
      const isAmount = 'amountsNanoUsd' in condition;
      return [{ alert: condition.kind, ...account, ...(isAmount ? amount : {}) }];
    }),
  );
  return named.flat();
}
