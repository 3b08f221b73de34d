// A lock file that names a registry's host ties every clone to that host; npm finds packages by name and checks them by hash.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../run/project.mjs';

/** The test clients include one whose install script only copies a file; it is never run. */
const LOCK_FILES = [
  { name: 'package-lock.json', mayHaveScripts: false },
  { name: 'test/clients/package-lock.json', mayHaveScripts: true },
];

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
  const problems = LOCK_FILES.flatMap(({ name, mayHaveScripts }) =>
    findLockProblems(name, readFileSync(join(projectFolder, name), 'utf8'), mayHaveScripts),
  );
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
