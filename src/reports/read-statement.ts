import type { NanoUsd } from '../domain/money.ts';
import { readCellName } from './cell-names.ts';
import { balanceChangeOf, type StatementCounts, statementCounts } from './report-counts.ts';
import type { ReportStore } from './report-store.ts';

/**
 * One month of an account. `opening + carried + granted - charged + refunded - expired - voided = closing`, and a
 * month opens with what the one before closed with; a balance is credit left and held, less debt.
 */
export interface Statement {
  openingNanoUsd: NanoUsd;
  closingNanoUsd: NanoUsd;
  total: StatementCounts;
  /** Calls and what came back of them, by model; null where none is known. Models without either are left out. */
  models: { model: string | null; counts: StatementCounts }[];
}

/** The statement of a month (`2026-11`). The sums must be folded. An account without an entry opens and closes at 0. */
export async function readStatement(
  store: Pick<ReportStore, 'readStatements'>,
  accountId: string,
  month: string,
): Promise<Statement> {
  const total = statementCounts.create();
  const models: Statement['models'] = [];
  let openingNanoUsd = 0n;
  for (const [name, text] of await store.readStatements(accountId)) {
    const { period, group } = readCellName(name);
    const counts = statementCounts.read(text);
    if (period < month) openingNanoUsd += balanceChangeOf(counts);
    if (period !== month) continue;
    statementCounts.add(total, counts);
    const isOfCalls = counts.requests > 0n || counts.charged > 0n || counts.refunded > 0n;
    if (isOfCalls) models.push({ model: group[0] ?? null, counts });
  }
  models.sort((left, right) => ((left.model ?? '') < (right.model ?? '') ? -1 : 1));
  return { openingNanoUsd, closingNanoUsd: openingNanoUsd + balanceChangeOf(total), total, models };
}
