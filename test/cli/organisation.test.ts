import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hashKeySecret } from '../../src/directory/key-secret.ts';
import { accountKind } from '../../src/organisation/kinds/account-kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from '../../src/organisation/kinds.ts';
import { type Json, TOKEN } from '../admin/admin-under-test.ts';
import { type OrganisationCli, openOrganisationCli } from './organisation-cli.ts';

let cli: OrganisationCli;
beforeEach(async () => {
  cli = await openOrganisationCli();
});
afterEach(() => cli.close());

/** What an installation has by itself. */
const AT_FIRST = `alert_channels: []
alerts:
  - kind: ledger_drift
    built_in: true
  - kind: reload_failed
    built_in: true
  - kind: store_down
    built_in: true
  - kind: unpriced_model
    built_in: true
  - kind: upstream_credit
    built_in: true
  - kind: usage_missing
    built_in: true
`;

const ACME = `# Read by: tollgate apply -f <this file>

version: 1
${AT_FIRST}accounts:
  - name: Acme
    timezone: Europe/Berlin
    mode: postpaid
    credit_limit_usd: "500.00"
    on_disconnect: drain
    on_exhausted: cut
    low_balance_usd: ["50.00", "5.00"]
    pricing:
      multiplier: "1.25"
      overrides:
        - model: claude-haiku-4-5
          input_usd_per_mtok: "0.5"
    auto_reload:
      enabled: false
    teams:
      - name: Research
      - name: Sales
    members:
      - name: Ada
        email: ada@example.com
        team: Research
      - name: Bob
    keys:
      - name: laptop
        member: Ada
        allowed_models: [claude-haiku-4-5, claude-sonnet-4-6]
        expires_at: 2027-06-01T00:00:00.000Z
      - name: robot
        team: Sales
    quotas:
      - scope: account
        window: month
        anchor_day: 15
        limit_usd: "100.00"
        mode: hard
      - scope: account
        window: month
        anchor_day: 15
        limit_usd: "80.00"
        mode: soft
      - scope: {key: laptop}
        window: total
        limit_concurrency: 3
        models: [haiku, opus]
        mode: hard
      - scope: {member: Ada}
        window: day
        limit_requests: 1000
        mode: shadow
      - scope: {team: Research}
        window: week
        limit_tokens: 1000000
        mode: hard
    alert_channels: []
    alerts: []
`;

async function readKeys(): Promise<Json[]> {
  const [account] = (await cli.admin.call('GET', '/accounts')).body.data;
  return (await cli.admin.call('GET', `/accounts/${account.id}/keys`)).body.data;
}

/** What the diff says, a line a change. */
const said = (json: Json): string[] => json.changes.map((one: Json) => `${one.action} ${one.kind} ${one.label}`);

