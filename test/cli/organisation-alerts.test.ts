import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findDeniedFields } from '../../src/admin/access/account-fields.ts';
import { permissionsOf } from '../../src/admin/access/permissions.ts';
import { writeReloadId } from '../../src/domain/credit/reload-state.ts';
import { accountKind } from '../../src/organisation/kinds/account-kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from '../../src/organisation/kinds.ts';
import type { Json } from '../admin/admin-under-test.ts';
import { type OrganisationCli, openOrganisationCli } from './organisation-cli.ts';

let cli: OrganisationCli;
beforeEach(async () => {
  cli = await openOrganisationCli();
  vi.stubEnv('SLACK_URL', 'https://hooks.slack.com/services/T0/B0/canary-of-the-address');
  vi.stubEnv('HOOK_SECRET', `whsec_${'c'.repeat(40)}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await cli.close();
});

const ALERTS = `# Read by: tollgate apply -f <this file>

version: 1
alert_channels:
  - name: Mail
    type: email
    to: [ops@example.com, sre@example.com]
  - name: On call
    type: slack
    default: true
alerts:
  - kind: balance_low
    hours_left: 24
    channels: [Mail, On call]
  - kind: ledger_drift
    built_in: true
  - kind: reload_failed
    built_in: true
  - kind: store_down
    built_in: true
    recovery: false
    quiet_seconds: 600
  - kind: unpriced_model
    built_in: true
    enabled: false
  - kind: upstream_credit
    built_in: true
  - kind: usage_missing
    built_in: true
accounts:
  - name: Acme
    timezone: UTC
    mode: prepaid
    credit_limit_usd: "0.00"
    on_disconnect: drain
    on_exhausted: cut
    low_balance_usd: ["5.00"]
    pricing:
      multiplier: null
      overrides: []
    auto_reload:
      enabled: true
      threshold_usd: "5.00"
      mode: fixed
      amount_usd: "20.00"
      monthly_cap_usd: "100.00"
      hourly_limit: 2
    teams:
      - name: Research
    members: []
    keys: []
    quotas:
      - scope: account
        window: month
        limit_usd: "100.00"
        mode: soft
      - scope: {team: Research}
        window: day
        limit_requests: 1000
        models: [opus]
        mode: hard
    alert_channels:
      - name: On call
        type: webhook
    alerts:
      - kind: balance_low
        share_of_last_purchase: 0.25
        name: A quarter
        channels: []
      - kind: burn_rate
        factor: 2.5
        minimum_usd: "10.00"
      - kind: quota_used
        quota: {scope: {team: Research}, window: day, measure: requests, models: [opus]}
        shares: [0.8, 0.95, 1]
      - kind: quota_used
        quota: {scope: account, window: month, measure: usd, mode: soft}
        shares: [0.5]
        channels: [On call, {installation: On call}]
`;

/** With the variables that new channels need. */
const MADE = ALERTS.replace('    type: slack\n', '    type: slack\n    url_env: SLACK_URL\n').replace(
  '        type: webhook\n',
  '        type: webhook\n        url_env: SLACK_URL\n        secret_env: HOOK_SECRET\n',
);

const said = (json: Json): string[] => json.changes.map((one: Json) => `${one.action} ${one.kind} ${one.label}`);
const lines = (error: string): string[] => error.split('\n').map((line) => line.replace(/^.*org\.yaml:/, ''));

async function makeOwner(accountId: string, role = 'owner'): Promise<string> {
  const made = await cli.admin.call('POST', '/tokens', {
    name: role,
    role,
    scope: { type: 'account', account_id: accountId },
  });
  return made.body.secret;
}

async function findAccount(): Promise<Json> {
  return (await cli.admin.call('GET', '/accounts')).body.data[0];
}

describe('alerts, channels and auto-reload in a file', () => {
  test('are made, are what was made, and are the same again elsewhere', async () => {
    const { exitCode, error, out } = await cli.apply(MADE);
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).not.toContain('canary');
    expect(await cli.exportAll()).toBe(ALERTS);
    for (const text of [MADE, ALERTS, await cli.exportAll('--ids')])
      expect((await cli.apply(text, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
    const { body } = await cli.admin.call('GET', '/alert-channels');
    expect(body.data.map(({ target }: Json) => target)).toEqual([
      'ops@example.com, sre@example.com',
      'https://hooks.slack.com/...ress',
    ]);
  });

  test('of what a channel is made of nothing is read from the file, shown or compared', async () => {
    await cli.apply(MADE);
    vi.stubEnv('SLACK_URL', '');
    expect((await cli.apply(MADE)).json.has_changes).toBe(false);
    const other = 'version: 1\naccounts: []\nalert_channels:\n';
    const bare = await cli.apply(`${other}  - {name: Teams, type: teams}\n  - {name: X, type: slack, url_env: NONE}\n`);
    expect(lines(bare.error).slice(1, 3)).toEqual([
      '4:5: alert_channels[0]: url_env is required of a new channel: the environment variable that holds its address',
      '5:37: alert_channels[1].url_env: names NONE, which is not set in the environment',
    ]);
    vi.stubEnv('NONE', 'canary://x');
    const bad = await cli.apply(`${other}  - {name: X, type: webhook, url_env: NONE, secret_env: NONE}\n`);
    expect(bad.error).toContain('names NONE, which holds no http:// or https:// URL');
    expect(bad.error).toContain('names NONE, which holds no secret of the form whsec_');
    expect(bad.error).not.toContain('canary');
    const inline = await cli.apply(`${other}  - {name: X, type: slack, url: https://canary.example}\n`);
    expect(lines(inline.error)[1]).toContain(
      '4:28: alert_channels[0].url: no such field; there are id, name, type, url_env,',
    );
    const value = await cli.apply(`${other}  - {name: X, type: slack, url_env: https://canary.example}\n`);
    expect(value.error).toContain('the value itself has no place in a file');
  });

  test('the secret of a webhook that the API makes is shown once, as that of a key', async () => {
    const path = join(cli.folder, 'secrets.jsonl');
    const text = MADE.replace('        secret_env: HOOK_SECRET\n', '');
    expect((await cli.apply(text, '--secrets-file', path)).exitCode).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      account: 'Acme',
      channel: 'On call',
      channel_id: expect.stringMatching(/^channel_/),
      secret: expect.stringMatching(/^whsec_/),
    });
  });

  test('change in place, and show it', async () => {
    await cli.apply(MADE);
    const text = ALERTS.replace('hours_left: 24', 'hours_left: 12')
      .replace('    quiet_seconds: 600\n', '')
      .replace('    default: true\n', '')
      .replace('factor: 2.5', 'factor: 3')
      .replace('channels: [On call, {installation: On call}]', 'channels: [{installation: Mail}]')
      .replace('mode: fixed\n      amount_usd: "20.00"', 'mode: target\n      target_usd: "50.00"')
      .replace('limit_usd: "100.00"', 'limit_usd: "90.00"');
    const file = join(cli.folder, 'next.yaml');
    writeFileSync(file, text);
    expect((await cli.run('apply', '-f', file)).out).toBe(`~ installation: channel On call
      default: true → false
~ installation: alert balance_low, hours_left 24
      hours_left: 24 → 12
~ installation: alert store_down, built in
      quiet_seconds: 600 → 86400
~ Acme: auto-reload below 5.00 USD
      mode: fixed → target
      amount_usd: 20.00 → none
      target_usd: none → 50.00
~ Acme: quota on the account, month, 100.00 USD, soft
      limit_usd: 100.00 → 90.00
~ Acme: alert burn_rate, factor 2.5, minimum_usd 10.00
      factor: 2.5 → 3
~ Acme: alert quota_used, shares 0.5, on the account, month, usd, soft
      channels: On call, On call of the installation → Mail of the installation
7 to change.
Done: 7 changes.
`);
    expect(await cli.exportAll()).toBe(text);
    expect((await cli.apply(ALERTS, '--prune')).exitCode).toBe(0);
    expect(await cli.exportAll()).toBe(ALERTS);
  });

  test('are deleted only with --prune, what is built in never, and nothing before what names it', async () => {
    await cli.apply(MADE);
    const bare = 'version: 1\nalert_channels: []\nalerts: []\naccounts: [{name: Acme, alert_channels: []}]\n';
    const kept = await cli.apply(bare);
    expect([kept.json.has_changes, kept.json.kept.length]).toEqual([false, 4]);
    const pruned = await cli.apply(bare, '--prune');
    expect(said(pruned.json)).toEqual(['delete alert balance_low, hours_left 24', 'delete channel Mail']);
    const reason = 'is not in the file, but alert quota_used, shares 0.5, on the account, month, usd, soft names it';
    expect(pruned.json.kept.map((one: Json) => [one.account?.name, one.label, one.reason])).toEqual([
      ['Acme', 'On call', reason],
      [undefined, 'On call', reason],
    ]);
    const all = await cli.apply(bare.replace('alert_channels: []}', 'alert_channels: [], alerts: []}'), '--prune');
    expect(said(all.json).slice(-2)).toEqual(['delete channel On call', 'delete channel On call']);
    const left = await cli.exportAll();
    expect(left.match(/built_in: true/g)).toHaveLength(6);
    expect(left).toContain('quiet_seconds: 600');
    expect((await cli.apply(MADE)).exitCode).toBe(0);
    expect(await cli.exportAll()).toBe(ALERTS);
  });

  test('are refused at their places', async () => {
    await cli.apply(MADE);
    const { error } = await cli.apply(`version: 1
alerts:
  - {kind: balance_low, amount_usd: 1, hours_left: 2}
  - {kind: store_down, shares: [1]}
  - {kind: balance_low, built_in: true, amount_usd: 1}
  - {kind: quota_used, quota: {id: q}}
accounts:
  - name: Acme
    auto_reload: {enabled: true, threshold_usd: 50, target_usd: 20.001, amount_usd: 3, mode: target}
    alerts:
      - kind: store_down
      - {kind: quota_used, quota: {window: day, mesure: usd}, shares: [1.1]}
      - {kind: burn_rate, minimum_usd: 0, quiet_second: 3}
  - name: Idle
    auto_reload: {enabled: false, threshold_usd: 5}
  - {name: Later, auto_reload: [], alerts: [{kind: burn_rate, channels: [{installaton: x}]}]}
`);
    expect(lines(error).slice(1, -1)).toEqual([
      '3:37: alerts[0].amount_usd: exactly one of amount_usd, share_of_last_purchase, hours_left is required',
      '4:32: alerts[1].shares: says nothing of store_down',
      expect.stringMatching(/^6:24: alerts\[3\]\.quota: no such field/),
      '9:18: accounts[0].auto_reload: monthly_cap_usd is needed to turn it on',
      '9:85: accounts[0].auto_reload.amount_usd: is not for mode target',
      expect.stringMatching(/^11:15: accounts\[0\]\.alerts\[0\]\.kind: must be one of balance_low, /),
      '12:35: accounts[0].alerts[1].quota: scope is required, or {id: ...}',
      '12:35: accounts[0].alerts[1].quota: measure is required, or {id: ...}',
      '12:49: accounts[0].alerts[1].quota.mesure: no such field; did you mean measure?',
      '12:72: accounts[0].alerts[1].shares[0]: must be a number, 0.000001 to 1, with at most 6 places',
      '13:40: accounts[0].alerts[2].minimum_usd: must be above zero',
      expect.stringMatching(
        /^13:43: accounts\[0\]\.alerts\[2\]\.quiet_second: no such field; did you mean quiet_seconds/,
      ),
      '15:50: accounts[1].auto_reload.threshold_usd: is only taken with enabled: true',
      '16:32: accounts[2].auto_reload: must be a map of names to values',
      '16:74: accounts[2].alerts[0].channels[0]: must be the name of a channel, {installation: <name>}, or {id: ...}',
      '16:75: accounts[2].alerts[0].channels[0].installaton: no such field; did you mean installation?',
    ]);
    const unknown = await cli.apply(`version: 1
alerts:
  - {kind: balance_low, built_in: true, amount_usd: 1}
  - {kind: store_down, channels: [Mial]}
accounts:
  - name: Acme
    mode: postpaid
    auto_reload: {enabled: true, threshold_usd: 5, target_usd: 20, monthly_cap_usd: 50}
    alerts:
      - {kind: quota_used, quota: {scope: {team: Research}, window: day, measure: requests}}
      - {kind: burn_rate, channels: [{installation: Male}]}
`);
    expect(lines(unknown.error).slice(1, -1)).toEqual([
      '3:35: alerts[0].built_in: is said of balance_low, which is not built in',
      '4:34: alerts[1].channels: Mial is no channel of the installation; did you mean Mail?',
      '8:28: accounts[0].auto_reload.enabled: is for prepaid accounts only',
      expect.stringMatching(/^10:35: accounts\[0\]\.alerts\[0\]\.quota: is no quota of this account/),
      '11:37: accounts[0].alerts[1].channels: Male is no channel of the installation; did you mean Mail?',
    ]);
    expect(await cli.exportAll()).toBe(ALERTS);
  });

  test('of one account leave the installation alone', async () => {
    await cli.apply(MADE);
    const text = ALERTS.replace('hours_left: 24', 'hours_left: 1').replace('factor: 2.5', 'factor: 4');
    expect(said((await cli.apply(text, '--prune', '--account', 'Acme')).json)).toEqual([
      'update alert burn_rate, factor 2.5, minimum_usd 10.00',
    ]);
  });

  test('auto-reload that declines turned off is not turned on again by an apply', async () => {
    await cli.apply(MADE);
    const { id } = await findAccount();
    await declineThrice(id);
    expect((await cli.admin.call('GET', `/accounts/${id}/auto-reload`)).body).toMatchObject({
      enabled: false,
      disabled_reason: 'declined',
    });
    expect(await cli.exportAll()).toBe(ALERTS);
    expect((await cli.apply(ALERTS)).json.has_changes).toBe(false);
    const off = ALERTS.replace(/enabled: true\n {6}threshold_usd(.|\n)*?hourly_limit: 2\n/, 'enabled: false\n');
    expect(said((await cli.apply(off)).json)).toEqual(['update auto-reload below 5.00 USD']);
    expect(await cli.exportAll()).toBe(off);
    expect((await cli.apply(ALERTS)).exitCode).toBe(0);
    expect(await cli.exportAll()).toBe(ALERTS);
  });

  test('made, undone and made again are there again', async () => {
    const bare =
      'version: 1\nalert_channels: []\nalerts: []\naccounts: [{name: Acme, alert_channels: [], alerts: []}]\n';
    for (let round = 0; round < 3; round += 1) {
      await cli.apply(MADE);
      expect(await cli.exportAll()).toBe(ALERTS);
      expect((await cli.apply(bare, '--prune')).exitCode).toBe(0);
      expect((await cli.admin.call('GET', '/alert-channels')).body.data).toEqual([]);
    }
  });
});

