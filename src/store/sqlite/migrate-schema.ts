import type { DatabaseSync } from 'node:sqlite';

/** The tables of one part of the program. */
export interface SchemaPart {
  /** Never changes once released. */
  name: string;
  /**
   * SQL scripts in order; the number of those applied is the part's version. A released script is never edited: a
   * change is a further script.
   */
  migrations: readonly string[];
}

/** A later version of the program wrote the file; opening it here could lose what that version knows. */
export class SchemaTooNew extends Error {
  readonly code = 'SCHEMA_TOO_NEW';
  override readonly name = 'SchemaTooNew';
}

/** Version of the file's own layout, in `user_version`: how the parts' versions are kept. */
const FILE_FORMAT = 1;

/** Brings every part to its newest version. Runs inside the caller's transaction, so it is all or nothing. */
export function migrateSchema(connection: DatabaseSync, parts: readonly SchemaPart[]): void {
  const format = Number(connection.prepare('PRAGMA user_version').get()?.user_version);
  if (format > FILE_FORMAT)
    throw new SchemaTooNew(`the data file has format ${format}, this version reads ${FILE_FORMAT}`);
  connection.exec('CREATE TABLE IF NOT EXISTS schema_part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  connection.exec(`PRAGMA user_version = ${FILE_FORMAT}`);
  for (const part of parts) migratePart(connection, part);
}

function migratePart(connection: DatabaseSync, part: SchemaPart): void {
  const row = connection.prepare('SELECT version FROM schema_part WHERE name = ?').get(part.name);
  const version = Number(row?.version ?? 0);
  if (version > part.migrations.length) {
    throw new SchemaTooNew(`${part.name} has version ${version}, this version reads ${part.migrations.length}`);
  }
  for (const migration of part.migrations.slice(version)) connection.exec(migration);
  connection
    .prepare(
      'INSERT INTO schema_part (name, version) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version',
    )
    .run(part.name, part.migrations.length);
}
