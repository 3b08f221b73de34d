import { expect, test } from 'vitest';
import { createHealthNotes } from '../../src/observability/health-notes.ts';
import { openAdmin, START_MS } from './admin-under-test.ts';

test('tells how the process, its store, its upstream and its prices are', async () => {
  const notes = createHealthNotes(() => START_MS);
  notes.upstreamFailed('upstream_credit');
  notes.accountReconciled('acct_a', 0n, true);
  notes.accountReconciled('acct_b', -5n, false);
  await using admin = Object.assign(
    await openAdmin(() => ({
      readiness: async () => ({ ready: false, checks: { ledger: 'no answer' } }),
      health: () => ({
        store: { description: 'Redis at 10.0.0.1', warnings: ['no AOF'] },
        upstream: { address: 'https://api.anthropic.com', simulated: false },
        openCalls: 3,
        spool: { entries: 2, oldestAtMs: START_MS - 1_000, full: false },
        notes: notes.read(),
      }),
    })),
    { [Symbol.asyncDispose]: async () => admin.close() },
  );
  const { body } = await admin.call('GET', '/health-report');
  expect(body).toMatchObject({
    version: '1.2.3',
    ready: false,
    checks: { ledger: 'no answer' },
    store: { description: 'Redis at 10.0.0.1', warnings: ['no AOF'] },
    upstream: { last_error: 'upstream_credit', last_error_at: '2026-11-21T09:30:00.000Z' },
    calls: { open: 3 },
    spool: { waiting: 2, oldest_at: '2026-11-21T09:29:59.000Z', full: false },
    drift: { checked_accounts: 2, differing: [{ account_id: 'acct_b', drift_usd: '-0.000000005' }] },
  });
  expect(body.rate_card.models).toBeGreaterThan(20);
  expect(body.rate_card.age_days).toBeGreaterThanOrEqual(0);
});

test('books that agree again differ no more', () => {
  const notes = createHealthNotes(() => START_MS);
  notes.accountReconciled('acct_a', 5n, false);
  notes.accountReconciled('acct_a', 0n, true);
  expect(notes.read().drift.differing).toEqual([]);
});
