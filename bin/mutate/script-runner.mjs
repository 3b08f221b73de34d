// Runs the tests of Redis scripts again and again in one process, with servers that stay: a start would take ten times
// as long as what notices a mistake. Its parent writes the mutants and ends it when one of them never ends.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [root, ...files] = process.argv.slice(2);
const urlOf = (path) => pathToFileURL(join(root, path)).href;
const standIns = {
  vitest: new URL('./repeatable-tests.mjs', import.meta.url).href,
  './define-scripts.ts': new URL('./live-scripts.mjs', import.meta.url).href,
};
process.env.DEFINE_SCRIPTS_URL = urlOf('src/store/redis/define-scripts.ts');

registerHooks({
  resolve(specifier, context, nextResolve) {
    const standIn = context.parentURL?.startsWith(urlOf('')) ? standIns[specifier] : undefined;
    return standIn === undefined ? nextResolve(specifier, context) : { url: standIn, shortCircuit: true };
  },
});

const { addFile, runTests } = await import(standIns.vitest);
const { reloadScripts } = await import(standIns['./define-scripts.ts']);
for (const file of files) await addFile(urlOf(file));

process.on('message', async () => {
  const result = await reloadScripts().then(runTests, () => 'stuck');
  process.send({ ok: result === 'passed' });
  // A server may be busy for good: the next run begins with new ones.
  if (result === 'stuck') process.exit();
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
