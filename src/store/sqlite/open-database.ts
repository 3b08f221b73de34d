import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockDataFile } from './lock-data-file.ts';
import { migrateSchema, type SchemaPart } from './migrate-schema.ts';

/** How long a statement waits for another connection of this file, such as a backup, before it fails. */
const BUSY_TIMEOUT_MS = 2_000;

export interface OpenDatabaseOptions {
  /** The database file; its folder is made when missing. `:memory:` keeps nothing and takes no lock. */
  path: string;
  /** The tables of every part of the program that lives in this file. */
  parts: readonly SchemaPart[];
}

export interface Database {
  readonly connection: DatabaseSync;
  /** Runs `work` in one write transaction: all of it is committed, or, when it throws, none. Does not nest. */
  transaction<T>(work: () => T): T;
  /** Closes the connection and lets another process in. Harmless when repeated. */
  close(): void;
}

/**
 * Opens the embedded store. Every commit is on disk before it returns (`synchronous=FULL`), and one process at a time
 * may have the file open.
 * @throws DataFolderInUse when another process has it.
 * @throws SchemaTooNew when a later version of the program wrote it.
 */
export function openDatabase(options: OpenDatabaseOptions): Database {
  const inMemory = options.path === ':memory:';
  if (!inMemory) mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
  const lock = inMemory ? undefined : lockDataFile(options.path);
  try {
    const connection = openConnection(options.path, options.parts);
    return {
      connection,
      transaction: (work) => runTransaction(connection, work),
      close: () => {
        if (!connection.isOpen) return;
        connection.close();
        lock?.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function openConnection(path: string, parts: readonly SchemaPart[]): DatabaseSync {
  const connection = new DatabaseSync(path);
  try {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.exec('PRAGMA journal_mode = WAL');
    connection.exec('PRAGMA synchronous = FULL');
    connection.exec('PRAGMA foreign_keys = ON');
    runTransaction(connection, () => migrateSchema(connection, parts));
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function runTransaction<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk or an I/O error ends the transaction by itself; a second ROLLBACK would hide the first error.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
