import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { MadeSecret } from './carry-out-plan.ts';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

/** Where the secrets of new keys and channels go, each as soon as it is known. */
export interface SecretKeeper {
  keep(made: MadeSecret): void;
  /** Says what is to be said of them, also after a failure. */
  close(): void;
}

/**
 * Secrets are shown once: into a file of the owner's alone, one JSON object a line, or to a person at a terminal. A
 * log that they would stay in gets none.
 * @throws CliFailure before anything is made, where the file is there already or nobody would see them.
 */
export function openSecretKeeper(path: string | undefined, count: number, output: CliOutput): SecretKeeper {
  if (path !== undefined && count > 0) return keepInFile(path, output);
  if (count > 0 && output.terminal?.error !== true) {
    throw new CliFailure(
      `${count === 1 ? 'a secret is' : `${count} secrets are`} to be made, and shown only once: name a --secrets-file`,
      EXIT_CODES.usage,
    );
  }
  return showAtTheEnd(output);
}

function keepInFile(path: string, output: CliOutput): SecretKeeper {
  const file = openFile(path);
  let count = 0;
  return {
    keep(made) {
      const { kind, account, name, id, secret } = made;
      if (secret === undefined) return tellLost(output, made);
      writeSync(file, `${JSON.stringify({ account, [kind]: name, [`${kind}_id`]: id, secret })}\n`);
      fsyncSync(file);
      count += 1;
    },
    close() {
      closeSync(file);
      if (count > 0) output.error(`${count === 1 ? 'The secret is' : `${count} secrets are`} in ${path}.`);
    },
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'is there already, and may hold secrets: name another' : `cannot be made (${code})`;
    throw new CliFailure(`${path} ${why}`, EXIT_CODES.usage, { cause: error });
  }
}

function showAtTheEnd(output: CliOutput): SecretKeeper {
  const shown: MadeSecret[] = [];
  return {
    keep(made) {
      if (made.secret === undefined) tellLost(output, made);
      else shown.push(made);
    },
    close() {
      if (shown.length === 0) return;
      output.error('Keep the secrets now: they are not shown again.');
      for (const { account, name, secret } of shown)
        output.error(`${toTerminalText(account ?? 'installation')}: ${toTerminalText(name)}: ${secret}`);
    },
  };
}

function tellLost(output: CliOutput, { kind, name, id }: MadeSecret): void {
  output.error(`The ${kind} ${toTerminalText(name)} (${id}) was made by an earlier run, which had its secret.`);
}
