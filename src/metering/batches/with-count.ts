import type { QuotaCell } from '../../ledger/ledger.ts';

/**
 * The cell with what a batch counts for where requests are counted: each of its items, but by the minute one. What
 * comes in a minute is the pace of calls, and the API keeps batches out of its own limits of that kind.
 */
export function withCount<Cell extends Pick<QuotaCell, 'window'>>(cell: Cell, items: number): Cell & { count: number } {
  return { ...cell, count: cell.window.startsWith('minute:') ? 1 : items };
}
