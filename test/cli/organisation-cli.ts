import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/run-cli.ts';
import { type AdminUnderTest, type Json, openAdmin, TOKEN } from '../admin/admin-under-test.ts';
import type { CliResult } from './cli-under-test.ts';

export interface OrganisationCli {
  admin: AdminUnderTest;
  folder: string;
  run(...args: string[]): Promise<CliResult>;
  /** The token of the calls from now on. */
  use(token: string): void;
  /** Writes the YAML to a file and applies it, as `--json`. */
  apply(yaml: string, ...args: string[]): Promise<CliResult & { json: Json }>;
  exportAll(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** The command line in this process, at a terminal, against a real admin listener. */
export async function openOrganisationCli(admin: AdminUnderTest | undefined = undefined): Promise<OrganisationCli> {
  const app = admin ?? (await openAdmin());
  await app.app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.app.server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-organisation-'));
  let token = TOKEN;
  const run = async (...args: string[]): Promise<CliResult> => {
    const result: CliResult = { exitCode: 0, out: '', error: '' };
    process.env.TOLLGATE_ADMIN_TOKEN = token;
    const output = {
      out(text: string) {
        result.out += `${text}\n`;
      },
      error(text: string) {
        result.error += `${text}\n`;
      },
      terminal: { colours: false, error: true },
    };
    result.exitCode = await runCli(['--admin-url', url, ...args], {
      output,
      serve: async () => undefined,
      restore: async function* () {},
      doctor: async function* () {},
      nowMs: () => app.clock.nowMs,
    });
    return result;
  };
  return {
    admin: app,
    folder,
    run,
    use(secret) {
      token = secret;
    },
    async apply(yaml, ...args) {
      const file = join(folder, 'org.yaml');
      writeFileSync(file, yaml);
      const result = await run('apply', '-f', file, '--json', ...args);
      return { ...result, json: result.out === '' ? undefined : JSON.parse(result.out) };
    },
    async exportAll(...args) {
      const { exitCode, out, error } = await run('export', ...args);
      if (exitCode !== 0) throw new Error(error);
      return out;
    },
    async close() {
      rmSync(folder, { recursive: true, force: true });
      await app.close();
    },
  };
}
