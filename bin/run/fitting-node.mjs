import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { runNpm } from './npm.mjs';
import { projectFolder, runtimeFolder } from './project.mjs';
import { Refusal, step } from './say.mjs';

/** As package.json's engines. */
const LEAST_VERSION = [22, 19];
const FETCHED_MAJOR = 26;

/** The platforms for which npm carries Node as a package without an install script. */
const FETCHABLE = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

/** The path of a Node that can run Tollgate: the present one, the one fetched before, or one fetched now. */
export async function findFittingNode() {
  if (isFitting(process.versions.node)) return process.execPath;
  const fetched = fetchedNodePath();
  if (fetched !== undefined && existsSync(fetched)) return fetched;
  return step(`fetching Node ${FETCHED_MAJOR} (this is ${process.versions.node}, too old to run Tollgate)`, fetchNode);
}

/** Where a fetched Node lies, whether or not it does; undefined where there is none for this platform. */
export function fetchedNodePath() {
  const name = packageName();
  return name === undefined ? undefined : nodePathIn(join(runtimeFolder, name), name);
}

export function isFitting(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1]);
}

function packageName() {
  const platform = `${process.platform}-${process.arch}`;
  return FETCHABLE.includes(platform) ? `node-${platform.replace('win32', 'win')}` : undefined;
}

function nodePathIn(folder, name) {
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Fetched beside its place and moved there when it has been seen to start, so that no other run finds half of it. */
async function fetchNode() {
  const name = packageName();
  const least = LEAST_VERSION.join('.');
  if (name === undefined) {
    throw new Refusal(
      `there is no ready Node for ${process.platform}-${process.arch}; install Node ${least} or newer.`,
    );
  }
  const draft = join(runtimeFolder, `${name}.${process.pid}`);
  try {
    mkdirSync(draft, { recursive: true });
    // npm takes the nearest package.json for its own; this one keeps it here. "--prefix" would do so too, but would
    // make it overlook the machine's npm settings.
    writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
    const options = [
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    const what = `Node ${least} or newer is needed and could not be fetched`;
    await runNpm(process.execPath, ['install', ...options, `${name}@${FETCHED_MAJOR}`], what, {
      cwd: draft,
    });
    await verify(nodePathIn(draft, name), least);
    return moveInPlace(draft, name);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function verify(nodePath, least) {
  const { code, output } = await runQuietly(nodePath, ['-p', 'process.versions.node']);
  if (code === 0 && isFitting(output.trim())) return;
  throw new Refusal(
    `the fetched Node does not start here; install Node ${least} or newer.\n  ${output.trim().slice(0, 300)}`,
  );
}

function moveInPlace(draft, name) {
  const place = join(runtimeFolder, name);
  try {
    renameSync(draft, place);
  } catch (error) {
    // Another run was first: its Node is as good.
    if (!existsSync(nodePathIn(place, name)))
      throw new Refusal(`${place} cannot be made in ${projectFolder}: ${error.message}`);
  }
  return nodePathIn(place, name);
}
