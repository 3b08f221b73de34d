import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { MadeKey } from './carry-out-plan.ts';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

/** Where the secrets of new keys go, each as soon as it is known. */
export interface SecretKeeper {
  keep(key: MadeKey): void;
  /** Says what is to be said of them, also after a failure. */
  close(): void;
}

/**
 * Secrets are shown once: into a file of the owner's alone, one JSON object a line, or to a person at a terminal. A
 * log that they would stay in gets none.
 * @throws CliFailure before anything is made, where the file is there already or nobody would see them.
 */
export function openSecretKeeper(path: string | undefined, keys: number, output: CliOutput): SecretKeeper {
  if (path !== undefined && keys > 0) return keepInFile(path, output);
  if (keys > 0 && output.terminal?.error !== true) {
    throw new CliFailure(
      `${keys === 1 ? 'a key is' : `${keys} keys are`} to be made, and secrets are shown only once: name a --secrets-file`,
      EXIT_CODES.usage,
    );
  }
  return showAtTheEnd(output);
}

function keepInFile(path: string, output: CliOutput): SecretKeeper {
  const file = openFile(path);
  let count = 0;
  return {
    keep({ account, name, id, secret }) {
      if (secret === undefined) return tellLost(output, { account, name, id, secret });
      writeSync(file, `${JSON.stringify({ account, key: name, key_id: id, secret })}\n`);
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
  const keys: MadeKey[] = [];
  return {
    keep(key) {
      if (key.secret === undefined) tellLost(output, key);
      else keys.push(key);
    },
    close() {
      if (keys.length === 0) return;
      output.error('Keep the secrets now: they are not shown again.');
      for (const { account, name, secret } of keys)
        output.error(`${toTerminalText(account)}: ${toTerminalText(name)}: ${secret}`);
    },
  };
}

function tellLost(output: CliOutput, { name, id }: MadeKey): void {
  output.error(`The key ${toTerminalText(name)} (${id}) was made by an earlier run, which had its secret.`);
}
