// `npm start` as its user stops it: the signal goes to npm, and npm ends when the proxy has, as it has.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { guardProcess } from '../support/process-guard.ts';
import { until } from '../support/until.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
/** It may have to build first. */
const TIMEOUT_MS = 240_000;

test('SIGTERM to npm lets the open stream end, and npm exits with 0 after it', { timeout: TIMEOUT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-npm-start-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const PATH = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  const environment = { PATH, HOME: folder, DATA_DIR: join(folder, 'data'), PORT: '0', ADMIN_PORT: '0' };
  const npm = spawn('npm', ['start'], { cwd: project, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  guardProcess(npm, folder);
  let output = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await until(() => output.includes('Stop with'), { what: 'it runs', timeoutMs: TIMEOUT_MS });
  const { body } = await openStream(output);
  const ended = once(npm, 'close');
  npm.kill('SIGTERM');
  expect(await body).toContain('event: message_stop');
  expect(await ended).toEqual([0, null]);
  expect(output).toMatch(/"interrupted":0,"msg":"stopped"/);
});

/** Resolves when the answer has begun. */
async function openStream(banner: string): Promise<{ body: Promise<string> }> {
  const url = /proxy +(http:\S+)/.exec(banner)?.[1];
  const headers = { 'x-api-key': /tg_\S+/.exec(banner)?.[0] ?? '', 'anthropic-version': '2023-06-01' };
  const messages = [{ role: 'user', content: 'Hello' }];
  const request = { model: 'claude-haiku-5-5', max_tokens: 2_000, stream: true, messages };
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(request) });
  expect(answer.status).toBe(200);
  return { body: answer.text() };
}

// npm makes it so where `npx tollgate` runs, and a clone would show a change that nobody made.
test('the command is executable as it is committed', () => {
  expect(statSync(join(project, 'bin/tollgate.mjs')).mode & 0o111).toBe(0o111);
});
