import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TIMEOUT_MS = 60_000;

/**
 * Runs the first `sh` block of a document as it stands, stopping at its first failure, and answers its output.
 * @param preamble shell code run before it, such as functions in place of programs.
 */
export function runDocumentShell(
  path: string,
  options: { environment: { [name: string]: string }; folder: string; preamble?: string },
): Promise<string> {
  const block = /^```sh\n([\s\S]*?)^```$/m.exec(readFileSync(path, 'utf8'))?.[1];
  if (block === undefined) throw new Error(`no sh block in ${path}`);
  const script = `set -euo pipefail\n${options.preamble ?? ''}\n${block}`;
  const settings = { env: options.environment, cwd: options.folder, timeout: TIMEOUT_MS } as const;
  return new Promise((resolve, reject) => {
    execFile('bash', ['-c', script], settings, (failure, out, error) => {
      if (failure === null) resolve(out);
      else reject(new Error(`${path}: ${failure.message}\n${out}\n${error}`));
    });
  });
}
