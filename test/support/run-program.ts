import { execFile } from 'node:child_process';
import type { Environment } from './tollgate-process.ts';

export interface ProgramResult {
  /** null: a signal ended it, also that of the time limit. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ProgramOptions {
  /** All of it: nothing is inherited. */
  environment?: Environment;
  folder?: string;
  timeoutMs?: number;
}

const OUTPUT_BYTES = 64 * 1_024 * 1_024;

/** Runs a program to its end with nothing on its input. Resolves whatever its exit code. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const settings = {
    env: { PATH: process.env.PATH ?? '', ...options.environment },
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES,
  } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, settings, (error, stdout, stderr) => {
      if (error !== null && child.pid === undefined) reject(error);
      else resolve({ code: child.exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
}
