import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { askUpstream } from '../../src/doctor/ask-upstream.ts';
import { checkUpstream } from '../../src/doctor/check-upstream.ts';
import { runCliProcess } from '../cli/cli-under-test.ts';
import { findFreePort } from '../support/free-port.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-doctor-upstream-'));
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
beforeAll(() => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, '-days', '3', ...subject], {
    stdio: 'ignore',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function serve(answer: RequestListener, tls = false): Promise<string> {
  const options = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  const server = tls ? createTlsServer(options, answer) : createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${(server.address() as AddressInfo).port}`;
}

async function look(baseUrl: string, apiKey = UPSTREAM_KEY, nowMs = Date.now) {
  const answer = await askUpstream({ baseUrl, apiKey, timeoutMs: 1_000, nowMs });
  const found = checkUpstream(answer, { baseUrl, nowMs: nowMs() });
  return { answer, found: found.map(({ check, status, says }) => `${status}: ${check}: ${says}`) };
}

test('takes the key, lists models and tells the time', async () => {
  await using api = await startSimulatedApi();
  const { answer, found } = await look(api.baseUrl);
  expect(found).toEqual([`ok: upstream: ${api.baseUrl} takes the key`]);
  expect(answer.models).toContain('claude-opus-4-6');
  expect(Math.abs(answer.skewMs ?? 9e9)).toBeLessThan(2_000);
  expect(api.bill().totalNanoUsd).toBe(0n);
  const late = await look(api.baseUrl, UPSTREAM_KEY, () => Date.now() - 3_600_000);
  expect(Math.round((late.answer.skewMs ?? 0) / 60_000)).toBe(60);
});

test('refuses the key, is something else, or is away', async () => {
  await using api = await startSimulatedApi();
  expect((await look(api.baseUrl, 'sk-ant-wrong')).found[0]).toMatch(/^problem: upstream: .* refuses the key \(401\)$/);
  const forbidding = await serve((_request, response) => response.writeHead(403).end());
  expect((await look(forbidding)).found).toEqual([`problem: upstream: ${forbidding} forbids the key (403)`]);
  const other = await serve((_request, response) => response.end('<html>'));
  expect((await look(other)).found[0]).toContain('but not as the Claude API does');
  const ill = await serve((_request, response) => response.writeHead(529).end());
  expect((await look(ill)).found).toEqual([`warning: upstream: ${ill} answers 529`]);
  const silent = await serve(() => undefined);
  expect((await look(silent)).found).toEqual([
    `problem: upstream: ${silent} does not answer: no answer within 1000 ms`,
  ]);
  const dripping = await serve((_request, response) => {
    response.writeHead(200).write('{');
  });
  expect((await look(dripping)).found[0]).toMatch(/^problem: upstream: .* does not answer/);
  const closed = `http://127.0.0.1:${await findFreePort()}`;
  expect((await look(closed)).found[0]).toContain('ECONNREFUSED');
  expect(checkUpstream(undefined, { baseUrl: closed, nowMs: 0 })[0]?.status).toBe('warning');
});

test('has a certificate that is not believed', async () => {
  const url = await serve((_request, response) => response.end(), true);
  const { found } = await look(url);
  expect(found).toEqual([
    expect.stringMatching(/^problem: tls: the certificate of localhost is not believed: self-signed/),
  ]);
});

test('is not encrypted', () => {
  const answer = { status: 200, models: [] };
  const [, found] = checkUpstream(answer, { baseUrl: 'http://api.example.com', nowMs: 0 });
  expect(found).toMatchObject({ check: 'tls', status: 'warning' });
});

interface Shown {
  ok: boolean;
  findings: { check: string; status: string; says: string }[];
}

async function runDoctor(environment: { [name: string]: string }) {
  const ports = { PORT: '0', ADMIN_PORT: '0', DATA_DIR: join(folder, 'data') };
  const { exitCode, out, error } = await runCliProcess(['doctor', '--json'], { ...ports, ...environment });
  return { exitCode, error, text: out + error, shown: JSON.parse(out) as Shown };
}

test('the whole of it: all well, with an upstream whose certificate ends soon', async () => {
  const server = await startRedisServer();
  ended.push(() => server.stop());
  await using api = await startSimulatedApi();
  const url = await serve((request, response) => {
    void fetch(`${api.baseUrl}${request.url}`, { headers: { 'x-api-key': `${request.headers['x-api-key']}` } }).then(
      async (answer) => response.writeHead(answer.status).end(await answer.text()),
    );
  }, true);
  const environment = {
    ...{ ANTHROPIC_API_KEY: UPSTREAM_KEY, UPSTREAM_BASE_URL: url, NODE_EXTRA_CA_CERTS: certFile },
    ...{ REDIS_URL: server.url, ADMIN_TOKEN: 'tga_a-token-for-the-doctor' },
  };
  const { exitCode, shown, text } = await runDoctor(environment);
  expect([exitCode, shown.ok]).toEqual([0, true]);
  const tls = shown.findings.find(({ check }) => check === 'tls');
  expect(tls).toMatchObject({ status: 'warning', says: 'the certificate of localhost is valid for 2 more days' });
  expect([...new Set(shown.findings.map(({ check }) => check))]).toEqual([
    ...['node', 'configuration', 'data folder', 'store', 'upstream', 'tls', 'clock', 'rate card'],
    ...['public listener', 'admin listener'],
  ]);
  expect(shown.findings.filter(({ check }) => check === 'clock')).toHaveLength(2);
  expect(text).not.toContain(UPSTREAM_KEY);
  const shownToPeople = await runCliProcess(['doctor'], {
    ...environment,
    DATA_DIR: folder,
    PORT: '0',
    ADMIN_PORT: '0',
  });
  expect(shownToPeople.out).toMatch(/^ok {7}node {12}Node /);
  expect(shownToPeople.out).toMatch(/No problem, \d to look at\.\n$/);
});

test('a configuration with mistakes is told at once, and without its secrets', async () => {
  const { exitCode, shown, text } = await runDoctor({
    PORT: 'x',
    LIMIT_JSON_DEPHT: '3',
    ADMIN_TOKEN: 'short-secret',
    REDIS_URL: 'redis://u:pass-word@',
  });
  expect([exitCode, shown.ok]).toEqual([1, false]);
  expect(shown.findings.filter(({ status }) => status === 'problem').length).toBe(4);
  expect(text).not.toMatch(/short-secret|pass-word/);
});