describe('an organisation in a file', () => {
  test('is made, is what was made, and is the same again elsewhere', async () => {
    const made = await cli.apply(ACME);
    expect([made.exitCode, made.json.changes.length, made.json.dry_run]).toEqual([0, 12, false]);
    expect(made.json.changes.every(({ done }: Json) => done)).toBe(true);
    expect(await cli.exportAll()).toBe(ACME);
    const again = await cli.apply(ACME);
    expect([again.exitCode, again.json]).toEqual([0, { dry_run: false, has_changes: false, changes: [], kept: [] }]);
    expect((await cli.admin.call('GET', '/audit')).body.data).toHaveLength(12);
    expect((await cli.run('apply', '-f', join(cli.folder, 'org.yaml'))).out).toBe('No changes.\n');
    const [account] = (await cli.admin.call('GET', '/accounts')).body.data;
    expect(account.balance).toMatchObject({ granted_usd: '0.00' });
    expect(await cli.exportAll(account.id)).toBe(ACME.replace(AT_FIRST, ''));
  });

  test('shows its differences as a diff and changes nothing on a dry run', async () => {
    await cli.apply(ACME);
    const text = ACME.replace('"500.00"', '"600.00"')
      .replace('        team: Research\n', '')
      .replace('      - name: Sales\n', '      - name: Sales\n      - name: Ops\n')
      .replace('limit_requests: 1000', 'limit_requests: 900')
      .replace(/ {8}expires_at: .*\n/, '');
    const file = join(cli.folder, 'next.yaml');
    writeFileSync(file, text);
    const { exitCode, out, error } = await cli.run('apply', '-f', file, '--dry-run');
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).toBe(`~ account Acme
      credit_limit_usd: 500.00 → 600.00
+ Acme: team Ops
      name: Ops
~ Acme: member Ada
      team: Research → none
~ Acme: key laptop
      expires_at: 2027-06-01T00:00:00.000Z → none
~ Acme: quota on member Ada, day, 1000 requests, shadow
      limit_requests: 1000 → 900
1 to create, 4 to change.
`);
    expect(await cli.exportAll()).toBe(ACME);
    const dry = ['apply', '-f', file, '--dry-run', '--detailed-exitcode'];
    expect((await cli.run(...dry)).exitCode).toBe(4);
    expect(JSON.parse((await cli.run(...dry, '--json')).out)).toMatchObject({ dry_run: true, has_changes: true });
    expect((await cli.run('apply', '-f', file)).out).toMatch(/Done: 5 changes\.\n$/);
    expect((await cli.run(...dry)).exitCode).toBe(0);
  });

  test('deletes only with --prune, and revokes keys only with --yes besides', async () => {
    await cli.apply(ACME);
    const bare =
      'version: 1\naccounts:\n  - name: Acme\n    teams: []\n    members: []\n    keys: []\n    quotas: []\n';
    const kept = await cli.apply(bare);
    expect([kept.json.has_changes, kept.json.kept.length]).toEqual([false, 11]);
    const pruned = await cli.apply(bare, '--prune');
    expect(said(pruned.json)).toEqual([
      expect.stringMatching(/^delete quota on the account/),
      expect.stringMatching(/^delete quota on the account/),
      expect.stringMatching(/^delete quota on key laptop/),
      expect.stringMatching(/^delete quota on member Ada/),
      expect.stringMatching(/^delete quota on team Research/),
      'delete member Bob',
    ]);
    expect(pruned.json.kept.map(({ label, reason }: Json) => `${label}: ${reason}`)).toEqual([
      'laptop: is not in the file; a key is revoked only with --yes',
      'robot: is not in the file; a key is revoked only with --yes',
      'Ada: is not in the file, but key laptop belongs to it',
      'Research: is not in the file, but member Ada belongs to it',
      'Sales: is not in the file, but key robot belongs to it',
    ]);
    const revoked = await cli.apply(bare, '--prune', '--yes');
    expect(said(revoked.json)).toEqual([
      'revoke key laptop',
      'update key laptop',
      'revoke key robot',
      'update key robot',
      'delete member Ada',
      'delete team Research',
      'delete team Sales',
    ]);
    expect((await readKeys()).map(({ status }) => status)).toEqual(['revoked', 'revoked']);
    expect((await cli.apply(bare, '--prune', '--yes')).json.has_changes).toBe(false);
    const back = await cli.apply(ACME);
    expect(back.json.changes.filter(({ kind }: Json) => kind === 'key')[0].note).toContain('revoked');
    expect(await cli.exportAll()).toBe(ACME);
  });

  test('leaves alone what it does not speak of', async () => {
    await cli.apply(ACME);
    const { json } = await cli.apply(
      'version: 1\naccounts: [{name: Acme, mode: , members: [{name: Bob}]}]',
      '--prune',
      '--yes',
    );
    expect(json.changes).toEqual([]);
    expect(json.kept.map(({ label }: Json) => label)).toEqual(['Ada']);
  });

  test('renames by id', async () => {
    await cli.apply(ACME);
    const ids = await cli.exportAll('--ids');
    const renamed = ids.replaceAll('Research', 'Rockets').replaceAll('Acme', 'Acme Ltd');
    const { json } = await cli.apply(renamed, '--prune', '--yes');
    expect(said(json)).toEqual(['update account Acme', 'update team Research']);
    expect(await cli.exportAll('--ids')).toBe(renamed);
  });

  test('is refused at its places, and nothing is changed', async () => {
    await cli.apply(ACME);
    const file = join(cli.folder, 'bad.yaml');
    writeFileSync(
      file,
      `version: 1
accounts:
  - name: Acme
    teams:
      - name: Research
      - name: Research
      - {id: team_1, name: X}
      - name: Legal
    members:
      - name: Ada
        team: Reserch
      - name: Cy
        team: Sales
    keys:
      - name: old
        expires_at: 2020-01-01T00:00:00Z
    quotas:
      - scope: {key: robot}
        window: day
        limit_usd: 1
`,
    );
    const { exitCode, error } = await cli.run('apply', '-f', file, '--prune', '--yes');
    expect(exitCode).toBe(1);
    expect(error.split('\n').map((line) => line.replace(`${file}:`, ''))).toEqual([
      'tollgate: nothing was changed:',
      '6:9: accounts[0].teams[1]: is the same team as that of line 5: tell them apart by id',
      '7:9: accounts[0].teams[2]: no team has the id team_1: leave it out to make one',
      '11:15: accounts[0].members[0].team: is no team of this account; did you mean Research?',
      '13:15: accounts[0].members[1].team: names a team that the file does not have, and that is to go',
      '16:21: accounts[0].keys[0].expires_at: has passed: no key can be made or changed so; leave the key out, or give it a later time',
      '18:16: accounts[0].quotas[0].scope: names a key that the file does not have, and that is to go',
      '',
    ]);
    expect(await cli.exportAll()).toBe(ACME);
  });

  test('tells records of one name apart by id', async () => {
    const [one, two] = [await account('Twin'), await account('Twin')];
    const team = await cli.admin.call('POST', `/accounts/${one.id}/teams`, { name: 'T' });
    await cli.admin.call('POST', `/accounts/${one.id}/teams`, { name: 'T' });
    await cli.admin.call('POST', `/accounts/${one.id}/members`, { name: 'M', team_id: team.body.id });
    const limit = { scope: { type: 'account' }, window: 'day', limit_usd: '5.00' };
    for (const limit_usd of ['5.00', '6.00'])
      await cli.admin.call('POST', `/accounts/${one.id}/quotas`, { ...limit, limit_usd });
    const text = await cli.exportAll();
    expect(text).toContain(`  - id: ${one.id}\n    name: Twin\n`);
    expect(text).toContain(`  - id: ${two.id}\n    name: Twin\n`);
    expect(text).toContain(`        team: {id: ${team.body.id}}\n`);
    expect((await cli.apply(text, '--prune', '--yes')).json.has_changes).toBe(false);
    const bare = await cli.apply('version: 1\naccounts: [{name: Twin}]');
    expect(bare.error).toContain(`could be any of several (${one.id}, ${two.id}): give the id of the account`);
    const named = await cli.apply(`version: 1\naccounts: [{id: ${one.id}, name: Twin, members: [{name: M, team: T}]}]`);
    expect(named.error).toContain('several are called T');
    const quota = await cli.apply(
      `version: 1\naccounts: [{id: ${one.id}, name: Twin, quotas: [{scope: account, window: day, limit_usd: 7}]}]`,
    );
    expect(quota.error).toContain('give the id of the quota');
  });

  test('as a team exports it says nothing of prices that the team is not shown', async () => {
    const created = await cli.admin.call('POST', '/accounts', { name: 'A', pricing: { multiplier: '1.25' } });
    const { id } = created.body;
    const team = (await cli.admin.call('POST', `/accounts/${id}/teams`, { name: 'Research' })).body;
    const scope = { type: 'team', account_id: id, team_id: team.id };
    const lead = await cli.admin.call('POST', '/tokens', { name: 'lead', role: 'admin', scope });
    cli.use(lead.body.secret);
    const { out, exitCode } = await cli.run('export', id);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('- name: Research')]);
    expect(out).not.toContain('pricing');
    cli.use(TOKEN);
    expect((await cli.apply(out)).json.changes).toEqual([]);
    expect((await cli.admin.call('GET', `/accounts/${id}`)).body.pricing.multiplier).toBe('1.25');
  });

  test('of one account is the only one touched', async () => {
    const text = 'version: 1\naccounts: [{name: A}, {name: B}]';
    expect(said((await cli.apply(text, '--account', 'B')).json)).toEqual(['create account B']);
    expect((await cli.apply(text, '--account', 'C')).exitCode).toBe(2);
    expect((await cli.run('export', 'acct_none')).exitCode).toBe(1);
  });
});

