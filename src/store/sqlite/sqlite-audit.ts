import {
  AUDIT_BOUNDS,
  AUDIT_TRIMMED_AT_ONCE,
  type AuditAct,
  type AuditBounds,
  type AuditLog,
  type AuditOutcome,
  type AuditRecord,
} from '../../directory/audit-log.ts';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import { clampLimit } from '../../directory/page-limit.ts';
import type { Row } from './ledger-rows.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

/** @param database opened with AUDIT_SCHEMA among its parts; stays the caller's to close. */
export function createSqliteAudit(database: Database, bounds: AuditBounds = AUDIT_BOUNDS): AuditLog {
  const sql = prepareStatements(database);
  return {
    begin: (act) =>
      attempt(() =>
        database.transaction(() => {
          const sequence = Number(sql.insert.run(act.atMs, JSON.stringify(act), act.accountId ?? null).lastInsertRowid);
          const { lifeMs, atLeast, atMost } = bounds;
          sql.trim.run(sequence - atMost, act.atMs - lifeMs, sequence - atLeast, AUDIT_TRIMMED_AT_ONCE);
          return sequence;
        }),
      ),
    finish: (sequence, result) => attempt(() => void sql.finish.run(JSON.stringify(result), sequence)),
    list: (page) =>
      attempt(() => {
        const account = page.accountId === undefined ? {} : { account: page.accountId };
        const isOfAll = page.accountId === undefined;
        const rows =
          'newest' in page
            ? (isOfAll ? sql.newest : sql.newestOf).all({ ...account, limit: clampLimit(page.newest) }).reverse()
            : (isOfAll ? sql.after : sql.afterOf).all({
                ...{ ...account, after: page.afterSequence, limit: clampLimit(page.limit) },
              });
        return rows.map(readAuditRow);
      }),
  };
}

async function attempt<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!isSqliteUnavailable(error)) throw error;
    throw new DirectoryUnavailable('the embedded store does not take the command', { cause: error });
  }
}

function readAuditRow(row: Row): AuditRecord {
  const record = { sequence: Number(row.sequence), ...(JSON.parse(String(row.act)) as AuditAct) };
  return row.result === null ? record : { ...record, result: JSON.parse(String(row.result)) as AuditOutcome };
}

function prepareStatements({ connection }: Database) {
  const list = (which: string) => connection.prepare(`SELECT * FROM audit WHERE ${which} LIMIT :limit`);
  return {
    insert: connection.prepare('INSERT INTO audit (at_ms, act, account_id) VALUES (?, ?, ?)'),
    finish: connection.prepare('UPDATE audit SET result = ? WHERE sequence = ?'),
    after: list('sequence > :after ORDER BY sequence'),
    afterOf: list('account_id = :account AND sequence > :after ORDER BY sequence'),
    newest: list('TRUE ORDER BY sequence DESC'),
    newestOf: list('account_id = :account ORDER BY sequence DESC'),
    trim: connection.prepare(
      `DELETE FROM audit WHERE sequence IN (
         SELECT sequence FROM audit WHERE sequence <= ?1 OR (at_ms < ?2 AND sequence <= ?3) ORDER BY sequence LIMIT ?4
       )`,
    ),
  };
}
