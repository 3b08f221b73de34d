// A lock file that names a registry's host ties every clone to that host; npm finds packages by name and checks them by hash.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../run/project.mjs';

/** The test clients include one whose install script only copies a file; it is never run. */
const LOCK_FILES = [
  { name: 'package-lock.json', mayHaveScripts: false },
  { name: 'test/clients/package-lock.json', mayHaveScripts: true },
];

/**
 * The packages for other platforms that a lock file wants and does not hold: `npm ci` then refuses it as a whole.
 * npm leaves them out where the registry did not have them when the file was made.
 */
export function findLockGaps(name, text) {
  const { packages } = JSON.parse(text);
  const isHeld = (path, optional) =>
    `${path}/node_modules/${optional}` in packages || `node_modules/${optional}` in packages;
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((optional) => !isHeld(path, optional))
      .map((optional) => `${name}: ${path} wants ${optional}, which is missing`),
  );
}

/** The packages of a lock file that name an address, lack a hash or want to run a script, one line each. */
export function findLockProblems(name, text, mayHaveScripts = false) {
  return Object.entries(JSON.parse(text).packages)
    .filter(([path, { link }]) => path !== '' && link !== true)
    .flatMap(([path, { resolved, integrity, hasInstallScript }]) => [
      ...(resolved === undefined ? [] : [`${name}: ${path} names the address it came from`]),
      ...(integrity === undefined ? [`${name}: ${path} has no hash`] : []),
      ...(hasInstallScript === true && !mayHaveScripts ? [`${name}: ${path} has an install script`] : []),
    ]);
}

if (import.meta.filename === process.argv[1]) {
  const problems = LOCK_FILES.flatMap(({ name, mayHaveScripts }) => {
    const text = readFileSync(join(projectFolder, name), 'utf8');
    return [...findLockProblems(name, text, mayHaveScripts), ...findLockGaps(name, text)];
  });
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
