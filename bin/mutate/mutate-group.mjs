import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from '../run/project.mjs';
import { nameOf } from './judge-survivors.mjs';
import { findLuaMutants } from './lua-mutants.mjs';
import { startTests } from './start-tests.mjs';
import { findTypeScriptMutants } from './typescript-mutants.mjs';

/**
 * Makes the mistakes of one group, one at a time, and runs the tests that have to notice.
 * @param parts as in mutation-plan.mjs.
 * @param folder the copy of the project; its files are as before at the end.
 * @param only of sources whose path has one of these in it.
 * @param again names of mutants; others are not made.
 * @param every one mistake in so many, counted over the group.
 */
export async function mutateGroup(parts, { folder, every, only = [''], again }) {
  const outcome = { killed: 0, outOfTime: 0, survivors: [], files: [] };
  let number = 0;
  for (const part of parts) {
    const files = (part.sources ?? findFiles(folder, part)).filter((file) => only.some((name) => file.includes(name)));
    outcome.files.push(...files);
    const mutants = files
      .flatMap((file) => findMutants(folder, file))
      .filter((mutant) => {
        number += 1;
        return number % every === 0 && (again === undefined || again.has(nameOf(describeMutant(mutant))));
      });
    if (mutants.length > 0) await mutatePart(mutants, { folder, part, outcome });
  }
  return outcome;
}

function findFiles(folder, part) {
  const files = listFiles(join(folder, part.folder)).map((path) => path.slice(folder.length + 1));
  return files.filter((file) => !file.includes(part.except));
}

function findMutants(folder, file) {
  const text = readFileSync(join(folder, file), 'utf8');
  const mutants = file.endsWith('.lua') ? findLuaMutants(text) : findTypeScriptMutants(file, text);
  return mutants.map((mutant) => ({ ...mutant, file, text }));
}

async function mutatePart(mutants, { folder, part, outcome }) {
  const running = await startTests(folder, part);
  try {
    for (const mutant of mutants) {
      const result = await tryMutant(mutant, folder, running);
      if (result === 'passed') {
        outcome.survivors.push(describeMutant(mutant));
        console.error(`not noticed: ${JSON.stringify(outcome.survivors.at(-1))}`);
      } else outcome.killed += 1;
      if (result === 'out of time') outcome.outOfTime += 1;
    }
  } finally {
    running.stop();
  }
  console.error(`${mutants.at(-1).file}: so far ${outcome.killed} noticed, ${outcome.survivors.length} not`);
}

async function tryMutant({ file, text, start, end, replacement }, folder, running) {
  const path = join(folder, file);
  writeFileSync(path, text.slice(0, start) + replacement + text.slice(end));
  try {
    return await running.run(path);
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * The line before and after, which name it also when the file around them changes. Where there are several such
 * lines, the one above it too.
 */
function describeMutant({ file, text, start, end, replacement }) {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  const from = text.slice(lineStart, lineEnd).trim();
  const to = (text.slice(lineStart, start) + replacement + text.slice(end, lineEnd)).trim();
  const alike = text.split('\n').filter((line) => line.trim() === from).length;
  if (alike < 2) return { file, from, to };
  return { file, after: text.slice(0, lineStart).trimEnd().split('\n').at(-1).trim(), from, to };
}
