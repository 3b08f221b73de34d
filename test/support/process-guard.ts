import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Sees to it that `child` never outlives this process, even when this one is killed without a chance to clean up:
 * a shell waits on a pipe that closes with us, then kills the child and removes its folder.
 */
export function guardProcess(child: ChildProcess, folder: string): void {
  if (child.pid === undefined) return;
  const script = `trap '' INT TERM HUP; cat >/dev/null; kill -9 "$0" 2>/dev/null; rm -rf -- "$1"`;
  const guard = spawn('/bin/sh', ['-c', script, `${child.pid}`, folder], { stdio: ['pipe', 'ignore', 'ignore'] });
  guard.stdin.on('error', () => guard.kill('SIGKILL'));
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  child.unref();
  child.once('exit', () => guard.kill('SIGKILL'));
}
