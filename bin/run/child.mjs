import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { projectFolder } from './project.mjs';
import { Refusal } from './say.mjs';

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ctrl-C reaches us from the terminal and, a moment later, from npm as well: within this time it is one signal. */
const SAME_SIGNAL_MS = 250;

const PARENT_CHECK_MS = 200;
const ON_WINDOWS = process.platform === 'win32';

/**
 * Runs a program that takes our place: its input and output are ours, each signal we get is handed on once, and it
 * resolves with how the program ended. On its own process group, it does not get the terminal's signals besides.
 */
export function runInOurPlace(command, args, environment, folder = projectFolder) {
  const child = spawn(command, args, { cwd: folder, env: environment, stdio: 'inherit', detached: !ON_WINDOWS });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Refusal(`${command} could not be started: ${cause.message}`)));
    child.once('exit', (code, signal) => {
      stopForwarding();
      resolve({ code: code ?? 1, signal });
    });
  });
}

/** On Windows the console hands its signals to every process itself: there we only stay until the child has ended. */
function forwardSignals(child) {
  const lastAt = new Map();
  const forward = (signal) => {
    const now = performance.now();
    const isSame = now - (lastAt.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS;
    lastAt.set(signal, now);
    if (!isSame && !ON_WINDOWS) child.kill(signal);
  };
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  const watch = watchParent(() => {
    // After a signal of our own the child is ending already; another would mean "at once".
    if (lastAt.size === 0) forward('SIGTERM');
  });
  return () => {
    clearInterval(watch);
    for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
  };
}

/**
 * npm runs us by a shell and hands its signals to that. dash, the shell of Debian, dies of them and leaves us behind
 * unasked, and npm says 143 before we have ended: hence the "exec" in package.json's "start", by which the shell gives
 * its place to us (what follows it there is for Windows, which knows no exec). Where a shell is between all the same, or
 * npm itself is killed, the parent's end counts as a signal. Started by hand we may outlive the shell, as with nohup.
 */
function watchParent(onEnd) {
  if (ON_WINDOWS || process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    onEnd();
  }, PARENT_CHECK_MS);
  return watch.unref();
}

/** Ends this process as the child ended: with its code or by its signal. */
export function endLike({ code, signal }) {
  if (signal === null || signal === undefined) process.exit(code);
  process.kill(process.pid, signal);
  // Only reached where the signal does not end us, as on Windows.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1000);
}

/**
 * Runs a helper program to its end and resolves with its exit code and output, which is only shown by who asks.
 * A signal to us ends us and, by the process group of the terminal or the closed pipe, the helper.
 */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: projectFolder, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const collect = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (error) =>
      resolve({ code: 127, output: `${output}${error.message}\n`, missing: error.code === 'ENOENT' }),
    );
    child.once('close', (code, signal) => resolve({ code: code ?? 1, output, signal, missing: false }));
  });
}
