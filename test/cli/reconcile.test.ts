import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from '../admin/admin-under-test.ts';
import { type CliUnderTest, openCli } from './cli-under-test.ts';

let cli: CliUnderTest;
beforeAll(async () => {
  cli = await openCli();
});
afterAll(() => cli.close());

test('reconcile goes over all accounts, tells what differs and ends with 1', async () => {
  const accounts = [await openAccount(cli.admin), await openAccount(cli.admin), await openAccount(cli.admin)];
  const sound = await cli.run('reconcile');
  expect([sound.exitCode, sound.error]).toEqual([0, '']);
  expect(sound.out.trim().split('\n')).toEqual(accounts.map(({ id }) => `${id}: ok up to entry 1, 1 read`));
  const [, second] = accounts;
  cli.admin.database.connection.exec(`UPDATE books SET granted = 7 WHERE account_id = '${second.id}'`);
  const all = await cli.run('reconcile');
  expect(all.exitCode).toBe(1);
  expect(all.out).toContain(`${second.id}: DIFFERS up to entry 1, 1 read, drift 0.000000007 USD`);
  expect(all.out).toContain('account: grantedNanoUsd: journal 0, store 7');
  expect(all.error).toContain('1 of 3 accounts');
  const one = await cli.run('reconcile', accounts[0].id, '--json');
  expect([one.exitCode, JSON.parse(one.out).ok]).toEqual([0, true]);
});

test('an account without books is shown and named, and keeps no other from being seen', async () => {
  const lost = await openAccount(cli.admin);
  const sound = await openAccount(cli.admin);
  await cli.admin.call('POST', `/accounts/${sound.id}/grants`, { amount_usd: '1.00', kind: 'paid' });
  cli.admin.database.connection.exec(
    `DELETE FROM journal WHERE account_id = '${lost.id}'; DELETE FROM books WHERE account_id = '${lost.id}'`,
  );
  const all = await cli.run('reconcile');
  expect(all.exitCode).toBe(1);
  expect(all.out).toContain(`${lost.id}: DIFFERS`);
  expect(all.out).toContain('books: journal in the export: see "tollgate restore", store -');
  expect(all.out).toContain(`${sound.id}: ok up to entry 2`);
  const list = await cli.run('account', 'list');
  expect([list.exitCode, list.out]).toEqual([0, expect.stringMatching(new RegExp(`${lost.id} .*without_books .* - `))]);
});

test('audit shows who changed what', async () => {
  const account = await openAccount(cli.admin);
  await cli.run('account', 'update', account.id, '--name', 'Renamed');
  const { out } = await cli.run('audit', '--newest', '1');
  expect(out).toMatch(/^SEQUENCE +AT +ACTOR/);
  expect(out).toContain(account.id);
  expect(out).toContain('name: Acme -> Renamed');
});
