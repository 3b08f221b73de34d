// Goal: the tests of what moves money notice mistakes. A suite that had gone blind would pass everything else.
// Method: a sample of what `npm run mutate` does, evenly spread over each of its groups.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../bin/mutate/main.mjs', import.meta.url));

test.each([
  ['credit price quota call calendar', 80, []],
  ['lua', 40, ['--only', 'lib-settle', '--only', 'lib-release', '--only', 'ledger/refund']],
] as const)(
  'of the mistakes in %s, one in %i, each is noticed or explained',
  {
    timeout: 300_000,
  },
  async (groups, every, only) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      PROGRAM,
      ...groups.split(' '),
      ...['--every', `${every}`],
      ...only,
    ]).catch(
      // What it printed says which was not.
      (failed: { stdout: string }) => failed,
    );
    const [, noticed, made, unexplained] = /^(\d+) of (\d+) noticed; \d+ explained; (\d+) neither/m.exec(stdout) ?? [];
    expect(unexplained, stdout).toBe('0');
    expect(Number(made), stdout).toBeGreaterThan(2);
    expect(Number(noticed) / Number(made), stdout).toBeGreaterThanOrEqual(0.6);
  },
);
