import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { ExportRecord } from '../export/journal-sink.ts';
import { parseExportLine } from '../export/parse-export-line.ts';

/** What an export has of one account. */
export interface ExportedHistory {
  accountId: string;
  /** The last sequence of its entries and snapshots. */
  lastSequence: number;
  /** The last snapshot; undefined: there is none. */
  snapshot: { sequence: number; books: string } | undefined;
  /**
   * From this sequence on, after the snapshot, the export has two histories: the store had lost writes and gave the
   * numbers out anew. Kept is the one that was written later; `isOrdered`: the instants say so as well.
   */
  fork: { sequence: number; isOrdered: boolean } | undefined;
  /** What the export has of the histories that the store went on without, from the first fork to their last entry. */
  abandoned: SequenceRange | undefined;
}

/** Entries of an account, both ends included. */
export interface SequenceRange {
  fromSequence: number;
  throughSequence: number;
}

/** The records of an export by account and sequence, in a scratch file: an export may be larger than the memory. */
export interface ExportIndex {
  add(record: ExportRecord, line: string): void;
  accounts(): Iterable<ExportedHistory>;
  /** Entries above a sequence, in sequence; the lines of the export as they are. */
  entries(accountId: string, options: { afterSequence: number }): Iterable<JournalEntry>;
  /** Keeps what was added from now on readable. To be called when all is added. */
  finish(): void;
  /** Closes and removes the scratch file. */
  remove(): void;
}

const TABLES = `
  CREATE TABLE entry (account_id TEXT, sequence INTEGER, at_ms INTEGER, line TEXT,
    PRIMARY KEY (account_id, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE snapshot (account_id TEXT, sequence INTEGER, books TEXT,
    PRIMARY KEY (account_id, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE fork (account_id TEXT, sequence INTEGER, is_ordered INTEGER, last_sequence INTEGER,
    PRIMARY KEY (account_id, sequence)) STRICT, WITHOUT ROWID;
`;

/** @param path of the scratch file, which is made anew. */
export function createExportIndex(path: string): ExportIndex {
  removeFiles(path);
  const database = new DatabaseSync(path);
  // Lost with the process, it is made again.
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
  database.exec(TABLES);
  database.exec('BEGIN');
  const add = createAdd(database);
  return {
    add,
    finish: () => database.exec('COMMIT'),
    accounts: () => listAccounts(database),
    *entries(accountId, { afterSequence }) {
      const select = database.prepare('SELECT line FROM entry WHERE account_id = ? AND sequence > ? ORDER BY sequence');
      for (const { line } of select.iterate(accountId, afterSequence)) {
        const record = parseExportLine(String(line));
        if (record.type !== 'entry') throw new TypeError('the scratch file of the export is damaged');
        const { type: _, ...entry } = record;
        yield entry;
      }
    },
    remove() {
      database.close();
      removeFiles(path);
    },
  };
}

function createAdd(database: DatabaseSync): ExportIndex['add'] {
  const find = database.prepare('SELECT at_ms, line FROM entry WHERE account_id = ? AND sequence = ?');
  const insert = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?)');
  const dropEntries = database.prepare('DELETE FROM entry WHERE account_id = ? AND sequence >= ?');
  const dropSnapshots = database.prepare('DELETE FROM snapshot WHERE account_id = ? AND sequence >= ?');
  const insertSnapshot = database.prepare('INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)');
  const noteFork = database.prepare(
    `INSERT INTO fork VALUES (?, ?, ?, ?) ON CONFLICT (account_id, sequence) DO UPDATE SET
       is_ordered = min(is_ordered, excluded.is_ordered), last_sequence = max(last_sequence, excluded.last_sequence)`,
  );
  const findLast = database.prepare('SELECT max(sequence) AS sequence FROM entry WHERE account_id = ?');
  return (record, line) => {
    // A gap shows by itself.
    if (record.type === 'gap') return;
    const { accountId, sequence } = record;
    if (record.type === 'snapshot') {
      insertSnapshot.run(accountId, sequence, record.books);
      return;
    }
    const known = find.get(accountId, sequence);
    if (known?.line === line) return;
    if (known !== undefined) {
      const last = Number(findLast.get(accountId)?.sequence);
      noteFork.run(accountId, sequence, record.atMs >= Number(known.at_ms) ? 1 : 0, last);
      dropEntries.run(accountId, sequence);
      dropSnapshots.run(accountId, sequence);
    }
    insert.run(accountId, sequence, record.atMs, line);
  };
}

function* listAccounts(database: DatabaseSync): Iterable<ExportedHistory> {
  const ids = database.prepare('SELECT account_id FROM entry UNION SELECT account_id FROM snapshot ORDER BY 1');
  const lastEntry = database.prepare('SELECT max(sequence) AS sequence FROM entry WHERE account_id = ?');
  const lastSnapshot = database.prepare(
    'SELECT sequence, books FROM snapshot WHERE account_id = ? ORDER BY sequence DESC LIMIT 1',
  );
  const findFork = database.prepare(
    `SELECT min(sequence) AS sequence, min(is_ordered) AS is_ordered FROM fork
       WHERE account_id = ? AND sequence > ? HAVING count(*) > 0`,
  );
  const findAbandoned = database.prepare(
    `SELECT min(sequence) AS first, max(last_sequence) AS last FROM fork WHERE account_id = ? HAVING count(*) > 0`,
  );
  for (const row of ids.iterate()) {
    const accountId = String(row.account_id);
    const last = Number(lastEntry.get(accountId)?.sequence ?? 0);
    const found = lastSnapshot.get(accountId);
    const snapshot = found === undefined ? undefined : { sequence: Number(found.sequence), books: String(found.books) };
    const fork = findFork.get(accountId, snapshot?.sequence ?? 0);
    const abandoned = findAbandoned.get(accountId);
    yield {
      accountId,
      lastSequence: Math.max(last, snapshot?.sequence ?? 0),
      snapshot,
      fork:
        fork === undefined ? undefined : { sequence: Number(fork.sequence), isOrdered: Number(fork.is_ordered) === 1 },
      abandoned:
        abandoned === undefined
          ? undefined
          : { fromSequence: Number(abandoned.first), throughSequence: Number(abandoned.last) },
    };
  }
}

function removeFiles(path: string): void {
  for (const each of [path, `${path}-journal`, `${path}-wal`, `${path}-shm`]) rmSync(each, { force: true });
}
