import type { JournalOperation } from '../../domain/credit/credit-types.ts';
import type { Cells, ReportChange, ReportPage, ReportStore } from '../../reports/report-store.ts';
import type { ReportedEntry, ReportedPage } from '../../reports/reported-entry.ts';
import { toLedgerFault } from './commit-queue.ts';
import { type Row, readBigInt, readNumber, readPostings, readText } from './ledger-rows.ts';
import type { Database } from './open-database.ts';

/** Sums in the embedded store, for good. The database belongs to the caller; its parts include REPORTS_SCHEMA. */
export function createSqliteReports(database: Database): ReportStore {
  const sql = prepareStatements(database);
  const guard = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw toLedgerFault(error);
    }
  };
  return {
    readProgress: (accountId) => guard(() => readProgress(sql, accountId)),
    readEntries: (accountId, page) => guard(() => readEntries(sql, accountId, page)),
    readCells: (accountId, page, names) =>
      guard(() => {
        const place = [accountId, page.kind, dayOf(page)] as const;
        const cells: Cells = new Map();
        for (const name of names) {
          const row = sql.find.get(...place, name);
          if (row !== undefined) cells.set(name, String(row.counts));
        }
        return { cells, count: Number(sql.count.get(...place)?.count) };
      }),
    readDays: (accountId, kind, { from, to }) => guard(() => toCells(sql.list.all(accountId, kind, from, to))),
    readStatements: (accountId) => guard(() => toCells(sql.list.all(accountId, 'statements', 0, 0))),
    write: (accountId, change) => guard(() => database.transaction(() => write(sql, accountId, change))),
    forget: (accountId, fromSequence) =>
      guard(() =>
        database.transaction(() => {
          if (readProgress(sql, accountId) !== fromSequence) return;
          sql.forgetCells.run(accountId);
          sql.forgetProgress.run(accountId);
        }),
      ),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements({ connection }: Database) {
  const prepare = (text: string) => connection.prepare(text);
  const prepareExact = (text: string) => {
    const statement = prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  const page = 'WHERE account_id = ? AND kind = ? AND day';
  return {
    progress: prepare('SELECT sequence FROM report_progress WHERE account_id = ?'),
    stretch: prepareExact(
      `SELECT min(sequence) AS first, max(sequence) AS last
       FROM (SELECT sequence FROM journal WHERE account_id = ? AND sequence > ? ORDER BY sequence LIMIT ?)`,
    ),
    reported: prepareExact(
      `SELECT sequence, at_ms, operation, amount, postings, details FROM journal
       WHERE account_id = ? AND sequence BETWEEN ? AND ? AND (
         operation NOT IN ('hold', 'extend', 'release', 'reclaim')
         OR postings LIKE '%"grant"%' OR postings LIKE '%"expire"%' OR postings LIKE '%"void"%'
       ) ORDER BY sequence`,
    ),
    move: prepare('INSERT OR REPLACE INTO report_progress (account_id, sequence) VALUES (?, ?)'),
    find: prepare(`SELECT counts FROM report_cell ${page} = ? AND name = ?`),
    count: prepare(`SELECT count(*) AS count FROM report_cell ${page} = ?`),
    list: prepare(`SELECT name, counts FROM report_cell ${page} BETWEEN ? AND ? ORDER BY day, name`),
    put: prepare('INSERT OR REPLACE INTO report_cell (account_id, kind, day, name, counts) VALUES (?, ?, ?, ?, ?)'),
    forgetCells: prepare('DELETE FROM report_cell WHERE account_id = ?'),
    forgetProgress: prepare('DELETE FROM report_progress WHERE account_id = ?'),
  };
}

function readProgress(sql: Statements, accountId: string): number {
  return Number(sql.progress.get(accountId)?.sequence ?? 0);
}

function readEntries(
  sql: Statements,
  accountId: string,
  { afterSequence, limit }: { afterSequence: number; limit: number },
): ReportedPage | undefined {
  const stretch = sql.stretch.get(accountId, afterSequence, limit);
  if (stretch === undefined || stretch.first === null) return undefined;
  const [firstSequence, lastSequence] = [readNumber(stretch, 'first'), readNumber(stretch, 'last')];
  const rows = sql.reported.all(accountId, firstSequence, lastSequence);
  return { firstSequence, lastSequence, entries: rows.map(readReportedRow) };
}

function readReportedRow(row: Row): ReportedEntry {
  const { details } = row;
  return {
    sequence: readNumber(row, 'sequence'),
    atMs: readNumber(row, 'at_ms'),
    operation: readText(row, 'operation') as JournalOperation,
    amountNanoUsd: readBigInt(row, 'amount'),
    postings: readPostings(readText(row, 'postings')),
    ...(typeof details === 'string' ? { details: JSON.parse(details) as NonNullable<ReportedEntry['details']> } : {}),
  };
}

function write(sql: Statements, accountId: string, { fromSequence, toSequence, pages }: ReportChange): boolean {
  if (readProgress(sql, accountId) !== fromSequence) return false;
  for (const { page, cells } of pages) {
    for (const [name, counts] of cells) sql.put.run(accountId, page.kind, dayOf(page), name, counts);
  }
  sql.move.run(accountId, toSequence);
  return true;
}

function dayOf(page: ReportPage): number {
  return page.kind === 'statements' ? 0 : page.day;
}

function toCells(rows: readonly Record<string, unknown>[]): Cells {
  return new Map(rows.map((row) => [String(row.name), String(row.counts)]));
}
