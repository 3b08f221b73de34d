import { dayOf, readCellName } from './cell-names.ts';
import { type UsageCounts, usageCounts } from './report-counts.ts';
import type { ReportFold } from './report-fold.ts';
import type { ReportStore } from './report-store.ts';

export interface AccountsQuestion {
  accounts: readonly string[];
  /** Both on a boundary of the buckets, which begin with 1970 in UTC. */
  fromMs: number;
  toMs: number;
  bucketMs: number;
  /** Undefined: all. */
  models: ReadonlySet<string> | undefined;
  keys: ReadonlySet<string> | undefined;
  groupBy: { account: boolean; model: boolean; key: boolean };
}

/** One group of one bucket; null where it is not grouped by, or none is known. */
export interface AccountsRow {
  startsAtMs: number;
  account: string | null;
  model: string | null;
  key: string | null;
  counts: UsageCounts;
}

export const ROWS_AT_MOST = 20_000;
/** Accounts read at once. */
const ACCOUNTS_AT_ONCE = 8;

/**
 * Sums up many accounts, each brought up to its journal first.
 * @returns undefined when there would be more than {@link ROWS_AT_MOST} rows.
 */
export async function sumAccounts(
  { fold, store }: { fold: ReportFold; store: ReportStore },
  question: AccountsQuestion,
): Promise<AccountsRow[] | undefined> {
  const rows = new Map<string, AccountsRow>();
  const days = { from: dayOf(question.fromMs), to: dayOf(question.toMs - 1) };
  for (let first = 0; first < question.accounts.length; first += ACCOUNTS_AT_ONCE) {
    const accounts = question.accounts.slice(first, first + ACCOUNTS_AT_ONCE);
    const read = accounts.map(async (account) => {
      await fold.foldAccount(account);
      return { account, cells: await store.readDays(account, 'usage', days) };
    });
    for (const { account, cells } of await Promise.all(read)) {
      for (const [name, text] of cells) addCell(rows, question, account, name, text);
    }
    if (rows.size > ROWS_AT_MOST) return undefined;
  }
  return [...rows].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}

function addCell(
  rows: Map<string, AccountsRow>,
  { fromMs, toMs, bucketMs, models, keys, groupBy }: AccountsQuestion,
  account: string,
  name: string,
  text: string,
): void {
  const { period, group } = readCellName(name);
  const [model = null, , , key = null] = group;
  const atMs = Number(period);
  if (atMs < fromMs || atMs >= toMs) return;
  if (models?.has(model ?? '') === false || keys?.has(key ?? '') === false) return;
  const row = {
    startsAtMs: Math.floor(atMs / bucketMs) * bucketMs,
    account: groupBy.account ? account : null,
    model: groupBy.model ? model : null,
    key: groupBy.key ? key : null,
    counts: usageCounts.create(),
  };
  const id = JSON.stringify([row.startsAtMs, row.account, row.model, row.key]);
  const present = rows.get(id) ?? row;
  rows.set(id, present);
  usageCounts.add(present.counts, usageCounts.read(text));
}
