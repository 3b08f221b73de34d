// Runs tests again and again in one process, since a start costs more than a run. Its parent writes the mutants and
// ends it when one of them never ends.
import { fileURLToPath } from 'node:url';
import { createVitest } from 'vitest/node';

const [root, ...tests] = process.argv.slice(2);
const silent = { onInit() {} };

/** The tests that notice most come first, as they are listed: one failure is enough. */
class ListedOrder {
  async shard(specifications) {
    return specifications;
  }
  async sort(specifications) {
    const placeOf = ({ moduleId }) => tests.findIndex((test) => moduleId.endsWith(test));
    return specifications.toSorted((left, right) => placeOf(left) - placeOf(right));
  }
}

const vitest = await createVitest('test', {
  root,
  watch: false,
  pool: 'threads',
  maxWorkers: 1,
  // Every run has a worker of its own; the files of one run can share it.
  isolate: false,
  bail: 1,
  testTimeout: 15_000,
  reporters: [silent],
  setupFiles: [fileURLToPath(new URL('./fix-seed.mjs', import.meta.url))],
  sequence: { sequencer: ListedOrder },
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
