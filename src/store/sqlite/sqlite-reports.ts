import type { Cells, ReportChange, ReportPage, ReportStore } from '../../reports/report-store.ts';
import { toLedgerFault } from './commit-queue.ts';
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
  const page = 'WHERE account_id = ? AND kind = ? AND day';
  return {
    progress: prepare('SELECT sequence FROM report_progress WHERE account_id = ?'),
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
