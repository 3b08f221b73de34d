import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LoadedSettings, loadSettings } from '../../src/config/load-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { allSettings } from '../../src/config/settings-table.ts';

const SECRET = 'hunter2-hunter2-hunter2';
const WEBHOOK_SECRET = `whsec_${'A'.repeat(32)}`;

function load(environment: Record<string, string | undefined>, files: Record<string, string> = {}): LoadedSettings {
  return loadSettings({
    environment,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    ownAddresses: ['192.0.2.7', 'tollhouse'],
  });
}

function settingsOf(environment: Record<string, string | undefined>, files: Record<string, string> = {}): Settings {
  const loaded = load(environment, files);
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return loaded.settings;
}

function problemsOf(environment: Record<string, string | undefined>, files: Record<string, string> = {}): string[] {
  const loaded = load(environment, files);
  return loaded.ok ? [] : loaded.problems;
}

describe('defaults', () => {
  test('nothing set is a proxy on loopback with the embedded store', () => {
    expect(settingsOf({})).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      adminHost: '127.0.0.1',
      adminPort: 8788,
      adminToken: undefined,
      anthropicApiKey: undefined,
      upstreamBaseUrl: 'https://api.anthropic.com',
      redisUrl: undefined,
      dataDir: './data',
      workers: 1,
      logLevel: 'info',
      limits: { messagesBodyBytes: 33_554_432, holdLeaseMs: 120_000, holdHeartbeatMs: 30_000 },
    });
  });

  test('an empty value counts as none, as compose files pass them', () => {
    const empty = Object.fromEntries(allSettings.map(({ name }) => [name, ' ']));
    expect(settingsOf(empty)).toEqual(settingsOf({}));
  });

  test('every default passes its own check', () => {
    for (const setting of allSettings.filter((each) => each.default !== undefined)) {
      expect(setting.read(`${setting.default}`), setting.name).toEqual({ ok: true, value: setting.default });
    }
  });

  test('the settings cannot be changed later', () => {
    const settings = settingsOf({});
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.limits)).toBe(true);
  });
});

