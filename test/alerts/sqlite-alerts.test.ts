import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AlertStoreUnavailable } from '../../src/alerts/alert-store.ts';
import { ALERTS_SCHEMA } from '../../src/store/sqlite/alerts-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteAlerts } from '../../src/store/sqlite/sqlite-alerts.ts';
import { describeAlertStore } from './alert-store-conformance.ts';

describeAlertStore('SQLite', async () => {
  const database = openDatabase({ path: ':memory:', parts: [ALERTS_SCHEMA] });
  return { store: createSqliteAlerts(database), destroy: async () => database.close() };
});

test('alerts and notices outlive the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-alerts-'));
  try {
    const open = () => openDatabase({ path: join(folder, 'tollgate.db'), parts: [ALERTS_SCHEMA] });
    const first = open();
    const states = [{ level: '5', state: 'fired', firedAtMs: 1 }] as const;
    const notice = { id: 'n1', payload: '{}' };
    const change = { key: 'acct_a', revision: '', states, notices: [notice], nowMs: 1 };
    await createSqliteAlerts(first).changeAlerts(change);
    first.close();

    const second = open();
    const store = createSqliteAlerts(second);
    expect((await store.readAlerts('acct_a')).states).toEqual(states);
    expect(await store.claimDue({ nowMs: 1, leaseMs: 1, limit: 1 })).toHaveLength(1);
    second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a closed store is unavailable, not empty', async () => {
  const database = openDatabase({ path: ':memory:', parts: [ALERTS_SCHEMA] });
  const store = createSqliteAlerts(database);
  database.close();
  await expect(store.readAlerts('acct_a')).rejects.toThrow(AlertStoreUnavailable);
  await expect(store.listFired(1)).rejects.toThrow(AlertStoreUnavailable);
});

test('what the first version of the tables kept is kept on: fired levels, and notices that are due', async () => {
  const [first = ''] = ALERTS_SCHEMA.migrations;
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-alerts-'));
  try {
    const path = join(folder, 'tollgate.db');
    const old = openDatabase({ path, parts: [{ name: ALERTS_SCHEMA.name, migrations: [first] }] });
    old.connection.exec(`
      INSERT INTO alert_state VALUES ('acct_a', '[["5000000000","fired",7]]');
      INSERT INTO alert_fired VALUES ('acct_a', 5000000000, 7);
      INSERT INTO alert_notice VALUES ('due', '{}', 0, 1, NULL), ('given_up', '{}', 10, NULL, 1);
    `);
    old.close();
    const database = openDatabase({ path, parts: [ALERTS_SCHEMA] });
    const store = createSqliteAlerts(database);
    expect((await store.readAlerts('acct_a')).states).toEqual([{ level: '5000000000', state: 'fired', firedAtMs: 7 }]);
    expect(await store.listFired(10)).toEqual([
      { ruleId: 'alert_low_balance', accountId: 'acct_a', level: '5000000000' },
    ]);
    expect((await store.claimDue({ nowMs: 1, leaseMs: 1, limit: 10 })).map(({ id }) => id)).toEqual(['due']);
    database.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
