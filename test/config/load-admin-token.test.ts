import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadAdminToken } from '../../src/config/load-admin-token.ts';
import { openDataFolder } from '../../src/config/open-data-folder.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('openDataFolder', () => {
  test('makes the folder for its owner only and answers its absolute path', () => {
    const path = openDataFolder(join(temporaryFolder(), 'a', 'data'));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(openDataFolder(path)).toBe(path);
  });

  test('a file in its place is a fault with a code', () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    expect(() => openDataFolder(path)).toThrow(expect.objectContaining({ code: 'DATA_FOLDER_UNAVAILABLE' }));
  });
});

describe('loadAdminToken', () => {
  test("the settings' token wins and nothing is written", () => {
    const folder = temporaryFolder();
    expect(loadAdminToken('given-given-given', folder)).toEqual({ token: 'given-given-given', path: undefined });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is made once, readable by its owner only, and kept', () => {
    const folder = temporaryFolder();
    const first = loadAdminToken(undefined, folder);
    expect(first.token).toMatch(/^tga_[\w-]{43}$/);
    expect(first.path).toBe(join(folder, 'admin-token'));
    expect(statSync(first.path as string).mode & 0o777).toBe(0o600);
    expect(loadAdminToken(undefined, folder)).toEqual(first);
    expect(readdirSync(folder)).toEqual(['admin-token']);
  });

  test('differs between folders', () => {
    expect(loadAdminToken(undefined, temporaryFolder()).token).not.toBe(
      loadAdminToken(undefined, temporaryFolder()).token,
    );
  });

  test('a file that others could read is closed again', () => {
    const folder = temporaryFolder();
    const { path, token } = loadAdminToken(undefined, folder);
    chmodSync(path as string, 0o644);
    expect(loadAdminToken(undefined, folder).token).toBe(token);
    expect(statSync(path as string).mode & 0o777).toBe(0o600);
  });

  test('a damaged file is a fault, not a new token', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'admin-token'), 'short\n');
    expect(() => loadAdminToken(undefined, folder)).toThrow(/admin-token is not at least 16 .* remove the file/);
    expect(readFileSync(join(folder, 'admin-token'), 'utf8')).toBe('short\n');
  });

  test('a folder that is gone is a fault with a code', () => {
    const fault = expect.objectContaining({ code: 'DATA_FOLDER_UNAVAILABLE' });
    expect(() => loadAdminToken(undefined, join(temporaryFolder(), 'gone'))).toThrow(fault);
  });

  test('processes that start together agree', async () => {
    const folder = temporaryFolder();
    const tokens = await Promise.all(Array.from({ length: 8 }, () => loadInThread(folder)));
    expect(new Set(tokens).size).toBe(1);
  });
});

function loadInThread(folder: string): Promise<string> {
  const module = new URL('../../src/config/load-admin-token.ts', import.meta.url).href;
  const script = `const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then((m) => parentPort.postMessage(m.loadAdminToken(undefined, workerData).token));`;
  const worker = new Worker(script, { eval: true, workerData: folder, execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
