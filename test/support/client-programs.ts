import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Resolves what test/clients/package.json names; `npm test` installs that. */
const clients = createRequire(new URL('../clients/package.json', import.meta.url));

/** The older @anthropic-ai/sdk, which sends `x-api-key` and `anthropic-version: 2023-06-01`. Its types are near those of the newest. */
export async function importOlderSdk(): Promise<typeof import('@anthropic-ai/sdk')> {
  const path = clients.resolve('sdk-x-api-key');
  return import(pathToFileURL(path.replace(/\.js$/, '.mjs')).href);
}

/** The Claude Code program of this platform. Its package's install script, which only copies it, is not run. */
export function findClaudeCode(): string {
  const program = process.platform === 'win32' ? 'claude.exe' : 'claude';
  for (const kind of ['', '-musl']) {
    const name = `@anthropic-ai/claude-code-${process.platform}-${process.arch}${kind}`;
    const path = join(dirname(clients.resolve('sdk-x-api-key')), '..', name, program);
    if (existsSync(path)) return path;
  }
  throw new Error(
    `no Claude Code for ${process.platform}-${process.arch}: run "npm test", which installs the test clients`,
  );
}
