import { runQuietly } from './child.mjs';
import { environmentWith } from './npm.mjs';
import { compilerPath, inProject } from './project.mjs';
import { say } from './say.mjs';
import { prepare } from './start-command.mjs';
import { provideSystemPrograms } from './system-programs.mjs';

const packageFile = (...parts) => inProject('node_modules', ...parts);

/** Everything that is checked without running the program. Each is run, whatever the one before it found. */
const CHECKS = [
  { name: 'format and lint', args: [packageFile('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'] },
  { name: 'types', args: [compilerPath, '-p', inProject('tsconfig.json'), '--noEmit'] },
  { name: 'types of the console', args: [compilerPath, '-p', inProject('tsconfig.console.json'), '--noEmit'] },
  { name: 'dependency direction', args: [inProject('bin', 'check', 'dependencies.mjs')] },
  { name: 'source rules', args: [inProject('bin', 'check', 'sources.mjs')] },
  { name: 'lock files', args: [inProject('bin', 'check', 'lock-files.mjs')] },
  { name: 'documents', args: [packageFile('vitest', 'vitest.mjs'), 'run', 'test/docs'] },
];

/** Runs every check, writes nothing, and ends with a line that counts them. */
export async function check() {
  const nodePath = await prepare();
  // Some documents are held against a real Redis.
  await provideSystemPrograms();
  let failed = 0;
  for (const { name, args } of CHECKS) {
    const { code, output } = await runQuietly(nodePath, args, { env: environmentWith(nodePath) });
    say(`${name}: ${code === 0 ? 'good' : 'FAILED'}`);
    if (code === 0) continue;
    failed += 1;
    process.stdout.write(`${output.trim()}\n`);
  }
  process.stdout.write(`${CHECKS.length - failed} passed, ${failed} failed\n`);
  return { code: failed === 0 ? 0 : 1 };
}
