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
    const states = [{ levelNanoUsd: 5n, state: 'fired', firedAtMs: 1 }] as const;
    const notice = { id: 'n1', payload: '{}' };
    const change = { accountId: 'acct_a', revision: '', states, notice, nowMs: 1 };
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
