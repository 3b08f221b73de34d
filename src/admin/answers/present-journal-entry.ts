import type { JournalEntry } from '../../domain/credit/credit-types.ts';
import { formatUsd } from '../../domain/money.ts';
import type { JournalEntryAnswer } from '../schemas/journal-schemas.ts';
import { writeTime } from './write-time.ts';

type Terms = NonNullable<JournalEntry['terms']>;

export function presentJournalEntry(entry: JournalEntry): JournalEntryAnswer {
  return {
    sequence: entry.sequence,
    at: writeTime(entry.atMs),
    operation: entry.operation,
    subject_id: entry.subjectId,
    amount_usd: formatUsd(entry.amountNanoUsd),
    postings: entry.postings.map((posting) => ({
      kind: posting.kind,
      ...(posting.grantId === undefined ? {} : { grant_id: posting.grantId }),
      amount_usd: formatUsd(posting.amountNanoUsd),
    })),
    cells: entry.cells.map((cell) => ({
      quota_id: cell.quotaId,
      window: cell.window,
      held: cell.held.toString(),
      used: cell.used.toString(),
    })),
    ...(entry.terms === undefined ? {} : { terms: presentTerms(entry.terms) }),
    ...(entry.details === undefined ? {} : { details: { ...entry.details } }),
  };
}

/** The ledger's own names and units in the API's: `creditLimitNanoUsd` becomes `credit_limit_usd`, `expiresAtMs` `expires_at`. */
function presentTerms(terms: Terms): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(terms).map(([name, value]) => presentTerm(name, value)));
}

function presentTerm(name: string, value: Terms[string]): [string, unknown] {
  if (name.endsWith('NanoUsd'))
    return [`${toSnakeCase(name.slice(0, -'NanoUsd'.length))}_usd`, formatUsd(BigInt(`${value}`))];
  if (name.endsWith('AtMs')) return [toSnakeCase(name.slice(0, -'Ms'.length)), writeTime(Number(value))];
  return [toSnakeCase(name), value];
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
