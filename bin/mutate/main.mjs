// Mutation testing of what moves money: `npm run mutate [group...] [--every N]`. Each small mistake is made in a copy of
// the project, and the tests have to notice it. Those that nobody notices are listed; each must be explained in
// bin/mutate/explained.json, or the run fails.
import { fork } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listFiles, projectFolder } from '../run/project.mjs';
import { findLuaMutants } from './lua-mutants.mjs';
import { MUTATION_PLAN } from './mutation-plan.mjs';
import { findTypeScriptMutants } from './typescript-mutants.mjs';

/** A mutant whose tests take longer has made a loop without an end: that is noticed. */
const TIMEOUT_MS = 30_000;
/** Histories per mutant, always the same, so that a run can be had again. */
const HISTORIES = { LEDGER_RUNS: '25', LEDGER_SEED: '20261121' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' } },
});
const groups = positionals.length > 0 ? positionals : Object.keys(MUTATION_PLAN);
const copy = copyProject();
try {
  process.exitCode = await mutateAll();
} finally {
  rmSync(copy, { recursive: true, force: true });
}

async function mutateAll() {
  const survivors = [];
  let killed = 0;
  for (const group of groups) {
    const plan = MUTATION_PLAN[group];
    if (plan === undefined) throw new Error(`${group} is none of ${Object.keys(MUTATION_PLAN).join(', ')}`);
    const found = await mutateGroup(plan);
    killed += found.killed;
    survivors.push(...found.survivors);
    console.log(`${group}: ${found.killed} of ${found.killed + found.survivors.length} noticed`);
  }
  return judge(killed, survivors);
}

/** Whatever is not noticed has to be explained. */
function judge(killed, survivors) {
  const explained = JSON.parse(readFileSync(join(projectFolder, 'bin', 'mutate', 'explained.json'), 'utf8'));
  const known = new Set(explained.flatMap(({ mutants }) => mutants.map(nameOf)));
  const unexplained = survivors.filter((mutant) => !known.has(nameOf(mutant)));
  for (const mutant of unexplained) console.log(`neither noticed nor explained: ${JSON.stringify(mutant)}`);
  console.log(`${killed} of ${killed + survivors.length} noticed; ${unexplained.length} neither noticed nor explained`);
  return unexplained.length === 0 ? 0 : 1;
}

function nameOf({ file, from, to }) {
  return [file, from, to].join('\n');
}

function copyProject() {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-mutants-'));
  for (const part of ['src', 'test', 'config', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(projectFolder, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function mutateGroup({ sources, folder, tests }) {
  const files = sources ?? listFiles(join(copy, folder)).map((path) => path.slice(copy.length + 1));
  const runner = createRunner(tests);
  const every = Number(values.every);
  const survivors = [];
  let killed = 0;
  let number = 0;
  if (!(await runner.passes([]))) throw new Error(`${tests.join(', ')} fail without any mutant`);
  for (const file of files) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    const mutants = file.endsWith('.lua') ? findLuaMutants(text) : findTypeScriptMutants(file, text);
    for (const mutant of mutants) {
      number += 1;
      if (number % every !== 0) continue;
      const { start, end, replacement } = mutant;
      writeFileSync(path, text.slice(0, start) + replacement + text.slice(end));
      if (await runner.passes([path])) {
        survivors.push(describeMutant(file, text, mutant));
        console.error(`not noticed: ${JSON.stringify(survivors.at(-1))}`);
      } else killed += 1;
    }
    console.error(`${file}: so far ${killed} noticed, ${survivors.length} not`);
    writeFileSync(path, text);
    runner.changed(path);
  }
  runner.stop();
  return { killed, survivors };
}

/** The lines before and after, which name it also when the file around them changes. */
function describeMutant(file, text, { start, end, replacement }) {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  const from = text.slice(lineStart, lineEnd);
  const to = text.slice(lineStart, start) + replacement + text.slice(end, lineEnd);
  return { file, from: from.trim(), to: to.trim() };
}

function createRunner(tests) {
  let child;
  const alsoChanged = new Set();
  const stop = () => child?.kill('SIGKILL');
  const start = async () => {
    child = fork(new URL('./mutant-runner.mjs', import.meta.url), [copy, ...tests], {
      cwd: copy,
      env: { ...process.env, ...HISTORIES },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await nextMessage(child, 60_000);
  };
  return {
    stop,
    changed: (path) => void alsoChanged.add(path),
    async passes(paths) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) await start();
      child.send({ changed: [...paths, ...alsoChanged] });
      alsoChanged.clear();
      const message = await nextMessage(child, TIMEOUT_MS);
      if (message === undefined) stop();
      return message?.ok === true;
    },
  };
}

/** Undefined: it ended, or said nothing in time. */
function nextMessage(child, timeoutMs) {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, timeoutMs);
    function finish(message) {
      clearTimeout(timer);
      child.off('message', finish);
      child.off('exit', ended);
      resolve(message);
    }
    const ended = () => finish();
    child.once('message', finish);
    child.once('exit', ended);
  });
}
