import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createBillOfMaterials } from './bill-of-materials.mjs';
import { runQuietly } from './child.mjs';
import { withLock } from './lock.mjs';
import { compilerPath, hashFiles, inProject, listFiles, projectFolder, readIfThere } from './project.mjs';
import { Refusal, step } from './say.mjs';

const SOURCES = inProject('src');
const OUTPUT = inProject('dist');
/** What runs under Node, and what runs in a browser. */
const PROGRAMS = ['tsconfig.build.json', 'tsconfig.console.json'];
const STAMP = join(OUTPUT, '.tollgate-stamp');

/** Compiles src/ to dist/, with everything else that lies in src/ (Lua, JSON, pages) beside it, unless that is done. */
export async function buildProgram(nodePath) {
  if (isBuilt()) return;
  await withLock('build', async () => {
    if (!isBuilt()) await step('building', () => build(nodePath));
  });
}

function isBuilt() {
  return readIfThere(STAMP) === sourcesHash();
}

function sourcesHash() {
  const settings = ['tsconfig.json', ...PROGRAMS, 'package.json', 'package-lock.json'].map((name) => inProject(name));
  return hashFiles([...settings, inProject('bin', 'run', 'bill-of-materials.mjs'), ...listFiles(SOURCES)]);
}

/** Built beside its place and moved there whole, so that nothing ever runs half of a build. */
async function build(nodePath) {
  const hash = sourcesHash();
  const draft = inProject(`.dist-${process.pid}`);
  const old = `${draft}-old`;
  try {
    for (const program of PROGRAMS) {
      const args = [compilerPath, '-p', inProject(program), '--outDir', draft];
      const { code, output } = await runQuietly(nodePath, args);
      if (code !== 0) throw new Refusal(`the build failed:\n${output.trim()}`);
    }
    copyAssets(draft);
    writeFileSync(join(draft, 'sbom.cdx.json'), `${JSON.stringify(createBillOfMaterials(), null, 2)}\n`);
    writeFileSync(join(draft, '.tollgate-stamp'), hash);
    if (existsSync(OUTPUT)) renameSync(OUTPUT, old);
    renameSync(draft, OUTPUT);
  } finally {
    for (const folder of [draft, old]) rmSync(folder, { recursive: true, force: true });
  }
}

function copyAssets(draft) {
  for (const path of listFiles(SOURCES).filter((each) => !each.endsWith('.ts'))) {
    const target = join(draft, path.slice(SOURCES.length));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }
}

/** The built program's file. */
export function builtFile(name) {
  return join(projectFolder, 'dist', name);
}
