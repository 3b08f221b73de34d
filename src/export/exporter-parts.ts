import type { JournalSource } from '../ledger/journal-source.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { JournalSink } from './journal-sink.ts';

/** A sink by the name under which the store remembers how far it has come. */
export interface NamedSink {
  /** Never changes once released. `files` is the one that stores from before there were several remember. */
  name: 'files' | 'http' | 'postgres';
  sink: JournalSink;
}

export interface JournalExporterParts {
  source: JournalSource;
  ledger: Pick<Ledger, 'readJournal'>;
  /** Each goes on from where it stopped itself; none keeps another one waiting. */
  sinks: readonly NamedSink[];
  /** Accounts in order of their ids, to bring a sink that is new up to those that are silent. */
  listAccounts(page: { after?: string; limit: number }): Promise<readonly { id: string }[]>;
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
    /** Entries that every sink has now. */
    journalExported(entries: number): void;
    journalGap(): void;
    /** Instant since which the oldest entry waits; undefined: none does. */
    journalLag(oldestAtMs: number | undefined): void;
    journalSinkFailed(sink: string): void;
  };
  logger: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}
