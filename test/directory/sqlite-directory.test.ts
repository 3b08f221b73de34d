import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type Directory, DirectoryUnavailable } from '../../src/directory/directory.ts';
import { IDEMPOTENCY_LIFE_MS } from '../../src/directory/idempotency-life.ts';
import { DIRECTORY_SCHEMA } from '../../src/store/sqlite/directory-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteDirectory } from '../../src/store/sqlite/sqlite-directory.ts';
import { describeDirectory } from './directory-conformance.ts';
import type { DirectoryStore } from './directory-fixtures.ts';
import { describeQuotas } from './quota-conformance.ts';

/** A directory that closes its database with itself. */
async function openDirectory(path: string): Promise<Directory> {
  const database = openDatabase({ path, parts: [DIRECTORY_SCHEMA] });
  const directory = createSqliteDirectory(database);
  return {
    ...directory,
    close: async () => {
      await directory.close();
      database.close();
    },
  };
}

const storeInFolder = async (): Promise<DirectoryStore> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-directory-'));
  return {
    open: () => openDirectory(join(folder, 'tollgate.db')),
    destroy: async () => rmSync(folder, { recursive: true, force: true }),
    shared: false,
    durable: true,
  };
};
describeDirectory('SQLite in a folder', storeInFolder);
describeQuotas('SQLite', storeInFolder);

describeDirectory('SQLite in memory', async () => {
  let opened = false;
  return {
    open: async () => {
      if (opened) throw new Error('a memory database has one client');
      opened = true;
      return openDirectory(':memory:');
    },
    destroy: async () => {},
    shared: false,
    durable: false,
  };
});

test('an idempotency key is forgotten after two days', async () => {
  const directory = await openDirectory(':memory:');
  const claim = { scope: 's', key: 'k', fingerprint: 'f', atMs: 1_795_000_000_000 };
  await directory.claimIdempotencyKey(claim);
  const last = { ...claim, atMs: claim.atMs + IDEMPOTENCY_LIFE_MS - 1 };
  expect(await directory.claimIdempotencyKey(last)).toEqual({ result: 'resume' });
  const past = { ...claim, atMs: claim.atMs + IDEMPOTENCY_LIFE_MS };
  expect(await directory.claimIdempotencyKey(past)).toEqual({ result: 'new' });
  await directory.close();
});

test('a closed store is unavailable, by name', async () => {
  const directory = await openDirectory(':memory:');
  await directory.close();
  await expect(directory.findAccount(createId('acct', 0))).rejects.toBeInstanceOf(DirectoryUnavailable);
  await expect(directory.ping()).rejects.toBeInstanceOf(DirectoryUnavailable);
});
