import { basename, delimiter, dirname } from 'node:path';
import { runQuietly } from './child.mjs';
import { Refusal } from './say.mjs';

/** The environment in which programs find the given Node first. */
export function environmentWith(nodePath) {
  return { ...process.env, PATH: [dirname(nodePath), process.env.PATH].filter(Boolean).join(delimiter) };
}

/** Runs npm under the given Node and refuses, with npm's complaint, where it fails. `what` begins the sentence. */
export async function runNpm(nodePath, args, what, options = {}) {
  const environment = environmentWith(nodePath);
  if (nodePath !== process.execPath) environment.npm_config_globalconfig ??= await findGlobalConfig();
  const { code, output, missing } = await spawnNpm(nodePath, args, { env: environment, ...options });
  if (missing || code === 127) {
    throw new Refusal(`${what}: npm is not in PATH. Install Node with npm (https://nodejs.org) and try again.`);
  }
  if (code !== 0) throw new Refusal(`${what}: npm failed.${hint(output)}\n${complaint(output)}`);
}

/** The npm that runs us, else the one in PATH. */
function spawnNpm(nodePath, args, options) {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && basename(cli) === 'npm-cli.js') return runQuietly(nodePath, [cli, ...args], options);
  // On Windows npm is a batch file, which only a shell runs.
  return runQuietly('npm', args, { shell: process.platform === 'win32', ...options });
}

/**
 * The machine's npm settings (registry, proxy, certificates), which npm looks for beside the Node that runs it: under
 * another Node it would not find them by itself. Under `npm start` they are in the environment already.
 */
async function findGlobalConfig() {
  const { code, output } = await spawnNpm(process.execPath, ['config', 'get', 'globalconfig', '--loglevel=silent'], {});
  return code === 0 ? output.trim() : undefined;
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
  const lines = output.split('\n').filter((line) => /^npm (error|ERR!) +(?!at )\S/.test(line));
  return (lines.length > 0 ? lines : output.trim().split('\n'))
    .slice(0, 10)
    .map((line) => `  ${line}`)
    .join('\n');
}
