import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Page } from '../../directory/directory.ts';
import { clampLimit } from '../../directory/page-limit.ts';
import { type DirectoryRecord, fingerprintRecord, writeRecord } from '../../directory/record-json.ts';

/** One of the directory's tables: records as JSON, with their order of creation and what they refer to. */
export interface RecordTable<T extends DirectoryRecord> {
  find(id: string): T | undefined;
  /** In order of creation; `accountId` undefined: of all accounts. */
  list(accountId: string | undefined, page: Page): T[];
  /** Answers what is stored under the id already, judged by what it was made of. */
  insert(record: T): { result: 'created' | 'exists'; record: T } | { result: 'conflict' };
  replace(record: T): void;
  delete(id: string): void;
}

export interface RecordTableOptions<T> {
  /** A name of this program's, never from outside. */
  name: 'account' | 'team' | 'member' | 'api_key' | 'quota';
  /** Columns beside the record, each with how it is taken from the record. */
  columns: { readonly [column: string]: (record: T) => string | undefined };
  read: (text: string) => T;
}

/** @param connection with the directory's schema applied. */
export function createRecordTable<T extends DirectoryRecord>(
  connection: DatabaseSync,
  options: RecordTableOptions<T>,
): RecordTable<T> {
  const { read, columns } = options;
  const statements = prepareStatements(connection, options.name, Object.keys(columns));
  const values = (record: T): SQLInputValue[] => Object.values(columns).map((take) => take(record) ?? null);
  const find = (id: string): T | undefined => {
    const row = statements.find.get(id);
    return row === undefined ? undefined : read(String(row.record));
  };
  return {
    find,
    list: (accountId, { limit, after }) => {
      const ordinal = after === undefined ? 0 : statements.ordinal.get(after)?.ordinal;
      if (ordinal === undefined) return [];
      const scope = accountId === undefined ? [] : [accountId];
      const statement = accountId === undefined ? statements.listAll : statements.listOf;
      return statement.all(...scope, ordinal, clampLimit(limit)).map((row) => read(String(row.record)));
    },
    insert: (record) => {
      const madeOf = fingerprintRecord(record);
      const stored = statements.find.get(record.id);
      if (stored === undefined) {
        statements.insert.run(record.id, madeOf, writeRecord(record), ...values(record));
        return { result: 'created', record };
      }
      return stored.made_of === madeOf
        ? { result: 'exists', record: read(String(stored.record)) }
        : { result: 'conflict' };
    },
    replace: (record) => void statements.replace.run(writeRecord(record), ...values(record), record.id),
    delete: (id) => void statements.delete.run(id),
  };
}

interface Statements {
  find: StatementSync;
  ordinal: StatementSync;
  listAll: StatementSync;
  listOf: StatementSync;
  insert: StatementSync;
  replace: StatementSync;
  delete: StatementSync;
}

function prepareStatements(connection: DatabaseSync, table: string, columns: readonly string[]): Statements {
  const all = ['id', 'made_of', 'record', ...columns];
  const setters = ['record', ...columns].map((column) => `${column} = ?`).join(', ');
  const owner = columns.includes('account_id') ? 'account_id' : 'id';
  return {
    find: connection.prepare(`SELECT record, made_of FROM ${table} WHERE id = ?`),
    ordinal: connection.prepare(`SELECT ordinal FROM ${table} WHERE id = ?`),
    listAll: connection.prepare(`SELECT record FROM ${table} WHERE ordinal > ? ORDER BY ordinal LIMIT ?`),
    listOf: connection.prepare(
      `SELECT record FROM ${table} WHERE ${owner} = ? AND ordinal > ? ORDER BY ordinal LIMIT ?`,
    ),
    insert: connection.prepare(`INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`),
    replace: connection.prepare(`UPDATE ${table} SET ${setters} WHERE id = ?`),
    delete: connection.prepare(`DELETE FROM ${table} WHERE id = ?`),
  };
}
