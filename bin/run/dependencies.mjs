import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { runNpm } from './npm.mjs';
import { hashFiles, projectFolder, readIfThere } from './project.mjs';
import { say, step } from './say.mjs';

/**
 * Installs what package-lock.json says, unless that is what lies there. `folder` is that of package.json.
 * Works without a home folder and with install scripts switched off: no dependency has any that it needs.
 */
export async function installDependencies(nodePath, folder = projectFolder, label = 'dependencies') {
  if (isInstalled(folder)) return;
  await withLock('install', async () => {
    if (isInstalled(folder)) return;
    await step(`installing ${label}`, async () => {
      // "--include=dev" because NODE_ENV=production would leave the compiler out.
      const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      await runNpm(nodePath, args, `${label} could not be installed`, { cwd: folder });
    });
    writeStamp(folder);
  });
}

function isInstalled(folder) {
  if (readIfThere(stampPath(folder)) === stampText(folder)) return true;
  if (!agreesWithLock(folder)) return false;
  writeStamp(folder);
  return true;
}

function stampPath(folder) {
  return join(folder, 'node_modules', '.tollgate-stamp');
}

function stampText(folder) {
  return `${process.platform}-${process.arch} ${hashFiles([join(folder, 'package-lock.json')])}\n`;
}

function writeStamp(folder) {
  try {
    writeFileSync(stampPath(folder), stampText(folder));
  } catch (error) {
    say(`cannot note what is installed (${error.code}); the next start will look again`);
  }
}

/** Whether npm's own record of what lies in node_modules, after an install by hand, is what the lock file asks for. */
function agreesWithLock(folder) {
  const installed = readIfThere(join(folder, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  const present = JSON.parse(installed).packages;
  const { '': _root, ...wanted } = JSON.parse(readIfThere(join(folder, 'package-lock.json'))).packages;
  const isRight = ([path, { version, optional }]) =>
    present[path] === undefined ? optional === true : present[path].version === version;
  return Object.entries(wanted).every(isRight) && Object.keys(present).every((path) => path in wanted);
}
