import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { ExportState } from '../ledger/journal-source.ts';
import type { JournalExporterParts, NamedSink } from './exporter-parts.ts';
import type { ExportRecord } from './journal-sink.ts';

/** Carries accounts to one sink. */
export interface SinkExporter {
  /** One page of each that has something for this sink; never rejects. Nothing while the sink is left alone. */
  exportAll(accounts: readonly string[]): Promise<void>;
}

const ENTRIES_AT_ONCE = 1_000;
/** No further page is begun after this; with the time one page may take it stays below the exporter's lease. */
const ROUND_AT_MOST_MS = 10_000;
/** A sink that failed so often in a row is left alone for a while, twice as long each time. */
const FAILURES_BEFORE_REST = 3;
const REST_MS = 1_000;
const REST_AT_MOST_MS = 60_000;

/** Two at once are told apart by account and sequence; a failure ends the round of this sink alone. */
export function createSinkExporter(parts: JournalExporterParts, sink: NamedSink): SinkExporter {
  let failures = 0;
  let restsUntilMs = 0;
  return {
    async exportAll(accounts) {
      const startMs = parts.nowMs();
      if (startMs < restsUntilMs) return;
      try {
        for (const accountId of accounts) {
          await exportPage(parts, sink, accountId);
          if (parts.nowMs() - startMs > ROUND_AT_MOST_MS) break;
        }
        failures = 0;
      } catch (error) {
        failures += 1;
        const times = failures - FAILURES_BEFORE_REST;
        if (times > 0) restsUntilMs = parts.nowMs() + Math.min(REST_AT_MOST_MS, REST_MS * 2 ** Math.min(times, 16));
        parts.metrics.journalSinkFailed(sink.name);
        parts.logger.error({ err: error, sink: sink.name, failures }, 'the journal was not exported');
      }
    },
  };
}

/** One page of one account, so that a busy account does not keep the others waiting. */
async function exportPage(parts: JournalExporterParts, { name, sink }: NamedSink, accountId: string): Promise<void> {
  const { source, ledger, metrics, logger } = parts;
  const state = await source.readExportState(accountId);
  const cursor = await readCursor(parts, name, accountId, state);
  if (state.sequence < Math.max(cursor, state.exported)) return restart(parts, accountId, state);
  const after = Math.max(cursor, state.trimmed);
  if (after >= state.sequence) return;
  const entries = await ledger.readJournal(accountId, { afterSequence: after, limit: ENTRIES_AT_ONCE });
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return;
  const { records, gaps } = withGaps(accountId, after, entries);
  for (let found = 0; found < gaps; found += 1) metrics.journalGap();
  if (gaps > 0) logger.error({ account_id: accountId, gaps, after }, 'the journal lacks entries');
  await sink.write(records);
  await source.writeSinkCursor(name, accountId, last.sequence);
  await markExported(parts, accountId, { exported: state.exported, firstAtMs: first.atMs });
}

/** What every sink has is exported. Each writes its own cursor first, so that the last one to come sees all. */
async function markExported(
  parts: JournalExporterParts,
  accountId: string,
  { exported, firstAtMs }: { exported: number; firstAtMs: number },
): Promise<void> {
  const { source, sinks, metrics } = parts;
  const state = await source.readExportState(accountId);
  const cursors = await Promise.all(sinks.map(({ name }) => readCursor(parts, name, accountId, state)));
  const least = Math.min(...cursors);
  if (least <= exported) return;
  await source.markExported(accountId, least, firstAtMs);
  metrics.journalExported(Math.max(0, least - state.exported));
}

/** A sink that is new begins with the first entry that the store has. */
async function readCursor(
  { source }: JournalExporterParts,
  name: NamedSink['name'],
  accountId: string,
  { exported, trimmed }: ExportState,
): Promise<number> {
  const cursor = await source.readSinkCursor(name, accountId);
  return cursor ?? (name === 'files' ? exported : trimmed);
}

async function restart(
  { source, sinks, metrics, logger }: JournalExporterParts,
  accountId: string,
  { exported, trimmed, sequence }: ExportState,
): Promise<void> {
  logger.error({ account_id: accountId, exported, sequence }, 'the store has lost journal entries; exporting anew');
  metrics.journalGap();
  for (const { name } of sinks) await source.writeSinkCursor(name, accountId, trimmed);
  await source.restartExport(accountId);
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
