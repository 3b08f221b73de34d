import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ExportIndex } from './export-index.ts';

/** Where two histories of one account part. */
export interface Divergence {
  sequence: number;
  exported: JournalEntry;
  stored: JournalEntry;
}

export interface Comparison {
  divergence: Divergence | undefined;
  /** The last sequence of which both have an entry; undefined: there is none. */
  lastCommon: number | undefined;
}

const PAGE = 1_000;

/** Compares every entry that the store keeps with that of the export, by what it says and not by how it is written. */
export async function compareHistories(
  ledger: Pick<Ledger, 'readJournal'>,
  index: Pick<ExportIndex, 'entries'>,
  accountId: string,
): Promise<Comparison> {
  let lastCommon: number | undefined;
  for (let afterSequence = 0; ; ) {
    const page = await ledger.readJournal(accountId, { afterSequence, limit: PAGE });
    const [first, last] = [page[0], page.at(-1)];
    if (first === undefined || last === undefined) return { divergence: undefined, lastCommon };
    const stored = new Map(page.map((entry) => [entry.sequence, entry]));
    for (const exported of index.entries(accountId, { afterSequence: first.sequence - 1 })) {
      if (exported.sequence > last.sequence) break;
      const other = stored.get(exported.sequence);
      if (other === undefined) continue;
      if (canonicalText(exported) !== canonicalText(other)) {
        return { divergence: { sequence: exported.sequence, exported, stored: other }, lastCommon };
      }
      lastCommon = exported.sequence;
    }
    afterSequence = last.sequence;
  }
}

/** The same for values that are the same, in whatever order their members were written. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === 'bigint') return part.toString();
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}
