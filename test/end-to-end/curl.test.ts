// Goal: what a person pastes into a shell works, and what is odd on the wire gets a clear answer.
// Method: curl against the real process; the banner's own lines, run as they stand.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import { runProgram } from '../support/run-program.ts';
import { spawnTollgate, waitUntilRunning } from '../support/tollgate-process.ts';

const MESSAGE = { model: 'claude-haiku-5-5', max_tokens: 64, messages: [{ role: 'user', content: 'Hello' }] };
const BODY = JSON.stringify(MESSAGE);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-curl-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeOnEachTollgate('curl', (tollgate) => {
  let caller: Caller;
  beforeEach(async () => {
    caller = await tollgate().createCaller();
  });
  afterEach(() => tollgate().expectSettled());

  const curl = async (path: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram('curl', [
      '-sS',
      '--max-time',
      '20',
      `${tollgate().baseUrl}${path}`,
      ...args,
    ]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const asCaller = (): string[] => [
    ...['-H', `x-api-key: ${caller.secret}`],
    ...['-H', 'anthropic-version: 2023-06-01', '-H', 'content-type: application/json'],
  ];
  const STATUS = ['-o', '/dev/null', '-w', '%{http_code}'];

  test('JSON', async () => {
    const message = JSON.parse(await curl('/v1/messages', ...asCaller(), '-d', BODY));
    expect(message).toMatchObject({ type: 'message', model: 'claude-haiku-5-5' });
  });

  test('server-sent events, unbuffered', async () => {
    const body = JSON.stringify({ ...MESSAGE, stream: true });
    const text = await curl('/v1/messages', '-N', '-i', ...asCaller(), '-d', body);
    expect(text).toMatch(/^content-type: text\/event-stream/im);
    expect(text).toMatch(/^event: message_start$/m);
    expect(text.trimEnd()).toMatch(/data: \{"type":"message_stop".*\}$/);
  });

  test('a body above one mebibyte is sent after 100 Continue, and arrives as it is', async () => {
    const large = JSON.stringify({
      ...MESSAGE,
      system: 'Toll roads. '.repeat(30_000),
      metadata: { user_id: 'x'.repeat(900_000) },
    });
    expect(large.length).toBeGreaterThan(1_048_576);
    const file = join(folder, 'large.json');
    writeFileSync(file, large);
    const { stdout, stderr } = await runProgram('curl', [
      '-sSv',
      `${tollgate().baseUrl}/v1/messages`,
      ...asCaller(),
      '-d',
      `@${file}`,
    ]);
    expect(stderr).toMatch(/^> Expect: 100-continue/m);
    expect(stderr).toMatch(/^< HTTP\/1\.1 100 Continue/m);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'message' });
    const { request } = await tollgate().nextCall();
    expect(request.body.toString()).toBe(large);
    expect(request.headers.expect).toBeUndefined();
  });

  test('a gzip-encoded body, and a chunked one', async () => {
    const file = join(folder, 'body.gz');
    writeFileSync(file, gzipSync(BODY));
    const zipped = await curl(
      '/v1/messages',
      ...asCaller(),
      '-H',
      'content-encoding: gzip',
      '--data-binary',
      `@${file}`,
    );
    const chunked = await curl('/v1/messages', ...asCaller(), '-H', 'transfer-encoding: chunked', '-d', BODY);
    for (const text of [zipped, chunked]) expect(JSON.parse(text)).toMatchObject({ type: 'message' });
  });

  test('an answer that may be compressed is not, since its usage is read', async () => {
    const text = await curl('/v1/messages', '-i', '--compressed', ...asCaller(), '-d', BODY);
    expect(text).not.toMatch(/^content-encoding:/im);
    expect((await tollgate().nextCall()).request.headers['accept-encoding']).toBe('identity');
  });

  test('the key as a bearer, and both ways at once', async () => {
    const rest = ['-H', 'anthropic-version: 2023-06-01', '-d', BODY, ...STATUS];
    const bearer = ['-H', `authorization: Bearer ${caller.secret}`];
    expect(await curl('/v1/messages', ...bearer, ...rest)).toBe('200');
    expect(await curl('/v1/messages', ...bearer, '-H', `x-api-key: ${caller.secret}`, ...rest)).toBe('200');
  });

  test('HEAD / says that there is a server; liveness, readiness and the balance answer', async () => {
    expect(await curl('/', '-I', ...STATUS)).toBe('200');
    expect(await curl('/livez', ...STATUS)).toBe('200');
    expect(await curl('/readyz', ...STATUS)).toBe('200');
    const balance = JSON.parse(await curl('/v1/balance', ...asCaller()));
    expect(balance.balance).toMatchObject({ granted_usd: '100.00', available_usd: '100.00' });
  });

  test.each([
    '//v1/messages',
    '/v1//messages',
    '/v1/./messages',
    '/v1/models/../messages',
    '/%76%31/messages',
    '/v1/messages%2f',
    '/v1/messages/',
    '/v1/messages;a=b',
    '/v1/messages%00',
    '/V1/messages',
    '/v1/messages/batches/../x',
    '/v1/complete',
    '/v1/organizations/usage_report/messages',
    '/admin/v1/accounts',
    '/metrics',
  ])('%s is not found and nothing goes upstream', async (path) => {
    const before = tollgate().api.counters.requests;
    const text = await curl(path, '--path-as-is', ...asCaller(), '-d', BODY, '-w', '\n%{http_code}');
    const [envelope, status] = text.split('\n');
    expect(status).toBe('404');
    expect(JSON.parse(envelope!)).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    expect(tollgate().api.counters.requests).toBe(before);
  });

  test.each([
    ['no JSON', '{"model":'],
    ['a list', '[]'],
    ['an empty body', ''],
    ['two models', `{"model":"claude-haiku-5-5",${BODY.slice(1)}`],
    ['no limit of tokens', '{"model":"claude-haiku-5-5","messages":[]}'],
    ['a million brackets', '['.repeat(1_000_000)],
    [
      'a nest within a message',
      `{"model":"claude-haiku-5-5","max_tokens":1,"messages":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    ],
    ['a broken gzip body', 'gzip'],
  ])('%s is refused with a 400, and nothing goes upstream', async (name, body) => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, body);
    const encoding = name.includes('gzip') ? ['-H', 'content-encoding: gzip'] : [];
    const before = tollgate().api.counters.requests;
    const text = await curl(
      '/v1/messages',
      ...asCaller(),
      ...encoding,
      '--data-binary',
      `@${file}`,
      '-w',
      '\n%{http_code}',
    );
    const [envelope, status] = text.split('\n');
    expect(status).toBe('400');
    expect(JSON.parse(envelope!)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    expect(tollgate().api.counters.requests).toBe(before);
  });
});

describe('the banner of a start without a key', () => {
  test('its curl and SDK lines work as they stand, and a second start shows the same account', async () => {
    const data = join(folder, 'data');
    const first = spawnTollgate(data);
    await waitUntilRunning(first);
    const banner = first.stdout();
    expect(banner).toMatch(/SIMULATED Claude API/);
    const [message, balance] = [...banner.matchAll(/curl .*$/gm)].map(([line]) => line);
    const answer = await runProgram('sh', ['-c', message!]);
    expect(JSON.parse(answer.stdout)).toMatchObject({ type: 'message' });

    const script = banner.match(/^ {4}import Anthropic [\s\S]*?^ {4}console\.log.*$/m)?.[0];
    expect(script?.trim().split('\n')).toHaveLength(2);
    const project = join(folder, 'sdk');
    mkdirSync(project);
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(project, 'node_modules'));
    writeFileSync(join(project, 'example.mjs'), script!);
    const program = await runProgram(process.execPath, ['example.mjs'], { folder: project });
    expect(program).toMatchObject({ code: 0, stdout: expect.stringContaining("type: 'message'") });

    const left = JSON.parse((await runProgram('sh', ['-c', balance!])).stdout);
    expect(Number(left.balance.charged_usd)).toBeGreaterThan(0);
    expect(Number(left.balance.available_usd)).toBeLessThan(25);
    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });

    const second = spawnTollgate(data);
    await waitUntilRunning(second);
    const key = /^ {4}(tg_\S+)$/m;
    expect(key.exec(second.stdout())?.[1]).toBe(key.exec(banner)?.[1]);
    expect(second.stdout()).toContain(`with $${left.balance.available_usd} of credit`);
    second.signal('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
  });
});
