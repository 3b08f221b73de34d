// Mutation testing of what moves money: `npm run mutate [group...] [--every N] [--only NAME...]
// [--again FILE]`. Each small mistake is made in a copy of
// the project, and the tests have to notice it. Those that nobody notices are listed; each must be explained in
// bin/mutate/explained.json, or the run fails.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectFolder } from '../run/project.mjs';
import { copyProject } from './copy-project.mjs';
import { judgeSurvivors, readMutants } from './judge-survivors.mjs';
import { mutateGroup } from './mutate-group.mjs';
import { MUTATION_PLAN } from './mutation-plan.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    again: { type: 'string' },
  },
});
const groups = positionals.length > 0 ? positionals : Object.keys(MUTATION_PLAN);
const every = Number(values.every);
/** What an earlier run listed: only those are made again. */
const again = values.again === undefined ? undefined : readMutants(readFileSync(values.again, 'utf8'));
const isSample = every > 1 || again !== undefined;
const copy = copyProject();
try {
  process.exitCode = await mutateAll();
} finally {
  copy.remove();
}

async function mutateAll() {
  const survivors = [];
  const files = [];
  let killed = 0;
  for (const group of groups) {
    const parts = MUTATION_PLAN[group];
    if (parts === undefined) throw new Error(`${group} is none of ${Object.keys(MUTATION_PLAN).join(', ')}`);
    const startedMs = Date.now();
    const found = await mutateGroup(parts, { folder: copy.folder, every, only: values.only, again });
    killed += found.killed;
    survivors.push(...found.survivors);
    files.push(...found.files);
    const minutes = ((Date.now() - startedMs) / 60_000).toFixed(1);
    const slow = found.outOfTime === 0 ? '' : `, ${found.outOfTime} of them by running without an end`;
    console.log(
      `${group}: ${found.killed} of ${found.killed + found.survivors.length} noticed${slow}; ${minutes} minutes`,
    );
  }
  return report(killed, survivors, files);
}

/** Whatever is not noticed has to be explained, and nothing else. */
function report(killed, survivors, files) {
  const explained = JSON.parse(readFileSync(join(projectFolder, 'bin', 'mutate', 'explained.json'), 'utf8'));
  const { unexplained, stale } = judgeSurvivors({ explained, survivors, files, isSample });
  for (const mutant of unexplained) console.log(`neither noticed nor explained: ${JSON.stringify(mutant)}`);
  for (const mutant of stale) console.log(`explained, and yet noticed or gone: ${JSON.stringify(mutant)}`);
  const left = survivors.length - unexplained.length;
  console.log(
    `${killed} of ${killed + survivors.length} noticed; ${left} explained; ${unexplained.length} neither noticed nor explained`,
  );
  return unexplained.length + stale.length === 0 ? 0 : 1;
}
