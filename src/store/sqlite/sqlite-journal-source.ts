import type { StatementSync } from 'node:sqlite';
import type { JournalSource } from '../../ledger/journal-source.ts';
import { toLedgerFault } from './commit-queue.ts';
import { type Row, readNumber, readText } from './ledger-rows.ts';
import type { Database } from './open-database.ts';

/** The journal of the embedded store for an exporter. One process has the file, and no entry leaves it. */
export function createSqliteJournalSource(database: Database): JournalSource {
  const sql = prepareStatements(database);
  return {
    claim: async () => true,
    unclaim: async () => {},
    findUnexported: async (limit) => {
      const rows = all(sql.unexported, limit);
      const first = rows[0];
      return {
        accounts: rows.map((row) => readText(row, 'account_id')),
        oldestAtMs: first === undefined ? undefined : readNumber(first, 'at_ms'),
      };
    },
    readExportState: async (accountId) => {
      const row = all(sql.state, accountId)[0];
      if (row === undefined) return { exported: 0, trimmed: 0, sequence: 0 };
      const [exported, trimmed] = [readNumber(row, 'exported'), readNumber(row, 'trimmed')];
      return { exported, trimmed, sequence: readNumber(row, 'sequence') };
    },
    readSinkCursor: async (sink, accountId) => {
      const row = all(sql.readCursor, accountId, sink)[0];
      return row === undefined ? undefined : readNumber(row, 'exported');
    },
    writeSinkCursor: async (sink, accountId, sequence) => void all(sql.writeCursor, accountId, sink, sequence),
    markExported: async (accountId, sequence) => void all(sql.mark, accountId, sequence),
    restartExport: async (accountId) => void all(sql.restart, accountId),
    findTrimmable: async () => [],
    readSnapshot: async (accountId) => {
      const row = all(sql.snapshot, accountId)[0];
      return row === undefined ? undefined : readText(row, 'books');
    },
    trim: async () => false,
    scheduleTrim: async () => {},
  };
}

function all(statement: StatementSync, ...values: (string | number)[]): Row[] {
  try {
    return statement.all(...values) as Row[];
  } catch (error) {
    throw toLedgerFault(error);
  }
}

function prepareStatements({ connection }: Database) {
  const prepare = (text: string): StatementSync => {
    const statement = connection.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  return {
    unexported: prepare(
      `SELECT j.account_id, j.at_ms FROM books b
         LEFT JOIN journal_export e ON e.account_id = b.account_id
         LEFT JOIN journal_snapshot s ON s.account_id = b.account_id
         JOIN journal j ON j.account_id = b.account_id
           AND j.sequence = max(coalesce(e.exported, 0), coalesce(s.sequence, 0)) + 1
       ORDER BY j.at_ms LIMIT ?`,
    ),
    state: prepare(
      `SELECT b.sequence, coalesce(e.exported, 0) AS exported, coalesce(s.sequence, 0) AS trimmed FROM books b
         LEFT JOIN journal_export e ON e.account_id = b.account_id
         LEFT JOIN journal_snapshot s ON s.account_id = b.account_id WHERE b.account_id = ?`,
    ),
    snapshot: prepare('SELECT books FROM journal_snapshot WHERE account_id = ?'),
    mark: prepare(
      `INSERT INTO journal_export VALUES (?, ?)
       ON CONFLICT (account_id) DO UPDATE SET exported = max(exported, excluded.exported)`,
    ),
    readCursor: prepare('SELECT exported FROM journal_sink WHERE account_id = ? AND sink = ?'),
    writeCursor: prepare('INSERT OR REPLACE INTO journal_sink (account_id, sink, exported) VALUES (?, ?, ?)'),
    restart: prepare('DELETE FROM journal_export WHERE account_id = ?'),
  };
}
