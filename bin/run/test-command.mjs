import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from './build.mjs';
import { runInOurPlace } from './child.mjs';
import { installDependencies } from './dependencies.mjs';
import { environmentWith } from './npm.mjs';
import { inProject, readIfThere, runtimeFolder } from './project.mjs';
import { say } from './say.mjs';
import { prepare } from './start-command.mjs';
import { provideSystemPrograms } from './system-programs.mjs';
import { countTests } from './test-report.mjs';

/** From whatever is here to a suite that has run whole. Arguments go to vitest. The last line counts the tests. */
export async function test(args) {
  const nodePath = await prepare();
  await provideSystemPrograms();
  await installDependencies(nodePath, inProject('test', 'clients'), 'the clients that the tests use');
  await buildProgram(nodePath);
  return runVitest(nodePath, args);
}

/** Runs vitest and prints, alone on the last line of stdout, how many tests passed and failed. */
export async function runVitest(nodePath, args) {
  mkdirSync(runtimeFolder, { recursive: true });
  const reportPath = join(runtimeFolder, `test-report-${process.pid}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const vitest = inProject('node_modules', 'vitest', 'vitest.mjs');
  try {
    const end = await runInOurPlace(nodePath, [vitest, 'run', ...reporters, ...args], environmentWith(nodePath));
    const count = countTests(readIfThere(reportPath), end, isCi());
    for (const remark of count.remarks) say(remark);
    process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
    return { code: count.failed > 0 ? 1 : (end.code ?? 1), signal: end.signal };
  } finally {
    rmSync(reportPath, { force: true });
  }
}

function isCi() {
  return !['', '0', 'false'].includes(process.env.CI ?? '');
}
