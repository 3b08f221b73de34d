import type { NanoUsd } from '../domain/money.ts';
import { createWindowCache } from '../domain/window-cache.ts';
import { placeKey } from './cell-names.ts';
import { statementCounts } from './report-counts.ts';
import type { ReportStore } from './report-store.ts';

export interface KeySpender {
  accountId: string;
  keyId: string;
  /** Of the account: its days and months are meant. */
  timezone: string;
  atMs: number;
}

/** What calls of a key were charged, less what was given back. */
export interface KeySpend {
  todayNanoUsd: NanoUsd;
  monthNanoUsd: NanoUsd;
}

const findWindow = createWindowCache();

/**
 * Reads two cells, whatever the account's size, and folds nothing: the figures are those of the last fold, which the
 * keeper makes every half minute for accounts in use. Faults are those of the Ledger.
 */
export async function readKeySpend(
  store: Pick<ReportStore, 'readCells'>,
  { accountId, keyId, timezone, atMs }: KeySpender,
): Promise<KeySpend> {
  const today = placeKey(findWindow, { atMs, timezone, key: keyId, window: 'day' });
  const month = placeKey(findWindow, { atMs, timezone, key: keyId, window: 'month' });
  const { cells } = await store.readCells(accountId, today.page, [today.name, month.name]);
  const spentIn = (name: string): NanoUsd => {
    const { charged, refunded } = statementCounts.read(cells.get(name) ?? '0');
    return charged - refunded;
  };
  return { todayNanoUsd: spentIn(today.name), monthNanoUsd: spentIn(month.name) };
}
