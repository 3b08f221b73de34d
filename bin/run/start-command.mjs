import { buildProgram, builtFile } from './build.mjs';
import { runInOurPlace } from './child.mjs';
import { installDependencies } from './dependencies.mjs';
import { findFittingNode } from './fitting-node.mjs';
import { environmentWith } from './npm.mjs';
import { inProject } from './project.mjs';
import { provideSystemPrograms } from './system-programs.mjs';

/** A Node that fits and what package-lock.json names; answers the Node's path. */
export async function prepare() {
  const nodePath = await findFittingNode();
  await installDependencies(nodePath);
  return nodePath;
}

/** Compiles, nothing else: what `npm pack` needs beforehand. */
export async function build() {
  const nodePath = await prepare();
  await buildProgram(nodePath);
  return { code: 0 };
}

/** From whatever is here to a running proxy. */
export async function start(args) {
  const nodePath = await prepare();
  await buildProgram(nodePath);
  return runInOurPlace(nodePath, [builtFile('main.js'), ...args], environmentWith(nodePath));
}

/** Measures the built program beside others; what those need is installed as for the tests. */
export async function bench(args) {
  const nodePath = await prepare();
  await buildProgram(nodePath);
  await provideSystemPrograms('bench');
  await installDependencies(nodePath, inProject('bench', 'peers'), 'the gateways to compare with');
  return runInOurPlace(nodePath, [inProject('bench', 'main.ts'), ...args], environmentWith(nodePath));
}
