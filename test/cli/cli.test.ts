import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashKeySecret } from '../../src/directory/key-secret.ts';
import { TOKEN } from '../admin/admin-under-test.ts';
import { findFreePort } from '../support/free-port.ts';
import { type CliUnderTest, openCli, runCliProcess } from './cli-under-test.ts';

let cli: CliUnderTest;
let folder: string;
beforeAll(async () => {
  cli = await openCli();
  folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cli.close();
});

const MODELS = ['claude-haiku-4-5', 'claude-sonnet-4-6'];

describe('an operator', () => {
  test('limits a team, raises the limit for a while and lets go of it', async () => {
    const account = await cli.json('account', 'create', 'Limited');
    const team = await cli.json('team', 'create', account.id, 'Research');
    const on = ['--team', team.id, '--window', 'month', '--anchor-day', '15', '--limit-usd', '50', '--model', 'opus'];
    const quota = await cli.json('quota', 'create', account.id, ...on);
    expect(quota).toMatchObject({
      scope: { type: 'team', id: team.id },
      window: 'month',
      anchor_day: 15,
      limit_usd: '50.00',
      models: ['opus'],
      mode: 'hard',
    });
    const open = ['--window', 'total', '--limit-concurrency', '3', '--mode', 'soft'];
    expect(await cli.json('quota', 'create', account.id, ...open)).toMatchObject({ scope: { id: account.id } });
    const { out } = await cli.run('quota', 'list', account.id);
    expect(out).toMatch(/^ID +SCOPE +OF +WINDOW +MEASURE +LIMIT +USED +HELD +ROOM +MODE/);
    expect(out).toMatch(/ team +team_\w+ +month +usd +50\.00 +0\.00 +0\.00 +50\.00 +hard +opus /);
    expect(out).toMatch(/ account +acct_\w+ +total +concurrency +3 +0 +0 +3 +soft/);

    const until = '2999-01-01T00:00:00Z';
    expect(await cli.json('quota', 'raise', account.id, quota.id, '--limit-usd', '80', '--until', until)).toMatchObject(
      {
        current_limit_usd: '80.00',
      },
    );
    const settled = ['--limit-usd', '60', '--mode', 'shadow', '--no-models', '--no-raises'];
    const changed = await cli.json('quota', 'update', account.id, quota.id, ...settled);
    expect(changed).toMatchObject({ current_limit_usd: '60.00', mode: 'shadow', models: null, raises: [] });
    expect(await cli.json('quota', 'show', account.id, quota.id)).toEqual(changed);
    expect((await cli.run('quota', 'delete', account.id, quota.id)).out).toBe(`Deleted ${quota.id}.\n`);
    const both = await cli.run('quota', 'create', account.id, '--team', team.id, '--key', 'key_x', '--window', 'day');
    expect(both.exitCode).toBe(2);
    const none = await cli.run('quota', 'create', account.id, '--window', 'day');
    expect([none.exitCode, none.error]).toEqual([1, expect.stringContaining('limit_usd')]);
  });

  test('hands out an access token that the command line works with, and takes it back', async () => {
    const account = await cli.json('account', 'create', 'Tokens');
    const team = await cli.json('team', 'create', account.id, 'Red');
    const made = await cli.json(
      'token',
      'create',
      'lead',
      '--role',
      'admin',
      '--account',
      account.id,
      '--team',
      team.id,
    );
    expect(made).toMatchObject({ role: 'admin', scope: { type: 'team', account_id: account.id, team_id: team.id } });
    const shown = await cli.run('token', 'create', 'all', '--role', 'viewer', '--no-expires-at');
    expect(shown.out).toMatch(/^secret +tga_[\w-]{43}$/m);
    expect(shown.out).toMatch(/^expires_at +-?$/m);
    expect(shown.error).toMatch(/Keep the secret now/);
    const environment = { TOLLGATE_ADMIN_URL: cli.url, TOLLGATE_ADMIN_TOKEN: made.secret };
    const asLead = (...args: string[]) => runCliProcess(args, environment);
    expect((await asLead('whoami')).out).toMatch(/^role +admin$/m);
    expect((await asLead('key', 'create', account.id, 'laptop')).exitCode).toBe(0);
    const refused = await asLead('grant', 'list', account.id);
    expect([refused.exitCode, refused.error]).toEqual([1, expect.stringContaining('The token may not do this (403)')]);
    const { out } = await cli.run('token', 'list', '--account', account.id);
    expect(out).toMatch(/^ID +NAME +ROLE +SCOPE +ACCOUNT +TEAM +STATUS/);
    expect(out.trim().split('\n')).toHaveLength(2);
    const rotated = await cli.json('token', 'rotate', made.id, '--valid-days', '7', '--grace-seconds', '60');
    expect([rotated.id, rotated.secret === made.secret]).toEqual([made.id, false]);
    expect((await cli.json('token', 'show', made.id)).expires_at).toBe(rotated.expires_at);
    expect((await cli.json('token', 'revoke', made.id)).status).toBe('revoked');
    expect((await asLead('whoami')).exitCode).toBe(1);
  });

  test('applies what comes by the standard input, and keeps secrets out of a log', async () => {
    const environment = { TOLLGATE_ADMIN_URL: cli.url, TOLLGATE_ADMIN_TOKEN: TOKEN };
    const apply = (yaml: string, ...more: string[]) =>
      runCliProcess(['apply', '-f', '-', ...more], environment, folder, yaml);
    const keyed = 'version: 1\naccounts: [{name: Piped, keys: [{name: k}]}]';
    const refused = await apply(keyed);
    expect([refused.exitCode, refused.error]).toEqual([2, expect.stringContaining('name a --secrets-file')]);
    const wrong = await apply('version: 1\naccounts: [{nam: x}]', '--dry-run');
    expect([wrong.exitCode, wrong.error]).toEqual([
      1,
      expect.stringContaining('-:2:13: accounts[0].nam: no such field'),
    ]);
    const made = await apply(keyed, '--secrets-file', join(folder, 'piped.jsonl'));
    expect([made.exitCode, made.out]).toEqual([0, expect.stringContaining('+ Piped: key k\n')]);
    expect((await apply(keyed, '--dry-run', '--detailed-exitcode')).exitCode).toBe(0);
    const nowhere = await runCliProcess(
      ['apply', '-f', '-'],
      { ...environment, TOLLGATE_ADMIN_URL: 'http://127.0.0.1:9' },
      folder,
      keyed,
    );
    expect(nowhere.exitCode).toBe(3);
  });

  test('lists page by page, or all', async () => {
    const account = await cli.json('account', 'create', 'Many');
    const path = `/accounts/${account.id}/teams`;
    for (let count = 0; count < 5; count += 1) await cli.admin.call('POST', path, { name: `T${count}` });
    const first = await cli.run('team', 'list', account.id, '--limit', '2');
    expect(first.out.split('\n')).toHaveLength(4);
    expect(first.error).toMatch(/^There is more: --after team_/);
    const all = await cli.run('team', 'list', account.id, '--limit', '2', '--all');
    expect([all.out.split('\n').length, all.error]).toEqual([7, '']);
    const { data, has_more: hasMore } = await cli.json('team', 'list', account.id, '--limit', '2', '--all');
    expect([data.length, hasMore]).toEqual([5, false]);
    const levels = await cli.json('account', 'update', account.id, '--low-balance-usd', '5');
    expect(levels.low_balance_usd).toEqual(['5.00']);
    expect((await cli.json('account', 'update', account.id, '--no-low-balance-usd')).low_balance_usd).toEqual([]);
  });

  test('opens an account, grants credit, hands out a key and takes it all back', async () => {
    const account = await cli.json(
      'account',
      'create',
      'Acme',
      '--timezone',
      'Europe/Berlin',
      '--low-balance-usd',
      '5',
      '20',
    );
    expect(account).toMatchObject({ name: 'Acme', timezone: 'Europe/Berlin', low_balance_usd: ['20.00', '5.00'] });
    const grant = await cli.json(
      'grant',
      'create',
      account.id,
      '--amount-usd',
      '25',
      '--valid-days',
      '30',
      '--note',
      'hi',
    );
    expect(grant).toMatchObject({ amount_usd: '25.00', kind: 'paid', expires_at: '2026-12-21T09:30:00.000Z' });
    const team = await cli.json('team', 'create', account.id, 'Research');
    const member = await cli.json(
      'member',
      'create',
      account.id,
      'Ada',
      '--email',
      'ada@example.com',
      '--team',
      team.id,
    );
    const key = await cli.json('key', 'create', account.id, 'laptop', '--member', member.id, '--model', ...MODELS);
    expect(key).toMatchObject({ member_id: member.id, allowed_models: MODELS });
    expect((await cli.admin.directory.findPrincipal(hashKeySecret(key.secret)))?.key.id).toBe(key.id);

    const freed = await cli.json('key', 'update', account.id, key.id, '--no-member', '--no-model', '--name', 'desk');
    expect(freed).toMatchObject({ name: 'desk', member_id: null, allowed_models: null });
    const rotated = await cli.json('key', 'rotate', account.id, key.id, '--grace-seconds', '60');
    expect(rotated.secret).not.toBe(key.secret);
    expect((await cli.json('key', 'revoke', account.id, key.id)).status).toBe('revoked');
    expect((await cli.json('key', 'show', account.id, key.id)).secret).toBeUndefined();
    expect(await cli.json('member', 'update', account.id, member.id, '--no-team', '--no-email')).toMatchObject({
      team_id: null,
      email: null,
    });
    expect((await cli.json('team', 'update', account.id, team.id, '--name', 'R&D')).name).toBe('R&D');
    expect((await cli.run('team', 'delete', account.id, team.id)).out).toBe(`Deleted ${team.id}.\n`);
    expect((await cli.json('grant', 'void', account.id, grant.id)).status).toBe('voided');
    expect((await cli.json('account', 'update', account.id, '--status', 'frozen')).status).toBe('frozen');
    expect((await cli.json('journal', account.id)).data.map((entry: { operation: string }) => entry.operation)).toEqual(
      ['open', 'grant', 'void', 'policy'],
    );
  });

  test('reads tables, with the next page named', async () => {
    const { id } = await cli.json('account', 'create', 'Tables');
    for (const amount of ['1', '1000.5']) await cli.json('grant', 'create', id, '--amount-usd', amount);
    const all = await cli.run('grant', 'list', id);
    const lines = all.out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^ID +KIND +STATUS +PRIORITY +AMOUNT USD +REMAINING USD/);
    const end = (lines[0] ?? '').indexOf('AMOUNT USD') + 'AMOUNT USD'.length;
    expect(lines[1]?.slice(0, end)).toMatch(/ 1\.00$/);
    expect(lines[2]?.slice(0, end)).toMatch(/ 1000\.50$/);
    const first = await cli.run('grant', 'list', id, '--limit', '1');
    const after = /--after (grant_\w+)/.exec(first.error)?.[1] ?? '';
    expect((await cli.run('grant', 'list', id, '--limit', '1', '--after', after)).out).toContain('1000.50');
    expect((await cli.run('key', 'list', id)).out).toBe('None.\n');
    expect((await cli.run('account', 'show', id)).out).toMatch(/^balance\.available_usd +1001\.50$/m);
  });

  test('gets the journal as CSV, whole lines and nothing else', async () => {
    const { id } = await cli.json('account', 'create', 'CSV');
    await cli.json('grant', 'create', id, '--amount-usd', '1');
    const { out, error } = await cli.run('journal', id, '--csv', '--limit', '1');
    expect(out.trimEnd().split('\r\n')).toHaveLength(2);
    expect(error).toContain('--after 1');
  });

  test('sees a secret once, with a word of warning apart from it', async () => {
    const { id } = await cli.json('account', 'create', 'Secrets');
    const { out, error } = await cli.run('key', 'create', id, 'k');
    expect(out).toMatch(/^secret +tg_[\w-]{43}$/m);
    expect(error).toMatch(/not shown again/);
    expect((await cli.run('key', 'list', id)).out).not.toMatch(/tg_[\w-]{43}/);
  });

  test('closes an account only when that is said twice', async () => {
    const { id } = await cli.json('account', 'create', 'Closing');
    const refused = await cli.run('account', 'close', id);
    expect([refused.exitCode, refused.error]).toEqual([2, expect.stringContaining('--yes')]);
    expect((await cli.json('account', 'show', id)).status).toBe('open');
    expect((await cli.json('account', 'close', id, '--yes')).status).toBe('closed');
  });

  test('sends a write again under its idempotency key', async () => {
    const { id } = await cli.json('account', 'create', 'Again');
    const args = ['grant', 'create', id, '--amount-usd', '5', '--idempotency-key', 'order-1'];
    expect(await cli.json(...args)).toEqual(await cli.json(...args));
    expect((await cli.json('account', 'show', id)).balance.granted_usd).toBe('5.00');
  });

  test('cannot be fooled by a name that draws on the terminal', async () => {
    const { id } = await cli.json('account', 'create', 'Drawn');
    await cli.admin.directory.createTeam({ id: 'team_evil', accountId: id, name: 'a\u001b[2Jb\r\nc', createdAtMs: 1 });
    const { out } = await cli.run('team', 'list', id);
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('exit codes', () => {
  test('1 for a refusal, with every field on a line of its own', async () => {
    const { exitCode, out, error } = await cli.run('account', 'create', ' x', '--mode', 'barter', '--timezone', 'Mars');
    expect([exitCode, out]).toEqual([1, '']);
    expect(error.trimEnd().split('\n')).toEqual([
      'tollgate: The request is not valid (400):',
      expect.stringMatching(/^ {2}name: must be text/),
      expect.stringMatching(/^ {2}timezone: must be an IANA time zone/),
      '  mode: must be one of prepaid, postpaid',
    ]);
    expect((await cli.run('account', 'show', 'acct_none')).error).toBe(
      'tollgate: Not found (404): There is no such account.\n',
    );
  });

  test('1 for a wrong token, which is not shown', async () => {
    const environment = { TOLLGATE_ADMIN_URL: cli.url, TOLLGATE_ADMIN_TOKEN: 'tga_wrong-token' };
    const { exitCode, error } = await runCliProcess(['account', 'list'], environment);
    expect([exitCode, error]).toEqual([1, expect.stringContaining('(401)')]);
    expect(error).not.toContain('tga_wrong-token');
  });

  test.each([
    [['account', 'lst']],
    [['account', 'show']],
    [['account', 'show', 'a', 'b']],
    [['account', 'list', '--limit', 'ten']],
    [['grant', 'create', 'acct_x']],
    [['--colour']],
    [[]],
    [['account']],
  ])('2 for %j', async (args) => {
    const { exitCode, out, error } = await cli.run(...args);
    expect([exitCode, out]).toEqual([2, '']);
    expect(error).toMatch(/^(?:error: .*\n(?:\(Did you mean .*\n)?\(--help says more\)|Usage: tollgate)/);
  });

  test.each<[string, { [name: string]: string }, RegExp]>([
    ['no token for another machine', { TOLLGATE_ADMIN_URL: 'http://192.0.2.1:1' }, /^tollgate: no admin token: set/],
    ['a URL that is none', { TOLLGATE_ADMIN_URL: 'localhost:8788', TOLLGATE_ADMIN_TOKEN: 'x' }, /the admin URL is not/],
    ['two tokens', { TOLLGATE_ADMIN_TOKEN: 'x', TOLLGATE_ADMIN_TOKEN_FILE: '/x' }, /are both set/],
    ['a token with a line break', { TOLLGATE_ADMIN_TOKEN: 'a\r\nb: c' }, /TOLLGATE_ADMIN_TOKEN holds no token/],
    ['a token file that is missing', { TOLLGATE_ADMIN_TOKEN_FILE: '/nowhere' }, /\(ENOENT\)/],
  ])('2 for %s', async (_name, environment, message) => {
    const { exitCode, error } = await runCliProcess(['account', 'list'], environment);
    expect([exitCode, error]).toEqual([2, expect.stringMatching(message)]);
  });

  test('3 when nothing answers', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const { exitCode, error } = await runCliProcess(['account', 'list', '--admin-url', url], {
      TOLLGATE_ADMIN_TOKEN: TOKEN,
    });
    expect([exitCode, error]).toEqual([
      3,
      expect.stringMatching(new RegExp(`^tollgate: no answer from ${url}: ECONNREFUSED`)),
    ]);
  });

  test('3 for a redirect: the token goes nowhere else', async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const redirecting = createServer((_request, response) => {
      const { port } = elsewhere.address() as AddressInfo;
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
    });
    await Promise.all([elsewhere, redirecting].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
    const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    const { exitCode } = await runCliProcess(['account', 'list', '--admin-url', url], { TOLLGATE_ADMIN_TOKEN: TOKEN });
    expect([exitCode, seen]).toEqual([3, []]);
    elsewhere.close();
    redirecting.close();
  });
});

describe('finding the admin API', () => {
  test('on this machine by the data folder and the port of its listener', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'admin-token'), `${TOKEN}\n`);
    const port = new URL(cli.url).port;
    const byDefault = await runCliProcess(
      ['account', 'list', '--json'],
      { ADMIN_PORT: port, ADMIN_HOST: '0.0.0.0' },
      folder,
    );
    expect([byDefault.exitCode, byDefault.error]).toEqual([0, '']);
    const named = await runCliProcess(['account', 'list'], { ADMIN_PORT: port, DATA_DIR: join(folder, 'data') });
    expect(named.exitCode).toBe(0);
  });

  test('with a token from a file', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const environment = { TOLLGATE_ADMIN_URL: `${cli.url}/`, TOLLGATE_ADMIN_TOKEN_FILE: file };
    expect((await runCliProcess(['account', 'list'], environment)).exitCode).toBe(0);
  });
});

