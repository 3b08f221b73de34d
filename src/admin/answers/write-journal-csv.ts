import { stringify } from 'csv-stringify/sync';
import type { JournalEntryAnswer } from '../schemas/journal-schemas.ts';

/**
 * One row per entry, amounts as decimal dollars, postings as "kind grant amount" joined by "; ".
 * Cells that a spreadsheet would run as a formula are escaped, since notes are free text.
 */
export function writeJournalCsv(entries: readonly JournalEntryAnswer[]): string {
  const rows = entries.map((entry) => ({
    ...entry,
    postings: entry.postings
      .map((posting) =>
        [posting.kind, posting.grant_id, posting.amount_usd].filter((part) => part !== undefined).join(' '),
      )
      .join('; '),
    terms: writeJson(entry.terms),
    details: writeJson(entry.details),
  }));
  return stringify(rows, {
    header: true,
    columns: ['sequence', 'at', 'operation', 'subject_id', 'amount_usd', 'postings', 'terms', 'details'],
    record_delimiter: 'windows',
    escape_formulas: true,
  });
}

function writeJson(value: object | undefined): string {
  return value === undefined ? '' : JSON.stringify(value);
}
