import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readIfThere, runtimeFolder } from './project.mjs';
import { Refusal, say } from './say.mjs';

const POLL_MS = 200;
const PATIENCE_MS = 20 * 60_000;
/** A lock of another machine on the same folder cannot be asked after; none is held this long. */
const FOREIGN_LOCK_MS = 60 * 60_000;

/** Runs `work` while no other process of this project runs work under the same name. */
export async function withLock(name, work) {
  mkdirSync(runtimeFolder, { recursive: true });
  const folder = join(runtimeFolder, `${name}.lock`);
  await takeLock(folder);
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function takeLock(folder) {
  const deadline = Date.now() + PATIENCE_MS;
  for (let told = false; ; ) {
    if (tryLock(folder)) return;
    const owner = readIfThere(join(folder, 'owner'));
    if (isAbandoned(folder, owner)) removeAbandoned(folder, owner);
    else if (!told) {
      told = true;
      say(`waiting for another tollgate command (process ${owner?.split(' ')[0] ?? 'unknown'}) ...`);
    }
    if (Date.now() > deadline) throw new Refusal(`${folder} has been held for too long; remove it if nothing runs.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function tryLock(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'owner'), `${process.pid} ${hostname()}`);
  return true;
}

function isAbandoned(folder, owner) {
  const ageMs = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  // The owner writes its name right after making the folder.
  if (owner === undefined) return ageMs > 10_000;
  const [pid, host] = owner.split(' ');
  return host === hostname() ? !isAlive(Number(pid)) : ageMs > FOREIGN_LOCK_MS;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Moved away first, so that of two that see the same dead owner only one removes, and never a new owner's lock. */
function removeAbandoned(folder, owner) {
  const grave = `${folder}.${process.pid}`;
  try {
    renameSync(folder, grave);
    if (readIfThere(join(grave, 'owner')) === owner) rmSync(grave, { recursive: true, force: true });
    else renameSync(grave, folder);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}
