import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { projectFolder } from './project.mjs';
import { Refusal } from './say.mjs';

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ctrl-C reaches us from the terminal and, a moment later, from npm as well: within this time it is one signal. */
const SAME_SIGNAL_MS = 250;

/**
 * Runs a program that takes our place: its input and output are ours, each signal we get is handed on once, and it
 * resolves with how the program ended. On its own process group, it does not get the terminal's signals besides.
 */
export function runInOurPlace(command, args, environment, folder = projectFolder) {
  const child = spawn(command, args, {
    cwd: folder,
    env: environment,
    stdio: 'inherit',
    detached: process.platform !== 'win32',
  });
  const handlers = FORWARDED_SIGNALS.map((signal) => forwardSignal(child, signal));
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Refusal(`${command} could not be started: ${cause.message}`)));
    child.once('exit', (code, signal) => {
      for (const remove of handlers) remove();
      resolve({ code: code ?? 1, signal });
    });
  });
}

function forwardSignal(child, signal) {
  let lastAt = Number.NEGATIVE_INFINITY;
  const forward = () => {
    const now = performance.now();
    // On Windows the console hands its signals to every process itself.
    if (now - lastAt >= SAME_SIGNAL_MS && process.platform !== 'win32') child.kill(signal);
    lastAt = now;
  };
  process.on(signal, forward);
  return () => process.off(signal, forward);
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