async function declineThrice(accountId: string): Promise<void> {
  for (let count = 0; count < 3; count += 1) {
    const reply = await cli.admin.ledger.requestReload({
      accountId,
      monthEndsAtMs: cli.admin.clock.nowMs + 86_400_000,
    });
    if (reply.result !== 'requested') throw new Error(JSON.stringify(reply));
    const path = `/accounts/${accountId}/auto-reload/requests/${writeReloadId(accountId, reply.pending.number)}`;
    await cli.admin.call('POST', path, { outcome: 'declined' });
    cli.admin.clock.nowMs += 5 * 3_600_000;
  }
}

describe('a token that may not do everything', () => {
  test('of an account’s owner exports and applies what is his', async () => {
    await cli.apply(MADE);
    const { id } = await findAccount();
    const ids = (await cli.admin.call('GET', '/alert-channels')).body.data;
    cli.use(await makeOwner(id));
    const exported = await cli.run('export');
    expect(exported.error).toBe(
      'Not in the export: alert_channels of the installation, which need a token of the whole installation; alerts of the installation, which need a token of the whole installation.\n',
    );
    expect(exported.out.slice(exported.out.indexOf('accounts:'))).toBe(
      ALERTS.slice(ALERTS.indexOf('accounts:')).replace('{installation: On call}', `{id: ${ids[1].id}}`),
    );
    expect((await cli.apply(exported.out, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
    const text = exported.out.replace('factor: 2.5', 'factor: 4').replace('amount_usd: "20.00"', 'amount_usd: "30.00"');
    expect(said((await cli.apply(text)).json)).toEqual([
      'update auto-reload below 5.00 USD',
      'update alert burn_rate, factor 2.5, minimum_usd 10.00',
    ]);
  });

  test('is told before anything is sent', async () => {
    await cli.apply(MADE);
    const { id } = await findAccount();
    const before = (await cli.admin.call('GET', '/audit')).body.data.length;
    cli.use(await makeOwner(id));
    const whole = await cli.apply(ALERTS);
    expect([whole.exitCode, lines(whole.error).slice(0, 3)]).toEqual([
      1,
      [
        'tollgate: nothing was changed:',
        '5:5: alert_channels[0]: must be left out: this token does not see alert_channels of the installation, which need a token of the whole installation',
        '12:5: alerts[0]: must be left out: this token does not see alerts of the installation, which need a token of the whole installation',
      ],
    ]);
    const text = `version: 1
accounts:
  - {name: Acme, timezone: Asia/Tokyo, on_exhausted: refuse, teams: [{name: New}]}
  - {name: Other}
`;
    const refused = await cli.apply(text);
    expect([refused.exitCode, refused.error]).toEqual([
      1,
      'tollgate: nothing was changed: this token may not do all of it:\naccount Acme needs money.write\naccount Other needs money.write\n',
    ]);
    expect(await cli.apply(text, '--dry-run')).toMatchObject({
      exitCode: 0,
      error: expect.stringContaining('account Other needs money.write'),
    });
    const named = await cli.apply(
      'version: 1\naccounts: [{name: Acme, alerts: [{kind: burn_rate, channels: [{installation: On call}]}]}]',
    );
    expect(named.error).toContain('On call is not for this token to see: give its id');
    cli.use(await makeOwner(id, 'admin'));
    const blind = await cli.apply('version: 1\naccounts: [{name: Acme, alerts: [{kind: burn_rate}]}]');
    expect(blind.error).toContain('must be left out: this token does not see alerts, which need money.read');
    expect((await cli.run('export')).error).toContain(
      'auto_reload, which needs money.read; alert_channels, which need',
    );
    expect((await cli.admin.call('GET', '/audit')).body.data).toHaveLength(before + 2);
  });

  test('is judged as the admin API judges', () => {
    for (const { name, permission = accountKind.access.write } of accountKind.fields) {
      const denied = findDeniedFields({ permissions: [] }, { [name]: null });
      expect(denied).toBe(`Changing ${name} needs ${permission}.`);
    }
    for (const { access } of [...SECTION_KINDS, ...INSTALLATION_KINDS])
      expect(permissionsOf('owner', 'installation')).toEqual(expect.arrayContaining([access.read, access.write]));
  });
});
