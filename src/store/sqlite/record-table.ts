import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { TeamPage } from '../../directory/page.ts';
import { clampLimit } from '../../directory/page-limit.ts';
import { type DirectoryRecord, fingerprintRecord, writeRecord } from '../../directory/record-json.ts';

/** One of the directory's tables: records as JSON, with their order of creation and what they refer to. */
export interface RecordTable<T extends DirectoryRecord> {
  find(id: string): T | undefined;
  /** In order of creation; `accountId` undefined: of all accounts. */
  list(accountId: string | undefined, page: TeamPage): T[];
  /** Answers what is stored under the id already, judged by what it was made of. */
  insert(record: T): { result: 'created' | 'exists'; record: T } | { result: 'conflict' };
  replace(record: T): void;
  delete(id: string): void;
}

export interface RecordTableOptions<T> {
  /** A name of this program's, never from outside. */
  name: 'account' | 'team' | 'member' | 'api_key' | 'quota' | 'access_token';
  /** Columns beside the record, each with how it is taken from the record. */
  columns: { readonly [column: string]: (record: T) => string | undefined };
  read: (text: string) => T;
  /** A condition for the records of the team `:team`; none where it has no pages of a team. */
  ofTeam?: string;
}

/** @param connection with the directory's schema applied. */
export function createRecordTable<T extends DirectoryRecord>(
  connection: DatabaseSync,
  options: RecordTableOptions<T>,
): RecordTable<T> {
  const { read, columns } = options;
  const statements = prepareStatements(connection, options);
  const values = (record: T): SQLInputValue[] => Object.values(columns).map((take) => take(record) ?? null);
  const find = (id: string): T | undefined => {
    const row = statements.find.get(id);
    return row === undefined ? undefined : read(String(row.record));
  };
  return {
    find,
    list: (accountId, { limit, after = null, teamId }) => {
      const page = { after, limit: clampLimit(limit) };
      const rows =
        accountId === undefined
          ? statements.listAll.all(page)
          : teamId === undefined
            ? statements.listOf.all({ ...page, account: accountId })
            : statements.listOfTeam.all({ ...page, account: accountId, team: teamId });
      return rows.map((row) => read(String(row.record)));
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
  listAll: StatementSync;
  listOf: StatementSync;
  listOfTeam: StatementSync;
  insert: StatementSync;
  replace: StatementSync;
  delete: StatementSync;
}

function prepareStatements<T>(
  connection: DatabaseSync,
  { name: table, columns: taken, ofTeam }: RecordTableOptions<T>,
): Statements {
  const columns = Object.keys(taken);
  const all = ['id', 'made_of', 'record', ...columns];
  const setters = ['record', ...columns].map((column) => `${column} = ?`).join(', ');
  const ofAccount = `${columns.includes('account_id') ? 'account_id' : 'id'} = :account`;
  // A page goes on after a record of the very list: another's id is as absent as one that never was.
  const list = (condition: string): StatementSync =>
    connection.prepare(
      `SELECT record FROM ${table} WHERE ${condition} AND ordinal > CASE WHEN :after IS NULL THEN 0 ELSE
         (SELECT ordinal FROM ${table} WHERE id = :after AND ${condition}) END ORDER BY ordinal LIMIT :limit`,
    );
  return {
    find: connection.prepare(`SELECT record, made_of FROM ${table} WHERE id = ?`),
    listAll: list('TRUE'),
    listOf: list(ofAccount),
    // `:team` is named in any case: one of no team has no page of it.
    listOfTeam: list(`${ofAccount} AND (${ofTeam ?? ':team IS NULL'})`),
    insert: connection.prepare(`INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`),
    replace: connection.prepare(`UPDATE ${table} SET ${setters} WHERE id = ?`),
    delete: connection.prepare(`DELETE FROM ${table} WHERE id = ?`),
  };
}
