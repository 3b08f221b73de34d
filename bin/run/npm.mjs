import { basename, delimiter, dirname } from 'node:path';
import { runQuietly } from './child.mjs';
import { Refusal } from './say.mjs';

/** The environment in which programs find the given Node first. */
export function environmentWith(nodePath) {
  return { ...process.env, PATH: [dirname(nodePath), process.env.PATH].filter(Boolean).join(delimiter) };
}

/** Runs npm under the given Node and refuses, with npm's complaint, where it fails. `what` begins the sentence. */
export async function runNpm(nodePath, args, what, options = {}) {
  const cli = process.env.npm_execpath;
  const isNpm = cli !== undefined && basename(cli) === 'npm-cli.js';
  const onWindows = process.platform === 'win32';
  const { code, output, missing } = await runQuietly(isNpm ? nodePath : 'npm', isNpm ? [cli, ...args] : args, {
    env: environmentWith(nodePath),
    // npm is a batch file there, which only a shell runs.
    shell: !isNpm && onWindows,
    ...options,
  });
  if (missing)
    throw new Refusal(`${what}: npm is not in PATH. Install Node with npm (https://nodejs.org) and try again.`);
  if (code !== 0) throw new Refusal(`${what}: npm failed.${hint(output)}\n${complaint(output)}`);
}

function hint(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    return ' The package registry could not be reached: is there a network, or does npm need a proxy or a registry set?';
  }
  if (/ENOSPC/.test(output)) return ' The disk is full.';
  if (/EACCES|EPERM|EROFS/.test(output)) return ' A folder cannot be written.';
  return '';
}

/** What npm complained about, without its usage lines. */
function complaint(output) {
  const lines = output.split('\n').filter((line) => /^npm (error|ERR!) +\S/.test(line));
  return (lines.length > 0 ? lines : output.trim().split('\n'))
    .slice(0, 10)
    .map((line) => `  ${line}`)
    .join('\n');
}
