import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { openAccount } from '../admin/admin-under-test.ts';
import { type CliUnderTest, openCli } from './cli-under-test.ts';

// A process per command, each of which may take seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let cli: CliUnderTest;
let accountId: string;
beforeAll(async () => {
  cli = await openCli();
  ({ id: accountId } = await openAccount(cli.admin, { timezone: 'Asia/Kolkata' }));
  const { ledger, clock } = cli.admin;
  await cli.admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '10', kind: 'paid' });
  const holdId = createId('hold', clock.nowMs);
  const call = { accountId, holdId, amountNanoUsd: 1_500_000_000n, tokens: 1n, modelLabels: [], cells: [] };
  await ledger.hold({ ...call, leaseMs: 60_000 });
  await ledger.settle({ ...call, details: { model: 'claude-opus-5-5', tokens: { input: 12 } } });
});
afterAll(() => cli.close());

test('finance reads what was used, for people and for scripts', async () => {
  const shown = await cli.run('usage', accountId, '--group-by', 'model', '--bucket', 'hour', '--from', '2026-11-21');
  const [head, row, total] = shown.out.split('\n');
  expect(head).toMatch(/^FROM \(Asia\/Kolkata\) +MODEL +REQUESTS +INPUT .* COST USD +REFUNDED USD +CACHE SAVED USD$/);
  expect(row).toMatch(/^2026-11-21 15:00 +claude-opus-5-5 +1 +12 .* 1\.50 +0\.00 +0\.00$/);
  expect(total).toMatch(/^total +- +1 +12 .* 1\.50 +0\.00 +0\.00$/);
  expect((await cli.json('usage', accountId)).total).toMatchObject({ requests: 1, cost_usd: '1.50' });
  expect((await cli.run('usage', accountId, '--csv')).out).toMatch(/^starts_at,.*\r\n2026-11-20T18:30:00\.000Z,/);
});

test('finance reads the statement of a month', async () => {
  const shown = await cli.run('statement', accountId, '2026-11');
  expect(shown.out).toMatch(/^closing_usd +8\.50$/m);
  expect(shown.out).toMatch(/^claude-opus-5-5 +1 +1\.50 +0\.00$/m);
  expect(await cli.json('statement', accountId, '2026-11')).toMatchObject({ closing_usd: '8.50' });
  expect((await cli.run('statement', accountId, 'November')).exitCode).toBe(2);
});

test('finance reads how long the credit lasts', async () => {
  const runway = await cli.run('runway', accountId);
  expect(runway.out).toMatch(/^burn\.per_day_usd +0\.50$/m);
  expect(runway.out).toMatch(/^month_forecast_usd +\d+\.\d+$/m);
  await cli.run('grant', 'create', accountId, '--amount-usd', '3', '--valid-days', '1');
  expect((await cli.run('runway', accountId)).out).toMatch(/^unused\[0\]\.amount_usd +2\.50$/m);
});

test('auto-reload is set, shown and turned off, and a request is answered', async () => {
  const terms = ['--threshold-usd', '20', '--amount-usd', '25', '--monthly-cap-usd', '100'];
  expect(await cli.json('auto-reload', 'set', accountId, ...terms)).toMatchObject({ enabled: true, mode: 'fixed' });
  await cli.admin.ledger.requestReload({ accountId, monthEndsAtMs: cli.admin.clock.nowMs + 86_400_000 });
  const { pending } = await cli.json('auto-reload', 'show', accountId);
  expect(pending).toMatchObject({ amount_usd: '25.00' });
  const answer = ['auto-reload', 'answer', accountId, pending.reload_id];
  expect(await cli.json(...answer, 'paid', '--reference', 'ch_1')).toMatchObject({ outcome: 'paid', repeated: false });
  expect((await cli.run(...answer, 'declined')).exitCode).toBe(1);
  expect((await cli.run('auto-reload', 'off', accountId)).out).toMatch(/^enabled +false$/m);
  expect((await cli.run('auto-reload', 'set', accountId, '--amount-usd', '0.5')).error).toContain('amount_usd');
});
