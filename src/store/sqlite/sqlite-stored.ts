import { readBatchRecord, writeBatchRecord } from '../../directory/batch-record.ts';
import { DirectoryUnavailable } from '../../directory/directory.ts';
import type { BatchRecord, StoredList, StoredPage, StoredRegistry } from '../../directory/stored-registry.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

type Kind = 'batch' | 'file';

/** The embedded registry, for one process. The database belongs to the caller; its parts include STORED_SCHEMA. */
export function createSqliteStored(database: Database): StoredRegistry {
  const sql = prepareStatements(database);
  const read = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      if (!isSqliteUnavailable(error)) throw error;
      throw new DirectoryUnavailable('the embedded store does not take the command', { cause: error });
    }
  };
  const write = <T>(work: () => T): Promise<T> => read(() => database.transaction(work));
  return {
    addBatch: (record, dueAtMs) => write(() => void sql.add.run(record.id, writeBatchRecord(record), dueAtMs)),
    openBatch: (record, dueAtMs) => write(() => openBatch(sql, record, dueAtMs)),
    findBatch: (upstreamId) =>
      read(() => {
        const row = sql.find.get(upstreamId);
        return row === undefined ? undefined : readBatchRecord(String(row.record));
      }),
    listBatches: (accountId, page) => read(() => listItems(sql, 'batch', accountId, page)),
    claimDueBatches: (claim) => read(() => claimDue(database, sql, claim)),
    postponeBatch: (id, dueAtMs) => write(() => void sql.postpone.run(dueAtMs, id)),
    settleBatch: (record) => write(() => void sql.settle.run(writeBatchRecord(record), record.id)),
    removeBatch: ({ id, accountId, upstreamId }) =>
      write(() => {
        sql.remove.run(id);
        if (upstreamId !== undefined) sql.removeItem.run('batch', accountId, upstreamId);
      }),
    addFile: (accountId, fileId) => write(() => void sql.addItem.run('file', accountId, fileId)),
    removeFile: (accountId, fileId) => write(() => void sql.removeItem.run('file', accountId, fileId)),
    findForeignFile: (accountId, fileIds) =>
      read(() => fileIds.find((fileId) => sql.ordinal.get('file', accountId, fileId) === undefined)),
    listFiles: (accountId, page) => read(() => listItems(sql, 'file', accountId, page)),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements({ connection }: Database) {
  const prepare = (text: string) => connection.prepare(text);
  const scope = 'FROM stored_item WHERE kind = ? AND account_id = ?';
  return {
    add: prepare('INSERT OR IGNORE INTO batch (id, record, due_at_ms) VALUES (?, ?, ?)'),
    open: prepare('UPDATE batch SET record = ?, upstream_id = ?, due_at_ms = ? WHERE id = ?'),
    find: prepare('SELECT id, record FROM batch WHERE upstream_id = ?'),
    findDue: prepare('SELECT id, record FROM batch WHERE due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?'),
    postpone: prepare('UPDATE batch SET due_at_ms = ? WHERE id = ? AND due_at_ms IS NOT NULL'),
    settle: prepare('UPDATE batch SET record = ?, due_at_ms = NULL WHERE id = ?'),
    remove: prepare('DELETE FROM batch WHERE id = ?'),
    addItem: prepare('INSERT OR IGNORE INTO stored_item (kind, account_id, upstream_id) VALUES (?, ?, ?)'),
    removeItem: prepare('DELETE FROM stored_item WHERE kind = ? AND account_id = ? AND upstream_id = ?'),
    ordinal: prepare(`SELECT ordinal ${scope} AND upstream_id = ?`),
    older: prepare(`SELECT upstream_id ${scope} AND ordinal < ? ORDER BY ordinal DESC LIMIT ?`),
    newer: prepare(`SELECT upstream_id ${scope} AND ordinal > ? ORDER BY ordinal LIMIT ?`),
  };
}

function openBatch(
  sql: Statements,
  record: BatchRecord & { upstreamId: string },
  dueAtMs: number,
): 'opened' | 'taken' | 'gone' {
  const { id, accountId, upstreamId, isAdopted } = record;
  const holder = sql.find.get(upstreamId)?.id;
  if (holder !== undefined && holder !== id) return 'taken';
  if (sql.open.run(writeBatchRecord(record), upstreamId, dueAtMs, id).changes === 0) return 'gone';
  if (!isAdopted) sql.addItem.run('batch', accountId, upstreamId);
  return 'opened';
}

/** Reads before it writes, so that looking in vain costs no commit. */
function claimDue(
  database: Database,
  sql: Statements,
  { nowMs, untilMs, limit }: { nowMs: number; untilMs: number; limit: number },
): BatchRecord[] {
  if (sql.findDue.all(nowMs, 1).length === 0) return [];
  return database.transaction(() =>
    sql.findDue.all(nowMs, limit).map((row) => {
      sql.postpone.run(untilMs, String(row.id));
      return readBatchRecord(String(row.record));
    }),
  );
}

function listItems(
  sql: Statements,
  kind: Kind,
  accountId: string,
  { limit, afterId, beforeId }: StoredPage,
): StoredList<string> | undefined {
  const cursor = afterId ?? beforeId;
  const ordinal = cursor === undefined ? Number.MAX_SAFE_INTEGER : sql.ordinal.get(kind, accountId, cursor)?.ordinal;
  if (ordinal === undefined) return undefined;
  const statement = beforeId === undefined ? sql.older : sql.newer;
  const rows = statement.all(kind, accountId, ordinal, limit + 1).map((row) => String(row.upstream_id));
  const entries = rows.slice(0, limit);
  return { entries: beforeId === undefined ? entries : entries.reverse(), hasMore: rows.length > limit };
}
