import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findClaudeCode, importOlderSdk } from './client-programs.ts';

test('the older SDK is the one that sends x-api-key', async () => {
  const { default: Anthropic } = await importOlderSdk();
  let headers = new Headers();
  const client = new Anthropic({
    apiKey: 'tg_test',
    baseURL: 'http://127.0.0.1:1',
    fetch: async (_url, init) => {
      headers = new Headers(init?.headers);
      return Response.json({ data: [] });
    },
  });
  await client.models.list();
  expect(headers.get('x-api-key')).toBe('tg_test');
  expect(headers.get('anthropic-version')).toBe('2023-06-01');
});

test('Claude Code starts', () => {
  const home = mkdtempSync(join(tmpdir(), 'tollgate-home-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const env = { PATH: process.env.PATH, HOME: home, CLAUDE_CONFIG_DIR: home };
  expect(execFileSync(findClaudeCode(), ['--version'], { encoding: 'utf8', env })).toContain('Claude Code');
});
