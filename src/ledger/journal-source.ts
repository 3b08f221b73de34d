/** How far the export of an account's journal has come. Sequences; 0: nothing yet. */
export interface ExportState {
  /** Every entry up to this one is safe at every sink. */
  exported: number;
  /** Every entry up to this one has been taken out of the store; a snapshot stands in their place. */
  trimmed: number;
  /** The account's last entry. Below `exported` only when the store has lost writes. */
  sequence: number;
}

/** What an exporter needs of a store beside the entries themselves, which {@link Ledger.readJournal} reads. */
export interface JournalSource {
  /**
   * Makes `owner` the one that exports, for a time, or prolongs that. False: another one is. Two at once would only
   * export twice, which a reader of the export must be able to take anyway.
   */
  claim(owner: string, leaseMs: number): Promise<boolean>;
  /** Lets the next one in at once; without effect where `owner` is not the one that exports. */
  unclaim(owner: string): Promise<void>;
  /** Accounts with entries that are not exported, those that wait longest first, and since when the first one waits. */
  findUnexported(limit: number): Promise<{ accounts: string[]; oldestAtMs: number | undefined }>;
  readExportState(accountId: string): Promise<ExportState>;
  /** How far one sink of several has come; undefined: nothing is known of it. */
  readSinkCursor(sink: string, accountId: string): Promise<number | undefined>;
  writeSinkCursor(sink: string, accountId: string, sequence: number): Promise<void>;
  /** Moves the cursor of all sinks up to `sequence`. `firstAtMs`: the instant of the oldest entry exported with it. */
  markExported(accountId: string, sequence: number, firstAtMs: number): Promise<void>;
  /** Begins again with the first entry that is kept: the store has lost writes, and numbers are given out anew. */
  restartExport(accountId: string): Promise<void>;
  /** Accounts that may have exported entries older than `beforeMs`; none where the store keeps everything. */
  findTrimmable(beforeMs: number, limit: number): Promise<string[]>;
  /** The account as of `trimmed`, as JSON text ({@link readFold}); undefined before the first trim. */
  readSnapshot(accountId: string): Promise<string | undefined>;
  /**
   * Puts a snapshot in the place of every entry up to `throughSequence`, in one step.
   * @returns false when these are not all exported; nothing is changed then.
   */
  trim(accountId: string, throughSequence: number, snapshot: string): Promise<boolean>;
  /** When to look at the account again: at the instant its oldest kept entry is old enough, or, undefined, not before the next export. */
  scheduleTrim(accountId: string, oldestAtMs: number | undefined): Promise<void>;
}
