import type { JournalSource } from '../ledger/journal-source.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { JournalSink } from './journal-sink.ts';

export interface JournalExporterParts {
  source: JournalSource;
  ledger: Pick<Ledger, 'readJournal'>;
  sink: JournalSink;
  nowMs: () => number;
  /** Runs again and again. @returns the way to stop it. */
  every: (intervalMs: number, run: () => void) => () => void;
  /** Names this process among those that might export. */
  owner: string;
  /** Entries stay in the store for so long after they were made. */
  keepMs: number;
  /** Counts what is to go; answers the entry up to which all is counted. */
  beforeTrim(accountId: string): Promise<number>;
  metrics: {
    journalExported(entries: number): void;
    journalGap(): void;
    /** Instant since which the oldest entry waits; undefined: none does. */
    journalLag(oldestAtMs: number | undefined): void;
  };
  logger: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}