async function account(name: string): Promise<Json> {
  return (await cli.admin.call('POST', '/accounts', { name })).body;
}

describe('docs/organisation-file.md', () => {
  const document = readFileSync(new URL('../../docs/organisation-file.md', import.meta.url), 'utf8');

  test('has an example that can be applied', async () => {
    const yaml = /```yaml\n(.*?)```/s.exec(document)?.[1] ?? '';
    expect((await cli.apply(yaml)).json.changes).toHaveLength(7);
    expect((await cli.apply(yaml, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
    for (const name of ['SLACK_URL', 'ACME_HOOK_URL']) vi.stubEnv(name, 'https://hooks.example.com/1');
    vi.stubEnv('ACME_HOOK_SECRET', `whsec_${'c'.repeat(40)}`);
    const second = (document.split('```yaml\n')[2] ?? '').split('```')[0] ?? '';
    const elsewhere = second.replace('name: Acme', 'name: Acme II');
    expect(said((await cli.apply(elsewhere)).json)).toHaveLength(8);
    expect((await cli.apply(elsewhere, '--prune')).json).toMatchObject({ has_changes: false, kept: [] });
    vi.unstubAllEnvs();
  });

  test('names every field of every kind', () => {
    for (const { name, fields } of [accountKind, ...SECTION_KINDS, ...INSTALLATION_KINDS]) {
      const line = document.split('\n').find((one) => one.startsWith(`| ${name} | `)) ?? '';
      for (const field of fields) expect(line).toContain(`\`${field.name}\``);
    }
  });
});

describe('secrets of new keys', () => {
  const KEY = 'version: 1\naccounts: [{name: A, keys: [{name: k}]}]';

  test('go into a new file of the owner’s alone', async () => {
    const path = join(cli.folder, 'secrets.jsonl');
    const made = await cli.apply(KEY, '--secrets-file', path);
    expect(made.exitCode).toBe(0);
    const line = JSON.parse(readFileSync(path, 'utf8'));
    expect(line).toMatchObject({ account: 'A', key: 'k' });
    expect((await cli.admin.directory.findPrincipal(hashKeySecret(line.secret)))?.key.id).toBe(line.key_id);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(made.out + made.error).not.toContain(line.secret);
    const other = await cli.apply(KEY.replaceAll('k}', 'l}'), '--secrets-file', path);
    expect([other.exitCode, other.error]).toEqual([2, expect.stringContaining('is there already')]);
    expect(await readKeys()).toHaveLength(1);
  });

  test('are shown to a person', async () => {
    const { error } = await cli.apply(KEY);
    expect(error).toMatch(/^Keep the secrets now: they are not shown again\.\nA: k: tg_[\w-]{43}\n$/);
  });
});

describe('an apply that breaks off', () => {
  test('is finished by the next, and a change made again after it was undone is made again', async () => {
    const quota = '{scope: account, window: day, limit_usd: 5, models: [no-such-model]}';
    const text = `version: 1\naccounts: [{name: A, teams: [{name: T}], quotas: [${quota}]}]`;
    const broken = await cli.apply(text);
    expect(broken.exitCode).toBe(1);
    expect(broken.error).toContain('2 of 3 changes are made');
    expect(broken.json.changes.map(({ done }: Json) => done)).toEqual([true, true, false]);
    const good = text.replace(', models: [no-such-model]', '');
    expect(said((await cli.apply(good)).json)).toEqual([expect.stringMatching(/^create quota/)]);

    const [{ id }] = (await cli.admin.call('GET', '/accounts')).body.data;
    const readZone = async () => (await cli.admin.call('GET', `/accounts/${id}`)).body.timezone;
    for (const zone of ['Asia/Tokyo', 'Europe/Berlin', 'Asia/Tokyo', 'Europe/Berlin', 'Asia/Tokyo']) {
      expect((await cli.apply(`version: 1\naccounts: [{name: A, timezone: ${zone}}]`)).exitCode).toBe(0);
      expect(await readZone()).toBe(zone);
    }
    const without = 'version: 1\naccounts: [{name: A, teams: [], quotas: []}]';
    for (let round = 0; round < 3; round += 1) {
      await cli.apply(without, '--prune');
      expect((await cli.admin.call('GET', `/accounts/${id}/teams`)).body.data).toEqual([]);
      await cli.apply(good);
      expect((await cli.admin.call('GET', `/accounts/${id}/teams`)).body.data).toHaveLength(1);
      expect((await cli.admin.call('GET', `/accounts/${id}/quotas`)).body.data).toHaveLength(1);
    }
  });

  test('is refused the same again until that is mended, and then not', async () => {
    const { id } = await account('A');
    const path = `/accounts/${id}/quotas`;
    const full = { scope: { type: 'account' }, window: 'total', limit_concurrency: 9 };
    const cells = Array.from({ length: 32 }, () => cli.admin.call('POST', path, full));
    const [first] = await Promise.all(cells);
    const text = 'version: 1\naccounts: [{name: A, quotas: [{scope: account, window: day, limit_usd: 5}]}]';
    for (const _again of [1, 2]) {
      const { exitCode, error } = await cli.apply(text);
      expect([exitCode, error]).toEqual([1, expect.stringContaining('more than 32 quotas')]);
    }
    await cli.admin.call('DELETE', `${path}/${first?.body.id}`);
    expect((await cli.apply(text)).exitCode).toBe(0);
  });

  test('does nothing twice where two run at once', async () => {
    const path = join(cli.folder, 'both.yaml');
    writeFileSync(path, ACME);
    await Promise.all([cli.run('apply', '-f', path), cli.run('apply', '-f', path)]);
    await cli.apply(ACME);
    expect(await cli.exportAll()).toBe(ACME);
    expect((await cli.admin.call('GET', '/accounts')).body.data).toHaveLength(1);
    expect((await cli.apply(ACME)).json.has_changes).toBe(false);
  });
});
