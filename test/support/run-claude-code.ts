import { join } from 'node:path';
import { expect } from 'vitest';
import { findClaudeCode } from './client-programs.ts';
import { runProgram } from './run-program.ts';

/** Where it is refused, it would try for minutes without our header; with it, it starts and ends within seconds. */
const PATIENCE_MS = 25_000;

/**
 * Runs Claude Code with nothing in its environment but what is needed.
 * @param options `home`: a folder of its own, which is its working folder too; `patienceMs`: 25,000 unless given.
 * @returns what it wrote to its output.
 */
export async function runClaudeCode(
  args: readonly string[],
  {
    home,
    environment,
    patienceMs = PATIENCE_MS,
  }: { home: string; environment: Readonly<Record<string, string>>; patienceMs?: number },
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(findClaudeCode(), [...args], {
    environment: {
      HOME: home,
      CLAUDE_CONFIG_DIR: join(home, 'config'),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
      ...environment,
    },
    folder: home,
    timeoutMs: patienceMs,
  });
  expect(code, `Claude Code did not come to an end within ${patienceMs} ms: ${stdout}${stderr}`).not.toBeNull();
  return stdout;
}
