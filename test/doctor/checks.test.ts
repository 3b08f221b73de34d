import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { checkClock } from '../../src/doctor/check-clock.ts';
import { checkDataFolder } from '../../src/doctor/check-data-folder.ts';
import { checkListener } from '../../src/doctor/check-listeners.ts';
import { checkNode } from '../../src/doctor/check-node.ts';
import { checkRateCard } from '../../src/doctor/check-rate-card.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { parseRateCard } from '../../src/domain/rate-card.ts';
import { openAdmin } from '../admin/admin-under-test.ts';
import { findFreePort } from '../support/free-port.ts';
import { loadRateCard } from '../support/shared-parts.ts';

const root = mkdtempSync(join(tmpdir(), 'tollgate-doctor-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

const brief = (findings: readonly Finding[]): string[] => findings.map(({ status, says }) => `${status}: ${says}`);

test.each([
  ['26.1.0', 'ok'],
  ['22.19.0', 'ok'],
  ['22.18.9', 'problem'],
  ['20.20.2', 'problem'],
])('Node %s: %s', (version, status) => {
  expect(checkNode(version).map((finding) => finding.status)).toEqual([status]);
});

test('a data folder that is not there, is no folder, or cannot be made', () => {
  expect(brief(checkDataFolder(join(root, 'a/b')))).toEqual([
    `ok: ${join(root, 'a/b')} is not there yet; the first start makes it`,
  ]);
  writeFileSync(join(root, 'file'), '');
  expect(brief(checkDataFolder(join(root, 'file')))).toEqual([`problem: ${join(root, 'file')} is no folder`]);
  // Nobody makes folders there, not even root.
  expect(brief(checkDataFolder('/proc/tollgate/data'))).toEqual([
    'problem: /proc/tollgate/data is not there, and cannot be made in /proc (ENOENT)',
  ]);
  expect(brief(checkDataFolder('/proc'))).toEqual(['problem: /proc cannot be written to (ENOENT)']);
});

test('a data folder that others can look into, that is nearly full, in which settles wait', () => {
  const folder = join(root, 'data');
  mkdirSync(folder, { mode: 0o700 });
  expect(checkDataFolder(folder)).toEqual([expect.objectContaining({ status: 'ok' })]);
  const full = (free: number) => checkDataFolder(folder, { readFreeBytes: () => free }).map(({ status }) => status);
  expect([full(2 ** 40), full(2 ** 29), full(2 ** 20), full(0)]).toEqual([
    ['ok'],
    ['warning'],
    ['problem'],
    ['problem'],
  ]);
  mkdirSync(join(folder, 'worker-2'));
  writeFileSync(join(folder, 'settle-spool.jsonl'), 'x'.repeat(1_000));
  writeFileSync(join(folder, 'worker-2', 'settle-spool.jsonl'), 'x'.repeat(2_000));
  writeFileSync(join(folder, 'admin-token'), 'x', { mode: 0o644 });
  expect(brief(checkDataFolder(folder))).toEqual(['warning: the settle spool has 2.9 KiB: settles may wait in it']);
  chmodSync(folder, 0o755);
  expect(brief(checkDataFolder(folder))[0]).toContain(`can look into ${folder}, ${join(folder, 'settle-spool.jsonl')}`);
});

test('a clock that is off', () => {
  const at = (skewMs: number) => checkClock([{ whose: 'Redis', skewMs }]).flatMap(({ status, says }) => [status, says]);
  expect(at(400)).toEqual(['ok', 'this machine is 0.4 s behind Redis']);
  expect(at(-16_000)).toEqual(['warning', 'this machine is 16 s ahead of Redis']);
  expect(at(30_001)).toEqual(['problem', 'this machine is 30 s behind Redis']);
  expect(checkClock([]).map(({ status }) => status)).toEqual(['warning']);
});

test('a rate card that is wrong, old, or lacks what the API has', () => {
  const card = loadRateCard();
  const nowMs = Date.parse(card.asOf);
  const good = { ok: true, card } as const;
  expect(checkRateCard(good, { listedModels: ['claude-opus-4-6'], nowMs })).toEqual([
    expect.objectContaining({ status: 'ok', says: expect.stringContaining('the API lists 1') }),
  ]);
  expect(brief(checkRateCard(good, { listedModels: ['claude-next-9', 'claude-opus-4-6'], nowMs }))[1]).toBe(
    'warning: calls of claude-next-9 are refused: the API lists them, the card does not',
  );
  const stand = { ok: true, card: { ...card, unknownModelPricedAs: 'claude-opus-4-6' } } as const;
  expect(brief(checkRateCard(stand, { listedModels: ['claude-next-9'], nowMs }))[1]).toContain(
    'are priced as claude-opus-4-6',
  );
  expect(brief(checkRateCard(good, { listedModels: undefined, nowMs: nowMs + 91 * 86_400_000 }))[1]).toContain(
    '91 days ago',
  );
  const wrong = parseRateCard({ version: '1', models: [{ id: 'A' }] });
  expect(checkRateCard(wrong, { listedModels: undefined, nowMs }).length).toBeGreaterThan(2);
});

const admin = (port: number, host = '127.0.0.1') =>
  checkListener({ name: 'admin listener', host, port, settings: 'ADMIN_HOST and ADMIN_PORT' });

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(async () => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a port that is free, not ours to take, or taken by something else', async () => {
  const free = await findFreePort();
  expect(brief(await admin(free))).toEqual([`ok: 127.0.0.1:${free} is free; no Tollgate runs there`]);
  expect(brief(await admin(0))).toEqual(["ok: 127.0.0.1, on a port of the system's choice"]);
  expect(brief(await admin(free, '192.0.2.1'))).toEqual([
    `problem: 192.0.2.1:${free} cannot be listened on (EADDRNOTAVAIL)`,
  ]);
  const bytes = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  const http = createHttpServer((_request, response) => response.end('{"status":"green"}'));
  for (const server of [bytes, http]) {
    const port = await listen(server);
    expect(brief(await admin(port))).toEqual([`problem: 127.0.0.1:${port} is in use by something else`]);
  }
});

test('a Tollgate that runs, ready or not', async () => {
  let ready = true;
  const app = await openAdmin(() => ({
    readiness: async () => ({
      ready,
      checks: { process: 'ok', ledger: ready ? 'ok' : 'the ledger does not take writes' },
    }),
  }));
  ended.push(() => app.close());
  await app.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.app.server.address() as AddressInfo;
  expect(brief(await admin(port))).toEqual([`ok: a Tollgate runs at 127.0.0.1:${port} and is ready`]);
  ready = false;
  expect(brief(await admin(port))).toEqual([
    `warning: the Tollgate at 127.0.0.1:${port} is not ready: ledger: the ledger does not take writes`,
  ]);
});
