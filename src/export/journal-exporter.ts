import { createSinkExporter, type SinkExporter } from './export-to-sink.ts';
import type { JournalExporterParts } from './exporter-parts.ts';
import { trimJournal } from './trim-journal.ts';

export interface JournalExporter {
  /** One round; never rejects. A round that is asked for while one is under way is that one. */
  run(): Promise<void>;
  /** Ends after the round under way, closes the sinks and lets another process export. */
  stop(): Promise<void>;
}

const ROUND_EVERY_MS = 1_000;
/** Longer than a round: see {@link createSinkExporter}. */
const LEASE_MS = 30_000;
/** Accounts looked at in a round, with room for those that wait for one sink only. */
const ACCOUNTS_AT_ONCE = 2_000;
/** Silent accounts looked at in a round after the start. */
const SILENT_AT_ONCE = 200;

/**
 * Carries the journal to the sinks, each account in sequence from where each sink stopped. An entry is marked as
 * exported only once every sink has it, so it arrives at least once; account and sequence tell a repeat.
 */
export function createJournalExporter(parts: JournalExporterParts): JournalExporter {
  const exporters = parts.sinks.map((sink) => createSinkExporter(parts, sink));
  const findSilent = createSilentAccounts(parts);
  let running: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running ??= exportOnce(parts, exporters, findSilent)
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
      await Promise.all(parts.sinks.map(({ sink }) => sink.close()));
      await parts.source.unclaim(parts.owner).catch((error: unknown) => {
        parts.logger.warn({ err: error }, 'the lease of the journal export was not given back and ends by itself');
      });
    },
  };
}

async function exportOnce(
  parts: JournalExporterParts,
  exporters: readonly SinkExporter[],
  findSilent: () => Promise<string[]>,
): Promise<void> {
  const { source, metrics } = parts;
  if (!(await source.claim(parts.owner, LEASE_MS))) return;
  const { accounts, oldestAtMs } = await source.findUnexported(ACCOUNTS_AT_ONCE);
  metrics.journalLag(oldestAtMs);
  const silent = await findSilent();
  const all = [...new Set([...accounts, ...silent])];
  await Promise.all(exporters.map((exporter) => exporter.exportAll(all)));
  // What waits comes first: a store that is short of memory is helped by either, and only this one loses nothing.
  if (accounts.length < ACCOUNTS_AT_ONCE) await trimJournal(parts);
}

/** Every account once after the start, page by page: one that is silent is found in no list of what waits. */
function createSilentAccounts({ listAccounts }: JournalExporterParts): () => Promise<string[]> {
  let after: string | undefined;
  let isDone = false;
  return async () => {
    if (isDone) return [];
    const page = await listAccounts({ ...(after === undefined ? {} : { after }), limit: SILENT_AT_ONCE });
    after = page.at(-1)?.id;
    isDone = page.length < SILENT_AT_ONCE;
    return page.map(({ id }) => id);
  };
}
