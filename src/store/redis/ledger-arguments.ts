import { writeDetails } from '../../domain/credit/write-details.ts';
import { writeExactJson } from '../../domain/exact-json.ts';
import { createListTexts } from '../../domain/list-texts.ts';
import { MAX_NANO_USD } from '../../domain/money.ts';
import type { EndDetails, GrantCommand, QuotaCell, SettleCommand } from '../../ledger/ledger.ts';

/** A JSON text with amounts as decimal strings; '' for nothing. */
export function writeJson(value: unknown): string {
  return value === undefined ? '' : writeExactJson(value);
}

/** The details of an entry; '' for none. */
export function writeEntryDetails(details: EndDetails | undefined): string {
  return details === undefined ? '' : writeDetails(details);
}

/** Cells as lib-cells.lua reads them. A settle knows no limits and checks none. */
export const writeCells = createListTexts((cells: readonly (SettleCommand['cells'][number] | QuotaCell)[]): string =>
  JSON.stringify(
    cells.map((cell) => {
      const { limit, mode } = 'limit' in cell ? cell : { limit: 0n, mode: 'shadow' };
      // No cell can hold more than Lua computes exactly, so a higher limit is no limit.
      const bound = limit > MAX_NANO_USD ? MAX_NANO_USD : limit;
      return [cell.quotaId, cell.window, cell.measure, `${bound}`, mode, `${cell.endsAtMs ?? ''}`, cell.count ?? 1];
    }),
  ),
);

/** The terms of a grant for its journal entry, but for the ordinal, which the script adds as the first. */
export function writeGrantTerms({ kind, priority, effectiveAtMs, expiresAtMs, models }: GrantCommand): string {
  return JSON.stringify({ kind, priority, effectiveAtMs, expiresAtMs, ...(models === undefined ? {} : { models }) });
}
