import { runInOurPlace } from './child.mjs';
import { environmentWith } from './npm.mjs';
import { inProject } from './project.mjs';
import { prepare } from './start-command.mjs';
import { provideSystemPrograms } from './system-programs.mjs';

/** Makes small mistakes in what moves money and counts which the tests notice. Takes the better part of an hour. */
export async function mutate(args) {
  const nodePath = await prepare();
  await provideSystemPrograms();
  return runInOurPlace(nodePath, [inProject('bin', 'mutate', 'main.mjs'), ...args], environmentWith(nodePath));
}
