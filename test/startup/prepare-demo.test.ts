import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareDemo } from '../../src/startup/prepare-demo.ts';
import { type AdminUnderTest, openAdmin, START_MS } from '../admin/admin-under-test.ts';

let stores: AdminUnderTest;
let dataFolder: string;
let log: { facts: object; text: string }[];
beforeEach(async () => {
  stores = await openAdmin();
  dataFolder = mkdtempSync(join(tmpdir(), 'tollgate-demo-'));
  log = [];
});
afterEach(async () => {
  rmSync(dataFolder, { recursive: true, force: true });
  await stores.close();
});

const prepare = () =>
  prepareDemo({
    ...{ directory: stores.directory, ledger: stores.ledger, dataFolder, nowMs: () => START_MS },
    logger: { error: (facts, text) => void log.push({ facts, text }) },
  });

test('the demo account is made once and found again', async () => {
  const first = await prepare();
  expect(first).toMatchObject({ name: 'Demo', availableNanoUsd: 25_000_000_000n });
  expect(await prepare()).toEqual(first);
  expect(log).toEqual([]);
});

test('a demo account that has lost its books is told loudly and not opened anew', async () => {
  const accountId = (await prepare())?.accountId ?? '';
  const { connection } = stores.database;
  connection.exec('PRAGMA foreign_keys = OFF');
  connection.exec(`DELETE FROM journal; DELETE FROM credit_grant; DELETE FROM books`);
  expect(await prepare()).toBeUndefined();
  expect(log).toEqual([
    { facts: { account_id: accountId }, text: expect.stringContaining('lost the books of the demo account') },
  ]);
  expect(await stores.ledger.readBalance(accountId)).toBeUndefined();
});
