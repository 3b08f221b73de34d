// Runs the tests of pure rules again and again in one process. For every run the sources and the tests are loaded anew,
// under another name each: that takes a tenth of a second, and a process of its own ten times as long. Its parent
// writes the mutants and ends it when one of them never ends.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import './fix-seed.mjs';
import { addFile, dropTests, runTests } from './repeatable-tests.mjs';

/** Modules stay in memory under their old names: after so many runs it is time for a new process. */
const RUNS_AT_MOST = 200;

const [root, ...files] = process.argv.slice(2);
const folder = pathToFileURL(join(root, '/')).href;
const repeatable = new URL('./repeatable-tests.mjs', import.meta.url).href;
let run = 0;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = context.parentURL?.startsWith(folder) === true;
    if (isOurs && specifier === 'vitest') return { url: repeatable, shortCircuit: true };
    const resolved = nextResolve(specifier, context);
    if (!resolved.url.startsWith(folder) || resolved.url.includes('/node_modules/')) return resolved;
    return { ...resolved, url: `${resolved.url.replace(/\?.*$/, '')}?run=${run}` };
  },
});

async function loadAndRun() {
  run += 1;
  dropTests();
  try {
    for (const file of files) await addFile(new URL(file, folder).href);
  } catch {
    return 'failed';
  }
  return runTests();
}

process.on('message', async () => {
  const result = await loadAndRun();
  process.send({ ok: result === 'passed' });
  if (result === 'stuck' || run >= RUNS_AT_MOST) process.exit();
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
