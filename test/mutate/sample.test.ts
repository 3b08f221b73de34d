// Goal: the tests of the ledger notice mistakes. A suite that had gone blind would pass everything else.
// Method: a sample of what `npm run mutate` does, evenly spread over the rules and the scripts.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../bin/mutate/main.mjs', import.meta.url));

test.each([
  ['credit', 70],
  ['lua', 140],
])('of the mistakes in %s, one in %i, at least 60 of 100 are noticed', { timeout: 300_000 }, async (group, every) => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, group, '--every', `${every}`]).catch(
    // Not all of a sample are noticed; how many are is what counts here.
    (failed: { stdout: string }) => failed,
  );
  const [, noticed, made] = /^(\d+) of (\d+) noticed;/m.exec(stdout) ?? [];
  expect(Number(made), stdout).toBeGreaterThan(6);
  expect(Number(noticed) / Number(made), stdout).toBeGreaterThanOrEqual(0.6);
});
