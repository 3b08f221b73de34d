import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { EMBEDDED_PARTS } from './embedded-parts.ts';
import { DataFolderInUse, lockDataFile } from './lock-data-file.ts';

export type DataFileState = 'absent' | 'in_use' | 'sound' | 'damaged' | 'too_new';

/** Reading through a larger file takes longer than somebody waits. */
const CHECKED_BYTES = 2 * 1024 ** 3;

/** Looks at the file of the embedded store and changes nothing in it. While a process has it open, only that is told. */
export function inspectDataFile(path: string): { state: DataFileState; detail?: string } {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { state: 'absent' };
  try {
    // At once: a start that came meanwhile would be refused.
    lockDataFile(path).release();
    return readThrough(path, size);
  } catch (error) {
    if (error instanceof DataFolderInUse) return { state: 'in_use' };
    return { state: 'damaged', detail: (error as Error).message };
  }
}

function readThrough(path: string, size: number): { state: DataFileState; detail?: string } {
  const connection = new DatabaseSync(path, { readOnly: true });
  try {
    const newer = findNewerParts(connection);
    if (newer.length > 0) return { state: 'too_new', detail: newer.join(', ') };
    if (size > CHECKED_BYTES) return { state: 'sound' };
    const said = Object.values(connection.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
    return said === 'ok' ? { state: 'sound' } : { state: 'damaged', detail: `${said}` };
  } finally {
    connection.close();
  }
}

function findNewerParts(connection: DatabaseSync): string[] {
  const table = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_part'").get();
  if (table === undefined) return [];
  const rows = connection.prepare('SELECT name, version FROM schema_part').all();
  return rows.flatMap(({ name, version }) => {
    const known = EMBEDDED_PARTS.find((part) => part.name === name)?.migrations.length ?? 0;
    return Number(version) > known ? [`${name} has version ${version}, this Tollgate reads ${known}`] : [];
  });
}
