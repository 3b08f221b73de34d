import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openAccount } from '../admin/admin-under-test.ts';
import { startReceiver } from '../alerts/webhook-receiver.ts';
import { type CliUnderTest, openCli } from './cli-under-test.ts';

// A process per command, each of which may take seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let cli: CliUnderTest;
let accountId: string;
beforeAll(async () => {
  cli = await openCli();
  ({ id: accountId } = await openAccount(cli.admin));
});
afterAll(() => cli.close());

test('an operator makes a channel, tries it, and has a notice sent again', async () => {
  const receiver = await startReceiver();
  try {
    const made = await cli.run('alerts', 'channel', 'create', 'webhook', 'On call', '--url', receiver.url, '--default');
    expect(made.out).toMatch(/^secret +whsec_/m);
    expect(made.error).toContain('Keep the secret now');
    const id = /^id +(channel_\w+)$/m.exec(made.out)?.[1] ?? '';
    expect((await cli.run('alerts', 'channel', 'list')).out).toMatch(
      /^channel_\w+ +On call +webhook +http:.* true +true$/m,
    );
    expect((await cli.run('alerts', 'test', id)).out).toMatch(/^result +delivered$/m);
    const { data } = await cli.json('alerts', 'deliveries', '--limit', '5');
    expect(data).toMatchObject([{ type: 'test', channel_id: id }]);
    expect((await cli.run('alerts', 'replay', data[0].id)).out).toMatch(/^result +delivered$/m);
    expect(receiver.received).toHaveLength(2);
    expect((await cli.run('alerts', 'deliveries')).out).toMatch(/^delivery_\w+ .* test .* delivered/m);
    expect(await cli.json('alerts', 'channel', 'update', id, '--no-default', '--no-enabled')).toMatchObject({
      default: false,
      enabled: false,
    });
    expect((await cli.run('alerts', 'channel', 'delete', id)).out).toBe(`Deleted ${id}.\n`);
  } finally {
    await receiver.stop();
  }
});

test('an operator makes, changes and deletes alerts, of an account and of all', async () => {
  const terms = ['--share', '0.8', '0.9', '1', '--quiet-seconds', '3600', '--no-recovery'];
  const made = await cli.json('alerts', 'create', 'quota_used', '--account', accountId, ...terms);
  expect(made).toMatchObject({ shares: [0.8, 0.9, 1], quiet_seconds: 3_600, recovery: false, account_id: accountId });
  const changed = await cli.json('alerts', 'update', made.id, '--account', accountId, '--no-enabled', '--name', 'Near');
  expect(changed).toMatchObject({ enabled: false, name: 'Near', recovery: false });
  const list = await cli.run('alerts', 'list', '--account', accountId);
  expect(list.out).toMatch(/^alert_\w+ +quota_used +Near +shares 0\.8,0\.9,1 +default +false/m);
  expect((await cli.run('alerts', 'show', made.id, '--account', accountId)).exitCode).toBe(0);
  expect((await cli.run('alerts', 'show', 'alert_x')).exitCode).toBe(1);
  expect((await cli.run('alerts', 'delete', made.id, '--account', accountId)).exitCode).toBe(0);

  expect((await cli.run('alerts', 'list')).out).toMatch(/^alert_store_down +store_down/m);
  const burn = await cli.json('alerts', 'create', 'burn_rate', '--factor', '2.5', '--minimum-usd', '10', '--disabled');
  expect(burn).toMatchObject({ factor: 2.5, minimum_usd: '10.00', account_id: null, enabled: false });
  const refused = await cli.run('alerts', 'create', 'balance_low', '--account', accountId);
  expect(refused.exitCode).toBe(1);
  expect(refused.error).toContain('amount_usd: exactly one of');
  expect((await cli.run('alerts', 'create', 'burn_rate', '--factor', 'much')).exitCode).toBe(2);
});
