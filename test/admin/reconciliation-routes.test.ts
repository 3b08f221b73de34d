import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
beforeEach(async () => {
  admin = await openAdmin();
  accountId = (await openAccount(admin)).id;
  await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '1', kind: 'paid' });
});
afterEach(() => admin.close());

const reconcile = () => admin.call('GET', `/accounts/${accountId}/reconciliation`);

test('says that the books are right, up to which entry', async () => {
  expect((await reconcile()).body).toEqual({
    ...{ account_id: accountId, ok: true, sequence: 2, from_sequence: 0, entries: 2, drift_usd: '0.00' },
    ...{ differences: [], truncated: false },
  });
  expect(admin.reconciled).toEqual([{ account: accountId, driftNanoUsd: 0n }]);
});

test('says what differs, tells the metric, and mends nothing', async () => {
  admin.database.connection.exec('UPDATE books SET granted = granted + 500000000');
  for (let time = 1; time <= 2; time += 1) {
    const { body } = await reconcile();
    expect(body).toMatchObject({ ok: false, drift_usd: '0.50' });
    expect(body.differences).toContainEqual({
      ...{ what: 'account: grantedNanoUsd', journal: '1000000000', store: '1500000000' },
    });
    expect(admin.reconciled).toHaveLength(time);
    expect(admin.reconciled.at(-1)).toEqual({ account: accountId, driftNanoUsd: 500_000_000n });
  }
});

test('many at once all get their answer', async () => {
  const found = await Promise.all(Array.from({ length: 8 }, reconcile));
  expect(found.map(({ status, body }) => [status, body.ok])).toEqual(Array(8).fill([200, true]));
});

test('of an unknown account is not found', async () => {
  expect((await admin.call('GET', '/accounts/acct_none/reconciliation')).status).toBe(404);
});
