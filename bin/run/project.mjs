import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What is fetched or made for this machine only: the fitting Node, locks, reports. Never committed. */
export const runtimeFolder = join(projectFolder, '.runtime');

/** The compiler. `typescript` itself is an older one, kept for the API that tools read sources by. */
export const compilerPath = join(projectFolder, 'node_modules', '@typescript', 'native', 'bin', 'tsc');

export function inProject(...parts) {
  return join(projectFolder, ...parts);
}

/** The text of a file, or undefined where there is none. */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Every file below a folder, sorted, as paths that begin with it. */
export function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

/** SHA-256 over the names and contents of files. */
export function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash.update(path.slice(projectFolder.length)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
