import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFolderInUse } from '../../../src/store/sqlite/lock-data-file.ts';
import type { SchemaPart } from '../../../src/store/sqlite/migrate-schema.ts';
import { SchemaTooNew } from '../../../src/store/sqlite/migrate-schema.ts';
import { openDatabase } from '../../../src/store/sqlite/open-database.ts';
import { isSqliteUnavailable } from '../../../src/store/sqlite/sqlite-fault.ts';

const NOTES: SchemaPart = { name: 'notes', migrations: ['CREATE TABLE note (text TEXT NOT NULL) STRICT'] };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (): string => join(folder, 'inner', 'tollgate.db');

describe('openDatabase', () => {
  test('makes the folder, and every commit goes to disk through a write-ahead log', () => {
    const database = openDatabase({ path: path(), parts: [NOTES] });
    const pragma = (name: string): unknown =>
      Object.values(database.connection.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('busy_timeout')).toBe(2000);
    database.close();
  });

  test('keeps what was committed and nothing of a transaction that threw', () => {
    const first = openDatabase({ path: path(), parts: [NOTES] });
    first.transaction(() => first.connection.exec("INSERT INTO note VALUES ('kept')"));
    const fault = new Error('half way');
    expect(() =>
      first.transaction(() => {
        first.connection.exec("INSERT INTO note VALUES ('lost')");
        throw fault;
      }),
    ).toThrow(fault);
    first.close();
    first.close();

    const second = openDatabase({ path: path(), parts: [NOTES] });
    expect(second.connection.prepare('SELECT text FROM note').all()).toEqual([{ text: 'kept' }]);
    second.close();
  });

  test('refuses a second opening and lets one in after close', () => {
    const first = openDatabase({ path: path(), parts: [NOTES] });
    expect(() => openDatabase({ path: path(), parts: [NOTES] })).toThrow(DataFolderInUse);
    expect(() => openDatabase({ path: path(), parts: [NOTES] })).toThrow(/is open in another Tollgate process/);
    first.close();
    openDatabase({ path: path(), parts: [NOTES] }).close();
  });

  test('refuses while another process has it, and not after that process was killed', async () => {
    const module = new URL('../../../src/store/sqlite/open-database.ts', import.meta.url).href;
    const script = `
      import { openDatabase } from ${JSON.stringify(module)};
      openDatabase({ path: ${JSON.stringify(path())}, parts: [] });
      // Nothing refers to the database any more: its lock has to outlast the garbage collection all the same.
      setImmediate(() => {
        gc();
        process.stdout.write('open');
      });
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
      expect(() => openDatabase({ path: path(), parts: [] })).toThrow(DataFolderInUse);
    } finally {
      child.kill('SIGKILL');
      await gone;
    }
    openDatabase({ path: path(), parts: [] }).close();
  });

  test('a memory database takes no lock', () => {
    const one = openDatabase({ path: ':memory:', parts: [NOTES] });
    const two = openDatabase({ path: ':memory:', parts: [NOTES] });
    one.close();
    two.close();
  });

  test('a use after close is told as unavailable, a wrong statement is not', () => {
    const database = openDatabase({ path: ':memory:', parts: [NOTES] });
    expect(isSqliteUnavailable(thrownBy(() => database.connection.exec('SELEKT')))).toBe(false);
    database.close();
    expect(isSqliteUnavailable(thrownBy(() => database.transaction(() => undefined)))).toBe(true);
  });
});

describe('migrateSchema', () => {
  test('applies only what is new', () => {
    openDatabase({ path: path(), parts: [NOTES] }).close();
    const next: SchemaPart = { ...NOTES, migrations: [...NOTES.migrations, 'ALTER TABLE note ADD COLUMN author TEXT'] };
    const database = openDatabase({
      path: path(),
      parts: [next, { name: 'other', migrations: ['CREATE TABLE other (a) '] }],
    });
    database.connection.exec("INSERT INTO note VALUES ('a', 'b')");
    expect(database.connection.prepare('SELECT name, version FROM schema_part ORDER BY name').all()).toEqual([
      { name: 'notes', version: 2 },
      { name: 'other', version: 1 },
    ]);
    database.close();
  });

  test('a failing script leaves the file as it was', () => {
    openDatabase({ path: path(), parts: [NOTES] }).close();
    const broken: SchemaPart = {
      ...NOTES,
      migrations: [...NOTES.migrations, 'CREATE TABLE fine (a); CREATE TABLE note (a)'],
    };
    expect(() => openDatabase({ path: path(), parts: [broken] })).toThrow(/already exists/);
    const database = openDatabase({ path: path(), parts: [NOTES] });
    expect(database.connection.prepare("SELECT name FROM sqlite_schema WHERE name = 'fine'").all()).toEqual([]);
    database.close();
  });

  test('refuses a file of a later version', () => {
    openDatabase({
      path: path(),
      parts: [{ ...NOTES, migrations: [...NOTES.migrations, 'CREATE TABLE later (a)'] }],
    }).close();
    expect(() => openDatabase({ path: path(), parts: [NOTES] })).toThrow(SchemaTooNew);
    const database = openDatabase({ path: path(), parts: [] });
    database.connection.exec('PRAGMA user_version = 2');
    database.close();
    expect(() => openDatabase({ path: path(), parts: [] })).toThrow(SchemaTooNew);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