describe('environment', () => {
  test('each setting is read under its name', () => {
    const settings = settingsOf({
      HOST: '0.0.0.0',
      PORT: '80',
      ADMIN_TOKEN: SECRET,
      WORKERS: 'auto',
      REDIS_URL: 'rediss+cluster://:pw@a:6379,b:6379',
      UPSTREAM_BASE_URL: 'https://gateway.example/claude/',
      LIMIT_JSON_DEPTH: '64',
    });
    expect(settings).toMatchObject({ host: '0.0.0.0', port: 80, adminToken: SECRET, workers: availableParallelism() });
    expect(settings).toMatchObject({ upstreamBaseUrl: 'https://gateway.example/claude', limits: { jsonDepth: 64 } });
  });

  test('ANTHROPIC_BASE_URL is not read', () => {
    expect(settingsOf({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:8787' }).upstreamBaseUrl).toBe(
      'https://api.anthropic.com',
    );
  });

  test.each(['8e3', '0x50', '-1', '65536', '80.0', 'http', '９０'])('%s is no port', (text) => {
    expect(problemsOf({ PORT: text })).toEqual([`PORT: "${text}" is not a whole number, 0 to 65535`]);
  });

  test.each([
    'redis://h',
    'rediss+cluster://u:p@a,b:1',
    'redis+sentinel://a/m?sentinel-password=x',
    '/run/redis.sock',
    'unix:///run/redis.sock?db=1',
  ])('REDIS_URL=%s is taken as it is', (text) => expect(problemsOf({ REDIS_URL: text })).toEqual([]));

  test.each([
    ['HOST', 'a b'],
    ['LOG_LEVEL', 'verbose'],
    ['WORKERS', '0'],
    ['REDIS_URL', 'http://localhost'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'redis+sentinel://a'],
    ['REDIS_URL', 'redis://h/x'],
    ['ADMIN_TOKEN', 'short'],
    ['ANTHROPIC_API_KEY', 'two words'],
    ['UPSTREAM_BASE_URL', 'api.anthropic.com'],
    ['UPSTREAM_BASE_URL', 'ftp://api.anthropic.com'],
    ['UPSTREAM_BASE_URL', 'https://api.anthropic.com?x=1'],
    ['LIMIT_HOLD_LEASE_MS', '0'],
  ])('%s=%s is refused under its name', (name, text) => {
    const problems = problemsOf({ [name]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: .* is not|^${name}: .* has a`));
  });

  test('all problems are told at once', () => {
    const problems = problemsOf({ PORT: 'x', LOG_LEVEL: 'loud', WORKERS: '2', RATE_CARD: 'ok', LIMIT_JSON_DEPTH: '1' });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'LIMIT_JSON_DEPTH',
      'LOG_LEVEL',
      'PORT',
      'WORKERS',
    ]);
  });

  test('a misspelt limit is told, with the one that was meant', () => {
    expect(problemsOf({ LIMIT_JSON_DEPHT: '9' })).toEqual([
      'LIMIT_JSON_DEPHT: no such limit; did you mean LIMIT_JSON_DEPTH?',
    ]);
  });
});

describe('secrets', () => {
  test('come from files too, without the line end', () => {
    expect(settingsOf({ ADMIN_TOKEN_FILE: '/run/token' }, { '/run/token': `${SECRET}\n` }).adminToken).toBe(SECRET);
  });

  test('a value and a file at once is a problem', () => {
    expect(problemsOf({ ADMIN_TOKEN: SECRET, ADMIN_TOKEN_FILE: '/run/token' }, { '/run/token': SECRET })).toEqual([
      'ADMIN_TOKEN: is set, and so is ADMIN_TOKEN_FILE; only one of them may be',
    ]);
  });

  test('an unreadable or empty file is a problem, not "no secret"', () => {
    expect(problemsOf({ ANTHROPIC_API_KEY_FILE: '/gone' })).toEqual([
      'ANTHROPIC_API_KEY_FILE: /gone cannot be read (ENOENT)',
    ]);
    expect(problemsOf({ ANTHROPIC_API_KEY_FILE: '/e' }, { '/e': '\n' })).toEqual([
      'ANTHROPIC_API_KEY_FILE: the value is not a key without a space',
    ]);
  });

  test('never appear in a problem, whatever their name', () => {
    const names = [...allSettings.map(({ name }) => name), ...allSettings.map(({ name }) => `${name}_FILE`)];
    const secretNames = new Set(allSettings.filter(({ secret }) => secret).map(({ name }) => name));
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.constantFrom(' x', '\u0000', '://', ''), (name, damage) => {
        const isSecret = secretNames.has(name.replace(/_FILE$/, ''));
        const environment = { [name]: isSecret ? '/secret' : `https://user:${SECRET}${damage}@host` };
        const problems = problemsOf(environment, { '/secret': SECRET + damage });
        expect(problems.join('\n')).not.toContain(SECRET);
      }),
    );
    for (const name of secretNames) expect(problemsOf({ [name]: `${SECRET} x` }).join('\n')).not.toContain(SECRET);
  });
});

describe('the upstream is not ourselves', () => {
  test.each([
    ['http://127.0.0.1:8787', {}],
    ['http://localhost:8787/', {}],
    ['http://LOCALHOST.:8787/', {}],
    ['http://[::1]:8787', {}],
    ['http://[::ffff:127.0.0.1]:8787', {}],
    ['http://2130706433:8787', {}],
    ['http://127.9.9.9:8788/v1', {}],
    ['http://0.0.0.0:8787', {}],
    ['http://192.0.2.7:8787', { HOST: '0.0.0.0' }],
    ['http://tollhouse:8787', { HOST: '::' }],
    ['http://proxy.example', { HOST: 'proxy.example', PORT: '80' }],
    ['https://proxy.example', { HOST: 'proxy.example', PORT: '443' }],
  ])('%s with %j', (url, environment) => {
    const problems = problemsOf({ UPSTREAM_BASE_URL: url, ...environment });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('calls would go round in a circle');
  });

  test.each([
    ['http://127.0.0.1:9000', {}],
    ['http://192.0.2.7:8787', {}],
    ['http://192.0.2.8:8787', { HOST: '0.0.0.0' }],
    ['https://127.0.0.1', {}],
  ])('%s with %j is another server', (url, environment) => {
    expect(problemsOf({ UPSTREAM_BASE_URL: url, ...environment })).toEqual([]);
  });

  test('credentials in the URL are refused and not shown', () => {
    const [problem, ...more] = problemsOf({ UPSTREAM_BASE_URL: `https://me:${SECRET}@api.example` });
    expect(problem).toMatch(/^UPSTREAM_BASE_URL: the value has credentials/);
    expect(`${problem}${more}`).not.toContain(SECRET);
  });
});

describe('rules between settings', () => {
  test.each([
    [{ PORT: '8788' }, 'ADMIN_PORT'],
    [{ PORT: '8788', ADMIN_HOST: '0.0.0.0' }, 'ADMIN_PORT'],
    [{ WORKERS: '2' }, 'WORKERS'],
    [{ ALERT_WEBHOOK_URL: 'https://hooks.example/x' }, 'ALERT_WEBHOOK_SECRET'],
    [{ LIMIT_HOLD_HEARTBEAT_MS: '70000' }, 'LIMIT_HOLD_HEARTBEAT_MS'],
    [{ LIMIT_INFLATED_BODY_BYTES: '4096' }, 'LIMIT_MESSAGES_BODY_BYTES'],
    [{ LIMIT_CALL_TOTAL_MS: '300000' }, 'LIMIT_UPSTREAM_FIRST_BYTE_MS'],
  ])('%j breaks the rule of %s', (environment, name) => {
    expect(problemsOf(environment).map((problem) => problem.split(':')[0])).toEqual([name]);
  });

  test.each([
    { PORT: '0', ADMIN_PORT: '0' },
    { HOST: '192.0.2.7', PORT: '8788' },
    { WORKERS: '4', REDIS_URL: 'redis://localhost' },
    { ALERT_WEBHOOK_URL: 'https://hooks.example/x', ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET },
  ])('%j keeps them', (environment) => {
    expect(problemsOf(environment)).toEqual([]);
  });

  test('a rule is not asked about a setting that is a problem already', () => {
    expect(problemsOf({ WORKERS: '4', REDIS_URL: 'nonsense' })).toHaveLength(1);
  });
});

describe('the YAML file', () => {
  const at = { TOLLGATE_CONFIG: '/etc/tollgate.yaml' };
  const withFile = (text: string) => ({ '/etc/tollgate.yaml': text });

  test('gives what the environment does not', () => {
    const file = 'port: 9001\nadmin_port: 9002\nlimits:\n  json_depth: 32\nadmin_token_file: /run/token\nredis_url:\n';
    const settings = settingsOf({ ...at, PORT: '9003' }, { ...withFile(file), '/run/token': SECRET });
    expect(settings).toMatchObject({ port: 9003, adminPort: 9002, adminToken: SECRET, limits: { jsonDepth: 32 } });
    expect(settings.redisUrl).toBeUndefined();
  });

  test("a secret of the environment wins over the file's file", () => {
    const settings = settingsOf({ ...at, ADMIN_TOKEN: SECRET }, withFile('admin_token_file: /gone\n'));
    expect(settings.adminToken).toBe(SECRET);
  });

  test('problems name the file and the setting, all at once', () => {
    const file = 'prot: 1\nport: [1]\nlog_level: loud\nlimits: { json_depht: 3, json_depth: 0x20 }\nzzzzzz: 1\n';
    expect(problemsOf(at, withFile(file))).toEqual([
      '/etc/tollgate.yaml: prot: no such setting; did you mean port?',
      '/etc/tollgate.yaml: port: is not a plain value',
      '/etc/tollgate.yaml: limits.json_depht: no such setting; did you mean json_depth?',
      '/etc/tollgate.yaml: zzzzzz: no such setting',
      'LIMIT_JSON_DEPTH (in /etc/tollgate.yaml): "0x20" is not a whole number, 8 to 5000',
      expect.stringMatching(/^LOG_LEVEL \(in \/etc\/tollgate.yaml\): "loud" is not one of/),
    ]);
  });

  test.each([
    ['port: 1\nport: 2\n', 'line 2: is not valid YAML (duplicate key)'],
    ['port: "1\n', 'is not valid YAML'],
    ['- 1\n', 'is not a map of names to values'],
    ['limits: 3\n', 'limits: is not a map of names to values'],
    [`#${'x'.repeat(1_048_576)}`, 'is longer than'],
  ])('%j is a problem', (file, problem) => {
    expect(problemsOf(at, withFile(file))[0]).toContain(problem);
  });

  test('an error of syntax does not quote the file, where secrets may stand', () => {
    expect(problemsOf(at, withFile(`admin_token: "${SECRET}\nport: 1`)).join()).not.toContain(SECRET);
  });

  test('a missing file is a problem; an empty one is none', () => {
    expect(problemsOf(at)).toEqual(['TOLLGATE_CONFIG: /etc/tollgate.yaml cannot be read (ENOENT)']);
    expect(problemsOf(at, withFile('# nothing yet\n'))).toEqual([]);
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.constantFrom(...allSettings.map(({ name }) => name)), fc.string()),
        (text, environment) => {
          expect(load({ ...environment, ...at }, withFile(text))).toHaveProperty('ok');
        },
      ),
    );
  });
});
