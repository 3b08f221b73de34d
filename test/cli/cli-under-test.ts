import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type AdminUnderTest, type Json, openAdmin, TOKEN } from '../admin/admin-under-test.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const TIMEOUT_MS = 30_000;

export interface CliResult {
  exitCode: number;
  out: string;
  error: string;
}

export interface CliUnderTest {
  admin: AdminUnderTest;
  url: string;
  /** Runs the program in a process of its own, with the address and token of the live admin app. */
  run(...args: string[]): Promise<CliResult>;
  /** As `run` with `--json`; fails the test where that is refused. */
  json(...args: string[]): Promise<Json>;
  close(): Promise<void>;
}

/** The command line against a real admin listener on this machine. */
export async function openCli(): Promise<CliUnderTest> {
  const admin = await openAdmin();
  await admin.app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(admin.app.server.address() as AddressInfo).port}`;
  const environment = { TOLLGATE_ADMIN_URL: url, TOLLGATE_ADMIN_TOKEN: TOKEN };
  return {
    admin,
    url,
    run: (...args) => runCliProcess(args, environment),
    json: async (...args) => {
      const { exitCode, out, error } = await runCliProcess([...args, '--json'], environment);
      if (exitCode !== 0) throw new Error(`tollgate ${args.join(' ')}: ${exitCode}: ${error}`);
      return out === '' ? undefined : JSON.parse(out);
    },
    close: () => admin.close(),
  };
}

/** Runs the program with nothing in its environment and on its standard input but what is given. */
export function runCliProcess(
  args: readonly string[],
  environment: { [name: string]: string } = {},
  folder: string = process.cwd(),
  input = '',
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, cwd: folder, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
    const child = execFile(process.execPath, ['--no-warnings', PROGRAM, ...args], options, (failure, out, error) => {
      const exitCode = failure === null ? 0 : failure.code;
      if (typeof exitCode === 'number') resolve({ exitCode, out, error });
      else reject(failure);
    });
    child.stdin?.end(input);
  });
}
