import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLockGaps, findLockProblems } from '../../bin/check/lock-files.mjs';
import { findProblems } from '../../bin/check/sources.mjs';

function problemsOf(name: string, text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sources-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
  return findProblems(folder, ['src']);
}

describe('length', () => {
  test.each([
    ['src/http/a.ts', 250],
    ['src/store/redis/a.lua', 120],
  ])('%s may have %i lines and not one more', (name, limit) => {
    expect(problemsOf(name, '\n'.repeat(limit))).toEqual([]);
    expect(problemsOf(name, '\n'.repeat(limit + 1))).toEqual([expect.stringContaining(`${name}:${limit + 1}:`)]);
  });
});

describe('forbidden uses', () => {
  test.each([
    ['src/http/a.ts', 'export const a = process.env;'],
    ['src/http/a.ts', 'export const a = process.env.HOME;'],
    ['src/http/a.ts', "export const a = process['env'];"],
    ['src/http/a.ts', 'export const a = globalThis.process.env;'],
    ['src/http/a.ts', "import { env } from 'node:process';\nexport const a = env;"],
    ['src/config/a.ts', 'process.exit(1);'],
    ['src/http/a.ts', 'process.exitCode = 1;'],
    ['src/http/a.ts', "process.kill(1, 'SIGTERM');"],
    ['src/services.ts', "process.on('SIGTERM', () => {});"],
    ['src/services.ts', 'const s: string = event();\nprocess.once(s, () => {});'],
    ['src/domain/a.ts', 'export const a = Date.now();'],
    ['src/domain/a.ts', 'export const a = new Date();'],
    ['src/domain/a.ts', 'export const a = Math.random();'],
    ['src/anthropic/a.ts', 'export const a = performance.now();'],
    ['src/anthropic/a.ts', 'setTimeout(() => {}, 1);'],
    ['src/anthropic/a.ts', 'const later = { setTimeout };\nexport default later;'],
    ['src/domain/a.ts', 'export const a = Temporal.Now.instant();'],
    ['src/domain/a.ts', "export const a = Buffer.from('');"],
    ['src/anthropic/a.ts', 'export const a = crypto.randomUUID();'],
  ])('in %s: %s', (name, text) => {
    expect(problemsOf(name, `${text}\n`)[0]).toMatch(new RegExp(`^${name}:\\d+: `));
  });

  test.each([
    ['src/config/a.ts', 'export const a = process.env.HOME;'],
    ['src/main.ts', "process.on('SIGTERM', () => process.exit(0));"],
    ['src/cli/a.ts', 'process.exitCode = 2;'],
    ['src/services.ts', "process.on('warning', () => {});"],
    ['src/http/a.ts', 'export const a = Date.now() + Math.random();'],
    ['src/domain/a.ts', 'export const a = new Date(0);'],
    ['src/domain/a.ts', '// process.env and Date.now() are not used\nexport const a = "Math.random()";'],
    ['src/domain/a.ts', 'export const a = (clock: { process: number }) => clock.process;'],
    ['src/domain/a.ts', 'export interface A { process: () => void; setTimeout: number }'],
  ])('not in %s: %s', (name, text) => {
    expect(problemsOf(name, `${text}\n`)).toEqual([]);
  });
});

describe('lock files', () => {
  const lockOf = (entry: object): string => JSON.stringify({ packages: { '': {}, 'node_modules/a': entry } });

  test('an address, a missing hash and an install script are problems', () => {
    expect(findLockProblems('x', lockOf({ integrity: 'sha512-x' }))).toEqual([]);
    expect(findLockProblems('x', lockOf({ resolved: 'https://host/a.tgz', integrity: 'sha512-x' }))).toHaveLength(1);
    expect(findLockProblems('x', lockOf({}))).toEqual(['x: node_modules/a has no hash']);
    expect(findLockProblems('x', lockOf({ integrity: 'sha512-x', hasInstallScript: true }))).toHaveLength(1);
    expect(findLockProblems('x', lockOf({ integrity: 'sha512-x', hasInstallScript: true }), true)).toEqual([]);
  });

  test('a platform that was left out is a problem', () => {
    const packages = {
      '': {},
      'node_modules/a': { optionalDependencies: { 'a-linux': '1', 'a-darwin': '1' } },
      'node_modules/a-linux': {},
    };
    expect(findLockGaps('x', JSON.stringify({ packages }))).toEqual([
      'x: node_modules/a wants a-darwin, which is missing',
    ]);
  });
});
