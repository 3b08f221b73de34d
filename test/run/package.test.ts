// The package as npm makes and installs it: no install script needed, nothing missing, and it serves.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guardProcess } from '../support/process-guard.ts';
import { runProgram } from '../support/run-program.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
const TIMEOUT_MS = 240_000;

let folder: string;
let files: string[];

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const environment = { ...(process.env as Record<string, string>), PATH, npm_config_loglevel: 'error' };
  const { code, stdout, stderr } = await runProgram('npm', args, { environment, folder: cwd, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-package-'));
  const [packed] = Object.values(JSON.parse(await npm(['pack', '--json', '--pack-destination', folder], project))) as {
    filename: string;
    files: { path: string }[];
  }[];
  files = (packed?.files ?? []).map(({ path }) => path);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  await npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], folder);
}, TIMEOUT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('it carries the program, its prices and its scripts for Redis, and neither sources nor tests', () => {
  expect(files).toEqual(expect.arrayContaining(['dist/main.js', 'dist/cli.js', 'config/rate-card.json', 'LICENSE']));
  expect(files.filter((path) => path.endsWith('.lua')).length).toBeGreaterThan(5);
  expect(files.filter((path) => /^(src|test|deploy|docs|data|node_modules)\/|\.ts$/.test(path))).toEqual([]);
});

test('it carries a bill of its materials', () => {
  const bill = readFileSync(join(folder, 'node_modules', 'tollgate', 'dist', 'sbom.cdx.json'), 'utf8');
  expect(JSON.parse(bill)).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'tollgate' } } });
});

test('no dependency has an install script, so nothing is left undone without them', () => {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  expect(Object.keys(packages).length).toBeGreaterThan(20);
  expect(Object.entries(packages).filter(([, each]) => each.hasInstallScript === true)).toEqual([]);
});

test('npx tollgate shows its help, and serves', async () => {
  const help = await runProgram('npx', ['tollgate', '--help'], { environment: { PATH, HOME: folder }, folder });
  expect(help.stdout).toContain('Usage: tollgate');
  expect(help.code).toBe(0);
  const serve = await runUntilItRuns(join(folder, 'node_modules', '.bin', 'tollgate'));
  expect(serve.stdout).toContain('is running');
  expect(serve.code).toBe(0);
});

/** Starts it, and asks it to end as soon as it says that it runs. */
async function runUntilItRuns(program: string): Promise<{ code: number | null; stdout: string }> {
  const environment = { PATH, PORT: '0', ADMIN_PORT: '0', DATA_DIR: join(folder, 'data') };
  const child = spawn(program, ['serve'], { env: environment, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  guardProcess(child, folder);
  let stdout = '';
  let isTold = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    // A second signal would end it at once.
    if (isTold || !stdout.includes('Stop with')) return;
    isTold = true;
    child.kill('SIGTERM');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout }));
  });
}
