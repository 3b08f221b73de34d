import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { runtimeFolder } from '../../bin/run/project.mjs';

const lockModule = import.meta.resolve('../../bin/run/lock.mjs');
const DEAD_PID = 2 ** 22 + 1;

/** Runs, in a process of its own and under the lock, work that notes its beginning and its end. */
function runLocked(name: string, logPath: string): Promise<unknown> {
  const script = `import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(lockModule)};
    await withLock(${JSON.stringify(name)}, async () => {
      appendFileSync(${JSON.stringify(logPath)}, '<');
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      appendFileSync(${JSON.stringify(logPath)}, '>');
    });`;
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
}

function temporaryLock(): { name: string; folder: string; logPath: string } {
  const name = `test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const logFolder = mkdtempSync(join(tmpdir(), 'tollgate-lock-'));
  const folder = join(runtimeFolder, `${name}.lock`);
  onTestFinished(() => {
    for (const path of [logFolder, folder]) rmSync(path, { recursive: true, force: true });
  });
  return { name, folder, logPath: join(logFolder, 'log') };
}

test('work under one name never runs twice at once', async () => {
  const { name, logPath } = temporaryLock();
  await Promise.all(Array.from({ length: 5 }, () => runLocked(name, logPath)));
  expect(readFileSync(logPath, 'utf8')).toBe('<>'.repeat(5));
});

test('the lock of a process that is no more is taken over, by one at a time', async () => {
  const { name, folder, logPath } = temporaryLock();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'owner'), `${DEAD_PID} ${hostname()}`);
  await Promise.all(Array.from({ length: 4 }, () => runLocked(name, logPath)));
  expect(readFileSync(logPath, 'utf8')).toBe('<>'.repeat(4));
});
