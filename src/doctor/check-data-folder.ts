import { closeSync, openSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createFinder, type Finding } from './finding.ts';

const CHECK = 'data folder';
const OTHERS = 0o077;
const LITTLE_BYTES = 1024 ** 3;
const TOO_LITTLE_BYTES = 100 * 1024 ** 2;
const SPOOL = 'settle-spool.jsonl';

export interface DataFolderOptions {
  /** Free bytes where a path lies; the system's answer unless given. */
  readFreeBytes?: (path: string) => number;
}

/** Whether the data folder can be used, by this user and by no other. */
export function checkDataFolder(dataDir: string, { readFreeBytes = readFree }: DataFolderOptions = {}): Finding[] {
  const { ok, fail } = createFinder(CHECK);
  const path = resolve(dataDir);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return checkMissing(path);
  if (!stat.isDirectory()) return [fail(`${path} is no folder`, 'name a folder as DATA_DIR')];
  const fault = findWriteFault(path);
  if (fault !== undefined) {
    return [
      fail(
        `${path} cannot be written to (${fault})`,
        'give it to the user that runs Tollgate: settles and the ledger lie in it',
      ),
    ];
  }
  const free = readFreeBytes(path);
  const findings = [...checkModes(path, stat.mode), ...checkRoom(path, free), ...checkSpool(path)];
  return findings.length > 0 ? findings : [ok(`${path}, ${describeBytes(free)} free`)];
}

/** A file that others may read is out of their reach while they may not enter the folder. */
function checkModes(folder: string, mode: number): Finding[] {
  if ((mode & OTHERS) === 0) return [];
  const files = ['tollgate.sqlite', SPOOL, 'admin-token'].map((name) => join(folder, name)).filter(isOpen);
  const says = `other users of this machine can look into ${[folder, ...files].join(', ')}`;
  return [createFinder(CHECK).warn(says, `chmod 700 ${folder}`)];
}

function checkRoom(folder: string, free: number): Finding[] {
  const { warn, fail } = createFinder(CHECK);
  const says = `${describeBytes(free)} free in ${folder}`;
  const remedy = 'make room: a settle that cannot be written down stops new calls';
  if (free < TOO_LITTLE_BYTES) return [fail(says, remedy)];
  return free < LITTLE_BYTES ? [warn(says, remedy)] : [];
}

function checkSpool(folder: string): Finding[] {
  const size = [folder, ...listWorkerFolders(folder)].reduce((sum, one) => sum + sizeOf(join(one, SPOOL)), 0);
  if (size === 0) return [];
  const says = `the settle spool has ${describeBytes(size)}: settles may wait in it`;
  const remedy = 'keep this folder, and let a Tollgate run on it until tollgate_outbox_depth is 0';
  return [createFinder(CHECK).warn(says, remedy)];
}

/** With several workers each has a spool of its own. */
function listWorkerFolders(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^worker-\d{1,3}$/.test(name))
    .map((name) => join(folder, name));
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The start makes it, if it may. */
function checkMissing(path: string): Finding[] {
  const { ok, fail } = createFinder(CHECK);
  let parent = dirname(path);
  while (statSync(parent, { throwIfNoEntry: false }) === undefined && parent !== dirname(parent))
    parent = dirname(parent);
  const fault = findWriteFault(parent);
  if (fault === undefined) return [ok(`${path} is not there yet; the first start makes it`)];
  return [
    fail(`${path} is not there, and cannot be made in ${parent} (${fault})`, 'make it, or name another DATA_DIR'),
  ];
}

/** By writing: permissions alone say nothing of a read-only or full disk. */
function findWriteFault(folder: string): string | undefined {
  const probe = join(folder, `.tollgate-doctor-${process.pid}`);
  try {
    closeSync(openSync(probe, 'wx', 0o600));
    rmSync(probe);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unwritable';
  }
}

function isOpen(file: string): boolean {
  return ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS) !== 0;
}

function readFree(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function describeBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}