describe('without an admin API', () => {
  test('help is there for every command', async () => {
    const { exitCode, out } = await runCliProcess(['help']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('Exit codes: 0 done')]);
    const key = await runCliProcess(['key', 'update', '--help']);
    expect([key.exitCode, key.out]).toEqual([0, expect.stringContaining('--no-expires-at')]);
    expect(key.out).toContain('--idempotency-key');
  });

  test('the shipped rate card is checked', async () => {
    const { exitCode, out } = await runCliProcess(['rate-card', 'check']);
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/version .*, \d+ models, no problems\.\n$/)]);
  });

  test.each<[string, string, RegExp]>([
    ['broken.json', '{"version":', /is not JSON/],
    ['wrong.json', '{"version":"1","models":[{"id":"m"}]}', /wrong\.json:\n {2}\S/],
  ])('a rate card %s is refused with its problems', async (name, content, message) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    const { exitCode, out, error } = await runCliProcess(['rate-card', 'check', file]);
    expect([exitCode, out, error]).toEqual([1, '', expect.stringMatching(message)]);
    const json = await runCliProcess(['rate-card', 'check'], { RATE_CARD: file });
    expect(json.exitCode).toBe(1);
  });

  test('a rate card that is not there is wrong use', async () => {
    expect((await runCliProcess(['rate-card', 'check', join(folder, 'none.json')])).exitCode).toBe(2);
  });
});
