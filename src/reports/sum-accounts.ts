import { type AccountsQuestion, type AccountsRow, createAccountsRows, placeCall } from './accounts-rows.ts';
import { dayOf, readCellName } from './cell-names.ts';
import { usageCounts } from './report-counts.ts';
import type { ReportFold } from './report-fold.ts';
import type { ReportStore } from './report-store.ts';

/** Accounts read at once. */
const ACCOUNTS_AT_ONCE = 8;

/**
 * Sums up many accounts by the hour or longer, each brought up to its journal first.
 * @returns undefined when there would be too many rows.
 */
export async function sumAccounts(
  { fold, store }: { fold: ReportFold; store: ReportStore },
  question: AccountsQuestion,
): Promise<AccountsRow[] | undefined> {
  const rows = createAccountsRows(question);
  const days = { from: dayOf(question.fromMs), to: dayOf(question.toMs - 1) };
  for (let first = 0; first < question.accounts.length; first += ACCOUNTS_AT_ONCE) {
    const accounts = question.accounts.slice(first, first + ACCOUNTS_AT_ONCE);
    const read = accounts.map(async (account) => {
      await fold.foldAccount(account);
      return { account, cells: await store.readDays(account, 'usage', days) };
    });
    for (const { account, cells } of await Promise.all(read)) {
      for (const [name, text] of cells) {
        const { period, group } = readCellName(name);
        const [model = null, , , key = null, tier = null, window = null, geo = null, speed = null] = group;
        const place = placeCall(account, { model, key, traits: [tier, window, geo, speed] });
        rows.add(Number(period), place, usageCounts.read(text));
      }
    }
    if (rows.hasTooMany()) return undefined;
  }
  return rows.list();
}
