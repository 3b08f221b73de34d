// Runs tests again and again in one process, since a start costs more than a run. Its parent writes the mutants and
// ends it when one of them never ends.
import { createVitest } from 'vitest/node';

const [root, ...tests] = process.argv.slice(2);
const silent = { onInit() {} };
const vitest = await createVitest('test', {
  root,
  watch: false,
  pool: 'threads',
  maxWorkers: 1,
  bail: 1,
  testTimeout: 15_000,
  reporters: [silent],
});
const specifications = await vitest.globTestSpecifications(tests);

process.on('message', async ({ changed }) => {
  for (const path of changed) vitest.invalidateFile(path);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  const ok = unhandledErrors.length === 0 && testModules.length > 0 && testModules.every((module) => module.ok());
  process.send({ ok });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
