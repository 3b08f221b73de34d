import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { JournalExporterParts } from './exporter-parts.ts';
import type { ExportRecord } from './journal-sink.ts';
import { trimJournal } from './trim-journal.ts';

export interface JournalExporter {
  /** One round; never rejects. A round that is asked for while one is under way is that one. */
  run(): Promise<void>;
  /** Ends after the round under way, and closes the sink. */
  stop(): Promise<void>;
}

const ROUND_EVERY_MS = 1_000;
const LEASE_MS = 30_000;
/** Bounds of a round: accounts looked at, and entries of one account taken at a time. */
const ACCOUNTS_AT_ONCE = 200;
const ENTRIES_AT_ONCE = 1_000;

/**
 * Carries the journal to the sink, each account in sequence from where it stopped. An entry is marked as exported only
 * once the sink has it, so it arrives at least once; account and sequence tell a repeat.
 */
export function createJournalExporter(parts: JournalExporterParts): JournalExporter {
  let running: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running ??= exportOnce(parts)
      .catch((error: unknown) => parts.logger.error({ err: error }, 'a round of the journal export failed'))
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  const stopTimer = parts.every(ROUND_EVERY_MS, () => void run());
  return {
    run,
    async stop() {
      stopTimer();
      await running;
      await parts.sink.close();
    },
  };
}

async function exportOnce(parts: JournalExporterParts): Promise<void> {
  const { source, metrics } = parts;
  if (!(await source.claim(parts.owner, LEASE_MS))) return;
  const { accounts, oldestAtMs } = await source.findUnexported(ACCOUNTS_AT_ONCE);
  metrics.journalLag(oldestAtMs);
  for (const accountId of accounts) await exportPage(parts, accountId);
  // What waits comes first: a store that is short of memory is helped by either, and only this one loses nothing.
  if (accounts.length < ACCOUNTS_AT_ONCE) await trimJournal(parts);
}

/** One page of one account, so that a busy account does not keep the others waiting. */
async function exportPage(parts: JournalExporterParts, accountId: string): Promise<void> {
  const { source, ledger, sink, metrics, logger } = parts;
  const { exported, trimmed, sequence } = await source.readExportState(accountId);
  if (sequence < exported) {
    logger.error({ account_id: accountId, exported, sequence }, 'the store has lost journal entries; exporting anew');
    metrics.journalGap();
    return source.restartExport(accountId);
  }
  const after = Math.max(exported, trimmed);
  const entries = await ledger.readJournal(accountId, { afterSequence: after, limit: ENTRIES_AT_ONCE });
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return;
  const { records, gaps } = withGaps(accountId, after, entries);
  for (let found = 0; found < gaps; found += 1) metrics.journalGap();
  if (gaps > 0) logger.error({ account_id: accountId, gaps, after }, 'the journal lacks entries');
  await sink.write(records);
  await source.markExported(accountId, last.sequence, first.atMs);
  metrics.journalExported(entries.length);
}

/** The entries as records, with one more wherever a sequence is missing. */
function withGaps(
  accountId: string,
  after: number,
  entries: readonly JournalEntry[],
): { records: ExportRecord[]; gaps: number } {
  const records: ExportRecord[] = [];
  let previous = after;
  for (const entry of entries) {
    if (entry.sequence !== previous + 1) {
      records.push({ type: 'gap', accountId, afterSequence: previous, nextSequence: entry.sequence });
    }
    records.push({ type: 'entry', ...entry });
    previous = entry.sequence;
  }
  return { records, gaps: records.length - entries.length };
}
